"""Taking a job in: the pictures are decoded elsewhere, the settings checked, the limits kept."""

import errno
import time
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import UploadFile
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import Session
from starlette.requests import Request

from impasto.images import PictureError
from impasto.painter.schedule import canvas_size
from impasto.painter.settings import Settings, SettingsError
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import queue
from impasto.studio.jobs.expiry import erase
from impasto.studio.jobs.rows import Job, State, by_token, remove
from impasto.studio.languages import gettext, later, spoken
from impasto.studio.mail import addresses
from impasto.studio.recipes import START
from impasto.studio.uploads.cut import UNCUT, Cut
from impasto.studio.uploads.pool import Decoded, png_size
from impasto.studio.web import allowance, offered
from impasto.studio.web.problem import FULL, ProblemError
from impasto.studio.web.sizes import PHOTO, long_side
from impasto.studio.web.submission import EARLIER, MOST_REGIONS, MOST_STYLES, OWN, Submission, place_of
from impasto.studio.web.upload import decoded
from impasto.studio.web.visitor import Visitor
from impasto.styles import DEFAULT_STYLE, HOUSE_STYLES

log = structlog.get_logger("impasto.studio.web")
# The settings that a larger painting has from the one that it goes on from.
KEPT = ("quality", "keep_colors", "keep_faces", "style_scale", "content_weight")
CLOSED = later("No paintings can be taken at the moment: try again in a few minutes.")


@dataclass
class Gathered:
    """What a job is made of.

    Attributes:
        photo: decoded.
        settings: as a job's row has them.
        styles: the same.
        pictures: own styles and masks, by the names of their files without the suffix.
    """

    photo: Decoded
    settings: dict[str, Any]
    styles: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, Decoded] = field(default_factory=dict)

    def add(self, name: str, weight: float, own: Decoded | None, mask: Decoded | None = None) -> None:
        """Add a style, in a part of the photo where there is a mask; one picture has one file."""
        style: dict[str, Any] = {"name": name, "weight": weight, "file": None}
        if own:
            stem = next((stem for stem, kept in self.pictures.items() if kept == own), f"style-{len(self.styles)}")
            self.pictures[stem] = own
            style["file"] = f"{stem}.png"
        if mask:
            stem = f"mask-{sum('mask' in each for each in self.styles)}"
            self.pictures[stem] = mask
            style["mask"] = f"{stem}.png"
        self.styles.append(style)


async def gather(request: Request, asked: Submission, *, mailed: bool = False, max_side: int | None = None) -> Gathered:
    """Check what is asked for, and decode its pictures.

    Args:
        request: has the studio's settings.
        asked: the form.
        mailed: whether the painting is sent to somebody.
        max_side: larger pictures are made smaller, in pixels; the largest canvas where it is not given.

    Raises:
        ProblemError: why it can't be painted.
    """
    configuration: Configuration = request.app.state.configuration
    chosen = _chosen(asked)
    size = asked.settings.get("size")
    named = size if isinstance(size, str) else ""
    settings = _settings({**asked.settings, **({"size": None} if named else {})}, configuration)
    if mailed:
        offered.check(settings, [weight for _, weight in chosen], configuration)
    photo = await given_photo(request, asked, max_side)
    if named:
        size = long_side(named, *photo.full, configuration.max_canvas)
        settings = {**_settings({**asked.settings, "size": size}, configuration), "named": named}
        if mailed:
            offered.check(settings, [], configuration)
    own = await _own(request, asked, {name for name, _ in chosen} | {name for _, name in asked.masks}, max_side)
    gathered = Gathered(photo, settings)
    for given, weight in chosen:
        name, picture = own.get(given, (given, None))
        gathered.add(name, weight, picture)
    for name, picture, mask in await _parts(request, asked, own, max_side):
        gathered.add(name, 1.0, picture, mask)
    if not gathered.styles:
        raise ProblemError(
            422, "That painting has no parts to use again, and nothing else is to be painted: choose a style."
        )
    return gathered


