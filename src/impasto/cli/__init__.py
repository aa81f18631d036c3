"""The command line: parsing and printing."""

import errno
import os

from impasto.cli import signals, streams, torchrun
from impasto.painter.torchrun import helps


def main() -> None:
    """The command `impasto`. Exit codes: 0, 1 for a failure, 2 for misuse, 130 when it was asked to stop."""
    # PyTorch reads it before its first tensor. Activations are large and short-lived. In huge pages, where the system
    # gives them on request, an evaluation takes an eighth less time.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if helps():
        torchrun.help_out()
    streams.prepare()
    signals.listen()
    from impasto.cli.commands import app  # which takes a second to load
    from impasto.cli.errors import FAILURE, MISUSE, UsageError, say

    code: str | int | None = 0
    broken = None
    try:
        code = app(prog_name="impasto", standalone_mode=False)
    except UsageError as error:
        said = error.format_message().rstrip(".")  # type: ignore[attr-defined]
        command = getattr(getattr(error, "ctx", None), "command_path", "impasto")
        if said:  # else the help was shown instead
            say(f"{said[:1].lower()}{said[1:]}; {command} --help shows what there is")
        code = MISUSE
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        code = signals.INTERRUPTED
    except OSError:
        broken = streams.failed_output()
        if broken is None:
            raise
    broken = broken or streams.failed_output()
    if broken and not code:
        code = FAILURE
        if broken.errno != errno.EPIPE:  # else who reads has seen enough
            say(f"standard output can't be written to ({broken.strerror}): send it to another place")
    torchrun.let_go()
    signals.leave(code)
