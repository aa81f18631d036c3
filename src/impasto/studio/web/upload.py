"""An uploaded picture, decoded: it waits for its turn without a thread, since every other answer needs one."""

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

from impasto.studio.languages import later
from impasto.studio.uploads import pool as uploads
from impasto.studio.uploads.cut import UNCUT, Cut
from impasto.studio.uploads.pool import Decoded
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.turns import NoTurnError
from impasto.studio.web.visitor import Visitor


async def decoded(
    request: Request, file: UploadFile | bytes, max_side: int | None = None, *, mask: bool = False, cut: Cut = UNCUT
) -> Decoded:
    """The picture of a file, decoded in a process of its own.

    Args:
        request: has the studio's settings and the turns that are left.
        file: what was sent, which is read when it is its turn, so that those that wait take no memory; or a
            file's bytes.
        max_side: a larger picture is made smaller, in pixels; the largest canvas where it is not given.
        mask: whether it is a mask.
        cut: which part of it is kept, and which way up.

    Raises:
        ProblemError: it can't be painted (422), or the studio could not read it now (503).
    """
    state = request.app.state
    visitor: Visitor = state.visitors.of(request)
    try:
        async with state.turns.of(visitor.address, uploads.PATIENCE, visitor.people):
            side = max_side or state.configuration.max_canvas
            data = file if isinstance(file, bytes) else await file.read()
            return await run_in_threadpool(
                uploads.decode, data, max_side=side, configuration=state.configuration, mask=mask, cut=cut
            )
    except NoTurnError:
        raise _not_now(later("many pictures are being read at the moment: try again in a minute")) from None
    except uploads.NotReadError as error:
        raise _not_now(str(error)) from error
    except uploads.RefusedError as error:
        raise ProblemError(422, str(error)) from error


def _not_now(line: str) -> ProblemError:
    return ProblemError(503, line, {"retry-after": "60"})