async def larger(request: Request, job: Job, size: int | str | None) -> Job:
    """Ask for a finished painting at a larger size: it is gone on from, with its photo, styles, parts and settings.

    Args:
        request: of whoever asks; the mail address is kept where that is the browser that gave it.
        job: of the painting.
        size: in pixels, or a name; without, twice as large, or the largest there is.

    Raises:
        ProblemError: why it is not taken.
    """
    if job.state != State.DONE:
        raise ProblemError(409, "Only what is painted can be painted larger: wait until it is.")
    largest = request.app.state.configuration.max_canvas
    size = size or min(2 * max(job.width, job.height), largest)
    if long_side(size, job.width, job.height, largest) <= max(job.width, job.height) and size != PHOTO:
        raise ProblemError(422, "It has that many pixels already: choose a larger size.")
    everywhere = [(place, style) for place, style in enumerate(job.styles) if not style.get("mask")]
    visitor: Visitor = request.app.state.visitors.of(request)
    asked = Submission(
        photo_of=job.token,
        styles=[(style["name"], style["weight"]) for _, style in everywhere if not style["file"]],
        style_of=job.token,
        earlier=[(place, style["weight"]) for place, style in everywhere if style["file"]],
        masks_of=job.token if len(everywhere) < len(job.styles) else "",
        bare=not everywhere,
        settings={**{name: job.settings[name] for name in KEPT if name in job.settings}, "size": size},
        email=(job.email or "") if job.owner and job.owner == visitor.owner else "",
    )
    return await submit(request, asked, job)


async def submit(request: Request, asked: Submission, start: Job | None = None) -> Job:
    """Take a job in; it waits when this returns.

    Args:
        request: of whoever asks.
        asked: the form.
        start: the job whose painting is gone on from.

    Raises:
        ProblemError: why it is not taken.
    """
    state = request.app.state
    configuration: Configuration = state.configuration
    visitor: Visitor = state.visitors.of(request)
    request.state.owner = owner = visitor.owner or visitor.new  # the answer sets it as a cookie
    email = address_of(asked.email, state)
    allowed = allowance.limits_of(configuration, visitor, email)
    await run_in_threadpool(allowance.check, state, allowed, email)
    gathered = await gather(request, asked, mailed=bool(email))
    photo, settings = gathered.photo, gathered.settings
    photo_name = _plain(asked.photo) if asked.photo else (await _job(request, asked.photo_of)).photo_name
    try:
        width, height = canvas_size(photo.width, photo.height, settings["size"])
    except PictureError as error:
        raise ProblemError(422, str(error)) from error
    begun = await _painting(request, start) if start else None
    if start:
        if width * height <= start.width * start.height:
            raise ProblemError(422, "The photo has no more pixels than the painting: choose a larger size.")
        settings = {**settings, "larger": [start.width, start.height]}

    def add() -> Job:
        with state.database.session() as session:
            job = queue.submit(
                session, settings=settings, styles=gathered.styles, width=width, height=height, email=email,
                submitter=visitor.submitter, owner=owner, now=time.time(),
                keep_days=configuration.keep_days, max_waiting=configuration.max_waiting, photo_name=photo_name,
                language=spoken(),
            )  # fmt: skip
            try:
                state.files.write(job.id, "photo.png", photo.png)
                state.files.write(job.id, "photo-view.webp", photo.view)
                if begun is not None:
                    state.files.write(job.id, START, begun)
                for stem, picture in gathered.pictures.items():
                    state.files.write(job.id, f"{stem}.png", picture.png)
                    state.files.write(job.id, f"{stem}-view.webp", picture.view)
                allowance.take(session, job, allowed, configuration)
                replaced = _replaced(session, asked.replaces, visitor.owner)
            except BaseException:
                state.files.remove(job.id)
                raise
        state.outlooks.forget()
        if replaced is not None:
            erase(replaced, state.files, configuration.work)
        return job

    try:
        return await run_in_threadpool(add)
    except allowance.REFUSED as error:
        raise allowance.refusal(error) from error
    except (OperationalError, InternalError) as error:
        if "full" in str(error.orig) or "No space" in str(error.orig):
            raise ProblemError(507, FULL) from error
        log.error("the database can't be written to", reason=str(error.orig).splitlines()[0])
        raise ProblemError(503, CLOSED, {"retry-after": "300"}) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise ProblemError(507, FULL) from error


