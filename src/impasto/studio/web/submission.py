"""Taking a job in: the pictures are decoded elsewhere, the settings checked, the limits kept."""

import errno
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Annotated, Any, TypedDict

import structlog
from fastapi import Depends, File, Form, UploadFile
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import InternalError, OperationalError
from starlette.datastructures import FormData
from starlette.requests import Request

from impasto.images import PictureError
from impasto.painter.schedule import canvas_size
from impasto.painter.settings import Quality, Settings, SettingsError
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import queue
from impasto.studio.jobs.rows import Job, by_token
from impasto.studio.mail import addresses
from impasto.studio.uploads.pool import Decoded
from impasto.studio.web import allowance, offered
from impasto.studio.web.problem import FULL, ProblemError
from impasto.studio.web.upload import decoded
from impasto.studio.web.visitor import Visitor
from impasto.styles import DEFAULT_STYLE, HOUSE_STYLES

log = structlog.get_logger("impasto.studio.web")
MOST_STYLES = 3
MOST_REGIONS = 3


class FormLimits(TypedDict, total=False):
    """Of a form: its files, its other fields, and the bytes of one of these, which are held in memory."""

    max_files: int
    max_fields: int
    max_part_size: int


FORM = FormLimits(max_files=1 + MOST_STYLES + MOST_REGIONS, max_fields=70, max_part_size=4096)
EARLIER = "earlier-"
"""How the form names an own style of the job that is painted again, before its place among that job's styles."""
EMAIL = (
    "Where to say that it is done. The first time, its owner is asked by a mail; who keeps the cookie that is answered "
    "with is known again. With an address, all numbers are within what the page offers."
)
CLOSED = "No paintings can be taken at the moment: try again in a few minutes."


@dataclass
class Submission:
    """What a person asks for.

    Attributes:
        photo: the file; or
        photo_of: the token of a job whose photo is painted again.
        styles: names of house styles with weights.
        own: style pictures with weights.
        style_of: the token of a job whose own styles are used again.
        earlier: their places among that job's styles, with weights.
        masks: pictures that are white where a style holds, with the names of these house styles.
        masks_of: the token of a job whose regions are used again.
        bare: whether the photo stays as it is where no mask holds.
        settings: as `impasto.painter.settings.Settings` names them; and `keep_faces`.
        email: where to say that it is done.
    """

    photo: UploadFile | None = None
    photo_of: str = ""
    styles: list[tuple[str, float]] = field(default_factory=list)
    own: list[tuple[UploadFile, float]] = field(default_factory=list)
    style_of: str = ""
    earlier: list[tuple[int, float]] = field(default_factory=list)
    masks: list[tuple[UploadFile, str]] = field(default_factory=list)
    masks_of: str = ""
    bare: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    email: str = ""

    @property
    def parts_alone(self) -> bool:
        """Whether styles are in parts of the photo alone."""
        return self.bare and bool(self.masks or self.masks_of)


async def read(
    request: Request,
    photo: Annotated[UploadFile | None, File(description="Any kind of picture: JPEG, PNG, WebP, HEIC, TIFF, …")] = None,
    style: Annotated[list[str] | None, Form(description="A house style's name, or NAME:WEIGHT; up to three.")] = None,
    style_file: Annotated[list[UploadFile] | None, File(description="A painting of your own as a style.")] = None,
    style_file_weight: Annotated[list[float] | None, Form(description="A weight for each of them (1).")] = None,
    size: Annotated[int | None, Form(description="The long side in pixels.")] = None,
    quality: Annotated[Quality | None, Form(description="How long it is worked on.")] = None,
    mask: Annotated[
        list[UploadFile] | None, File(description="A picture that is white, or opaque, where another style is to be.")
    ] = None,
    mask_style: Annotated[list[str] | None, Form(description="A house style's name for each of them.")] = None,
    masks_of: Annotated[str, Form(description="In place of masks: the painting whose regions they are.")] = "",
    bare: Annotated[bool, Form(description="Leave the photo as it is where no mask is.")] = False,
    keep_faces: Annotated[bool, Form(description="Find faces, and keep them.")] = False,
    keep_colors: Annotated[bool, Form(description="Keep the photo's palette.")] = False,
    style_scale: Annotated[float | None, Form(description="The size of the brush (1).")] = None,
    content_weight: Annotated[float | None, Form(description="α: how much of the photo.")] = None,
    email: Annotated[str, Form(description=EMAIL)] = "",
    photo_of: Annotated[str, Form(description="In place of a photo: the painting whose photo it is.")] = "",
    style_of: Annotated[str, Form(description="The painting whose own styles are named earlier-0 to earlier-2.")] = "",
) -> Submission:
    """What was sent by the page, with scripts or without, or by a program; FastAPI reads the fields.

    Raises:
        ProblemError: a weight is no number.
    """
    form = await request.form()  # the page's weights are fields of their own, named after the styles
    named = [_weighted(name, form) for name in style or [] if name]
    files = [file for file in map(_file, style_file or []) if file]
    regions = zip(mask or [], chain(mask_style or [], repeat("")), strict=False)
    given = {"size": size, "quality": quality, "style_scale": style_scale, "content_weight": content_weight}
    return Submission(
        photo=_file(photo),
        photo_of=photo_of,
        styles=[(name, weight) for name, weight in named if not name.startswith(EARLIER)],
        style_of=style_of,
        earlier=[(_place(name), weight) for name, weight in named if name.startswith(EARLIER)],
        own=[(file, weight) for file, weight in zip(files, chain(style_file_weight or [], repeat(1.0)), strict=False)],
        masks=[(file, name) for given, name in regions if (file := _file(given))],
        masks_of=masks_of,
        bare=bare,
        settings={
            "keep_colors": keep_colors,
            "keep_faces": keep_faces,
            **{name: value for name, value in given.items() if value is not None},
        },
        email=email,
    )