def _replaced(session: Session, token: str, owner: str | None) -> int | None:
    """Remove the job that is tried again, where it is this browser's and was not painted; answers with its number."""
    job = by_token(session, token) if token and owner else None
    if job is None or job.owner != owner or job.state not in (State.FAILED, State.CANCELLED):
        return None
    remove(session, job)
    return job.id


def address_of(given: str, state: Any) -> str | None:
    """The mail address that was given; None where none was.

    Raises:
        ProblemError: it is none that this studio can write to.
    """
    if not given.strip():
        return None
    if not state.configuration.can_mail:
        raise ProblemError(422, "This studio sends no mail: leave the address empty.")
    try:
        address = addresses.checked(given, house=state.configuration.local_addresses)
    except addresses.AddressError:
        raise ProblemError(422, "That is no email address: correct it, or leave it empty.") from None
    if not (state.utf8_addresses or addresses.is_plain(address)):
        raise ProblemError(
            422,
            "This studio's mail server knows only plain letters before the @: give another address, or leave it empty.",
        )
    return address


def _chosen(asked: Submission) -> list[tuple[str, float]]:
    """The styles that hold where no part is, as the form names them, with their weights. Those of parts are checked."""
    sent = [f"{OWN}{number}" for number in range(len(asked.own))]
    parts = [name for _, name in asked.masks]
    if len(parts) > MOST_REGIONS:
        raise ProblemError(422, "At most %(most)s masks can be used: take some away.", most=MOST_REGIONS)
    for name in parts:
        if name.startswith(OWN) and name not in sent:
            raise ProblemError(422, "A part is to have your own style, and there is no picture of it: give one.")
        if not (name in HOUSE_STYLES or name in sent or name.startswith(EARLIER)):
            raise ProblemError(422, "A mask has no style: choose one of the gallery for it.")
    if asked.parts_alone:
        return []
    files = zip(sent, (weight for _, weight in asked.own), strict=True)
    own = [(f"{EARLIER}{place}", weight) for place, weight in asked.earlier]
    own += [(name, weight) for name, weight in files if weight or name not in parts]
    chosen = asked.styles or ([] if own else [(DEFAULT_STYLE, 1.0)])
    if len(chosen) + len(own) > MOST_STYLES:
        raise ProblemError(422, "At most %(most)s styles can be mixed: take some away.", most=MOST_STYLES)
    if not all(name in HOUSE_STYLES for name, _ in chosen):
        raise ProblemError(422, "There is no such style: choose one of the gallery.")
    weights = [weight for _, weight in (*chosen, *own)]
    if not all(0 <= weight <= 1000 for weight in weights) or not sum(weights):
        raise ProblemError(422, "A style's weight is 0 or more, and one of them above 0.")
    return [*chosen, *own]


def _settings(given: dict[str, Any], configuration: Configuration) -> dict[str, Any]:
    """All settings of the painting, checked."""
    size = given.get("size") or min(512, configuration.max_canvas)
    long_side(size, 1, 1, configuration.max_canvas)
    try:
        asked = {name: value for name, value in given.items() if name != "keep_faces"}
        return {**Settings(**{**asked, "size": size}).to_dict(), "keep_faces": given.get("keep_faces", False)}
    except SettingsError as error:
        raise ProblemError(422, str(error)) from error