Asked = Annotated[Submission, Depends(read)]


async def submit(request: Request, asked: Submission) -> Job:
    """Take a job in; it waits when this returns.

    Raises:
        ProblemError: why it is not taken.
    """
    state = request.app.state
    configuration: Configuration = state.configuration
    visitor: Visitor = state.visitors.of(request)
    request.state.owner = owner = visitor.owner or visitor.new  # the answer sets it as a cookie
    email = _email(asked.email, state)
    allowed = allowance.limits_of(configuration, visitor, email)
    await run_in_threadpool(allowance.check, state, allowed, email)
    styles = _styles(asked)
    settings = _settings(asked.settings, configuration)
    if email:
        shares = [weight for _, weight in (*asked.styles, *asked.own, *asked.earlier)]
        offered.check(settings, shares, configuration)
    photo = await _photo(request, asked)
    pictures: dict[str, Decoded] = {}  # own styles, by the name of their files without the suffix
    for name, weight, picture in [] if asked.parts_alone else await _own(request, asked):
        stem = f"style-{len(styles)}"
        pictures[stem] = picture
        styles.append({"name": name, "weight": weight, "file": f"{stem}.png"})
    for number, (name, mask) in enumerate(await _masks(request, asked)):
        pictures[f"mask-{number}"] = mask
        styles.append({"name": name, "weight": 1.0, "file": None, "mask": f"mask-{number}.png"})
    if not styles:
        raise ProblemError(
            422, "That painting has no parts to use again, and nothing else is to be painted: choose a style."
        )
    try:
        width, height = canvas_size(photo.width, photo.height, settings["size"])
    except PictureError as error:
        raise ProblemError(422, str(error)) from error

    def add() -> Job:
        with state.database.session() as session:
            job = queue.submit(
                session, settings=settings, styles=styles, width=width, height=height, email=email,
                submitter=visitor.submitter, owner=owner, now=time.time(),
                keep_days=configuration.keep_days, max_waiting=configuration.max_waiting,
            )  # fmt: skip
            try:
                state.files.write(job.id, "photo.png", photo.png)
                state.files.write(job.id, "photo-view.webp", photo.view)
                for stem, picture in pictures.items():
                    state.files.write(job.id, f"{stem}.png", picture.png)
                    state.files.write(job.id, f"{stem}-view.webp", picture.view)
                allowance.take(session, job, allowed, configuration)
            except BaseException:
                state.files.remove(job.id)
                raise
        state.outlooks.forget()
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


def _email(given: str, state: Any) -> str | None:
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


def _styles(asked: Submission) -> list[dict[str, Any]]:
    own = [*asked.own, *asked.earlier]
    if asked.parts_alone:
        return []
    chosen = asked.styles or ([] if own else [(DEFAULT_STYLE, 1.0)])
    if len(chosen) + len(own) > MOST_STYLES:
        raise ProblemError(422, f"At most {MOST_STYLES} styles can be mixed: take some away.")
    for name, _ in chosen:
        if name not in HOUSE_STYLES:
            raise ProblemError(422, "There is no such style: choose one of the gallery.")
    weights: Sequence[float] = [weight for _, weight in (*chosen, *own)]
    if not all(0 <= weight <= 1000 for weight in weights) or not sum(weights):
        raise ProblemError(422, "A style's weight is 0 or more, and one of them above 0.")
    return [{"name": name, "weight": weight, "file": None} for name, weight in chosen]