async def given_photo(request: Request, asked: Submission, max_side: int | None = None) -> Decoded:
    """The photo that was sent, made smaller where it is larger than `max_side`, or that of an earlier painting.

    Raises:
        ProblemError: there is none (422), it can't be painted (422), or not be read now (503).
    """
    if asked.photo is not None:
        return await decoded(request, asked.photo, max_side, cut=asked.cut)
    if not asked.photo_of:
        raise ProblemError(422, "There is no photo: choose one.")
    return await _kept(request, await _job(request, asked.photo_of), "photo.png", asked.cut)


async def _own(
    request: Request, asked: Submission, names: set[str], max_side: int | None
) -> dict[str, tuple[str, Decoded]]:
    """What the styles are called that are no house styles, and their pictures, by how the form names them."""
    found = {}
    if earlier := sorted(name for name in names if name.startswith(EARLIER)):
        job = await _job(request, asked.style_of)
        for name in earlier:
            place = place_of(name)
            style = job.styles[place] if 0 <= place < len(job.styles) else None
            if style is None or style["file"] is None:
                raise ProblemError(422, "That style is no longer here: choose another.")
            found[name] = style["name"], await _kept(request, job, style["file"])
    for number, (file, _) in enumerate(asked.own):
        if (name := f"{OWN}{number}") in names:
            found[name] = _name(file), await decoded(request, file, max_side)
    return found


async def _parts(
    request: Request, asked: Submission, own: dict[str, tuple[str, Decoded]], max_side: int | None
) -> list[tuple[str, Decoded | None, Decoded]]:
    """The styles of parts of the photo, their pictures where they are own ones, and the masks."""
    if asked.masks or not asked.masks_of:
        return [
            (*own.get(name, (name, None)), await decoded(request, file, max_side, mask=True, cut=asked.cut))
            for file, name in asked.masks
        ]
    job = await _job(request, asked.masks_of)
    return [
        (
            style["name"], await _kept(request, job, style["file"]) if style["file"] else None,
            await _kept(request, job, style["mask"], asked.cut, mask=True),
        )
        for style in job.styles if style.get("mask")
    ]  # fmt: skip


async def _job(request: Request, token: str) -> Job:
    """The job that is painted again."""

    def look() -> Job | None:
        with request.app.state.database.reading() as session:
            return by_token(session, token)

    job = await run_in_threadpool(look)
    if job is None:
        raise ProblemError(422, "That painting is no longer here: choose a photo and a style again.")
    return job


async def _painting(request: Request, job: Job) -> bytes:
    """The finished painting of a job, without loss."""
    try:
        return await run_in_threadpool(request.app.state.files.read, job.id, "painting.png")
    except FileNotFoundError:
        raise ProblemError(422, "That painting is no longer here: choose a photo and a style again.") from None


async def _kept(request: Request, job: Job, name: str, cut: Cut = UNCUT, *, mask: bool = False) -> Decoded:
    """A picture of an earlier job's, which was decoded then; to cut it, it is decoded again."""
    files, view = request.app.state.files, f"{name.removesuffix('.png')}-view.webp"
    try:
        png, shown = [await run_in_threadpool(files.read, job.id, kept) for kept in (name, view)]
    except FileNotFoundError:
        raise ProblemError(422, "That painting is no longer here: choose a photo and a style again.") from None
    if cut != UNCUT:
        return await decoded(request, png, mask=mask, cut=cut)
    size = png_size(png)
    return Decoded(png, shown, *size, full=size)


def _name(file: UploadFile) -> str:
    """What a style picture is called."""
    return _plain(file) or gettext("your style")


def _plain(file: UploadFile) -> str:
    """A file's name without its suffix, of which only plain letters are kept."""
    stem = (file.filename or "").rpartition("/")[2].rpartition("\\")[2].rpartition(".")[0]
    composed = unicodedata.normalize("NFC", stem)  # some systems write an accent after its letter
    return "".join(letter for letter in composed if letter.isalnum() or letter in " -_")[:40].strip()