def _settings(given: dict[str, Any], configuration: Configuration) -> dict[str, Any]:
    """All settings of the painting, checked."""
    size = given.get("size") or min(512, configuration.max_canvas)
    if size > configuration.max_canvas:
        raise ProblemError(422, f"The long side can be at most {configuration.max_canvas} pixels here.")
    try:
        asked = {name: value for name, value in given.items() if name != "keep_faces"}
        return {**Settings(**{**asked, "size": size}).to_dict(), "keep_faces": given.get("keep_faces", False)}
    except SettingsError as error:
        raise ProblemError(422, str(error)) from error


async def _photo(request: Request, asked: Submission) -> Decoded:
    if asked.photo is not None:
        return await decoded(request, asked.photo)
    if not asked.photo_of:
        raise ProblemError(422, "There is no photo: choose one.")
    job = await _job(request, asked.photo_of)
    # the canvas has the photo's proportions
    return await _kept(request, job, "photo.png", "photo-view.webp")


async def _own(request: Request, asked: Submission) -> list[tuple[str, float, Decoded]]:
    """The names, weights and pictures of styles that are no house styles."""
    found = []
    if asked.earlier:
        job = await _job(request, asked.style_of)
        for place, weight in asked.earlier:
            style = job.styles[place] if 0 <= place < len(job.styles) else None
            if style is None or style["file"] is None:
                raise ProblemError(422, "That style is no longer here: choose another.")
            stem = style["file"].removesuffix(".png")
            found.append((style["name"], weight, await _kept(request, job, style["file"], f"{stem}-view.webp")))
    return found + [(_name(file), weight, await decoded(request, file)) for file, weight in asked.own]


async def _masks(request: Request, asked: Submission) -> list[tuple[str, Decoded]]:
    """The styles and masks of regions."""
    if len(asked.masks) > MOST_REGIONS:
        raise ProblemError(422, f"At most {MOST_REGIONS} masks can be used: take some away.")
    for _, name in asked.masks:
        if name not in HOUSE_STYLES:
            raise ProblemError(422, "A mask has no style: choose one of the gallery for it.")
    if asked.masks or not asked.masks_of:
        return [(name, await decoded(request, file, mask=True)) for file, name in asked.masks]
    job = await _job(request, asked.masks_of)
    stems = [(style["name"], style["mask"].removesuffix(".png")) for style in job.styles if style.get("mask")]
    return [(name, await _kept(request, job, f"{stem}.png", f"{stem}-view.webp")) for name, stem in stems]


async def _job(request: Request, token: str) -> Job:
    """The job that is painted again."""

    def look() -> Job | None:
        with request.app.state.database.reading() as session:
            return by_token(session, token)

    job = await run_in_threadpool(look)
    if job is None:
        raise ProblemError(422, "That painting is no longer here: choose a photo and a style again.")
    return job


async def _kept(request: Request, job: Job, name: str, view: str) -> Decoded:
    """A picture of an earlier job's, which was decoded then."""
    files = request.app.state.files
    try:
        png, shown = [await run_in_threadpool(files.read, job.id, kept) for kept in (name, view)]
    except FileNotFoundError:
        raise ProblemError(422, "That painting is no longer here: choose a photo and a style again.") from None
    return Decoded(png, shown, job.width, job.height)


def _file(given: UploadFile | None) -> UploadFile | None:
    """A file of the form; a field that was left empty is sent as a file without a name."""
    return given if given and (given.filename or given.size) else None


def _name(file: UploadFile) -> str:
    """What a style picture is called: its file's name, of which only plain letters are kept."""
    stem = (file.filename or "").rpartition("/")[2].rpartition("\\")[2].rpartition(".")[0]
    kept = "".join(letter for letter in stem if letter.isalnum() or letter in " -_")[:40].strip()
    return kept or "your style"


def _weighted(text: str, form: FormData) -> tuple[str, float]:
    """A style's name and weight, of NAME:WEIGHT, or of NAME with a field weight-NAME."""
    name, _, weight = text.partition(":")
    try:
        number = float(weight or str(form.get(f"weight-{name}") or 1))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ProblemError(422, "A style's weight is a number: correct it.")
    return name, number


def _place(name: str) -> int:
    """Of an own style among those of an earlier painting; -1 where the name says none."""
    place = name.removeprefix(EARLIER)
    return int(place) if place.isdecimal() and len(place) < 3 else -1
