"""What a person asks for, read from a form that the page sent, with scripts or without, or a program."""

import math
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Annotated, Any, Literal, TypedDict

from fastapi import Depends, File, Form, UploadFile
from starlette.datastructures import FormData
from starlette.requests import Request

from impasto.painter.settings import Quality
from impasto.studio.uploads.cut import UNCUT, Cut, CutError
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.sizes import DPI, Size

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
OWN = "own-"
"""How the form names a style picture that is sent with it, as the style of a part, before its place among these."""
Photo = Annotated[UploadFile | None, File(description="Any kind of picture: JPEG, PNG, WebP, HEIC, TIFF, …")]
PhotoOf = Annotated[str, Form(description="In place of a photo: the painting whose photo it is.")]
Turn = Annotated[
    Literal["0", "90", "180", "270"],
    Form(description="Degrees by which the photo is turned clockwise, and its masks with it, before anything else."),
]
Crop = Annotated[
    str,
    Form(
        description="The part of the turned photo, and of its masks, that is painted: LEFT,TOP,RIGHT,BOTTOM as shares "
        "of its sides, as in 0.1,0,0.9,1. Without, all of it."
    ),
]
EMAIL = (
    "Where to say that it is done. The first time, its owner is asked by a mail; who keeps the cookie that is answered "
    "with is known again. With an address, all numbers are within what the page offers."
)
SIZE = (
    "The long side in pixels; or what it is for, and it becomes as large as fits: a4, a3, or a square of 20 cm, "
    f"printed at {DPI} dots an inch, a phone of 900 × 1950, or a desktop of 1920 × 1080; or photo, as large as the "
    "photo, up to what is allowed."
)
MASK_STYLE = (
    "For each of them, a house style's name; or own-0 to own-2, one of the style pictures that are sent, which with a "
    "weight of 0 holds there alone; or earlier-0 to earlier-5, one of the painting style_of."
)


@dataclass
class Submission:
    """What a person asks for.

    Attributes:
        photo: the file; or
        photo_of: the token of a job whose photo is painted again.
        cut: which part of the photo, and of its masks, is painted, and which way up.
        styles: names of house styles with weights.
        own: style pictures with weights; one of a part alone has none.
        style_of: the token of a job whose own styles are used again.
        earlier: their places among that job's styles, with weights.
        masks: pictures that are white where a style holds, with this style as the form names it: a house style,
            `own-0` for the first style picture, or `earlier-0`.
        masks_of: the token of a job whose regions are used again, with their styles.
        bare: whether the photo stays as it is where no mask holds.
        settings: as `impasto.painter.settings.Settings` names them, where the size may be a name; and `keep_faces`.
        email: where to say that it is done.
        replaces: the token of a job that was not painted, and goes when this one has come.
    """

    photo: UploadFile | None = None
    photo_of: str = ""
    cut: Cut = UNCUT
    styles: list[tuple[str, float]] = field(default_factory=list)
    own: list[tuple[UploadFile, float]] = field(default_factory=list)
    style_of: str = ""
    earlier: list[tuple[int, float]] = field(default_factory=list)
    masks: list[tuple[UploadFile, str]] = field(default_factory=list)
    masks_of: str = ""
    bare: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    email: str = ""
    replaces: str = ""

    @property
    def parts_alone(self) -> bool:
        """Whether styles are in parts of the photo alone."""
        return self.bare and bool(self.masks or self.masks_of)


async def read(
    request: Request,
    photo: Photo = None,
    turn: Turn = "0",
    crop: Crop = "",
    style: Annotated[list[str] | None, Form(description="A house style's name, or NAME:WEIGHT; up to three.")] = None,
    style_file: Annotated[list[UploadFile] | None, File(description="A painting of your own as a style.")] = None,
    style_file_weight: Annotated[list[float] | None, Form(description="A weight for each of them (1).")] = None,
    size: Annotated[Size | None, Form(description=SIZE)] = None,
    quality: Annotated[Quality | None, Form(description="How long it is worked on.")] = None,
    mask: Annotated[
        list[UploadFile] | None, File(description="A picture that is white, or opaque, where another style is to be.")
    ] = None,
    mask_style: Annotated[list[str] | None, Form(description=MASK_STYLE)] = None,
    masks_of: Annotated[str, Form(description="In place of masks: the painting whose regions they are.")] = "",
    bare: Annotated[bool, Form(description="Leave the photo as it is where no mask is.")] = False,
    keep_faces: Annotated[bool, Form(description="Find faces, and keep them.")] = False,
    keep_colors: Annotated[bool, Form(description="Keep the photo's palette.")] = False,
    style_scale: Annotated[float | None, Form(description="The size of the brush (1).")] = None,
    content_weight: Annotated[float | None, Form(description="α: how much of the photo.")] = None,
    email: Annotated[str, Form(description=EMAIL)] = "",
    photo_of: PhotoOf = "",
    style_of: Annotated[str, Form(description="The painting whose own styles are named earlier-0 to earlier-5.")] = "",
    replaces: Annotated[
        str, Form(description="A painting of the same browser that failed or was cancelled, to be deleted now.")
    ] = "",
) -> Submission:
    """What was sent by the page, with scripts or without, or by a program; FastAPI reads the fields.

    Raises:
        ProblemError: a weight is no number, or a crop makes no sense.
    """
    form = await request.form()  # the page's weights are fields of their own, named after the styles
    named = [_weighted(name, form) for name in style or [] if name]
    files = [file for file in map(sent_file, style_file or []) if file]
    regions = zip(mask or [], chain(mask_style or [], repeat("")), strict=False)
    given = {"size": size, "quality": quality, "style_scale": style_scale, "content_weight": content_weight}
    return Submission(
        photo=sent_file(photo),
        photo_of=photo_of,
        cut=cut_of(turn, crop),
        styles=[(name, weight) for name, weight in named if not name.startswith(EARLIER)],
        style_of=style_of,
        earlier=[(place_of(name), weight) for name, weight in named if name.startswith(EARLIER)],
        own=[(file, weight) for file, weight in zip(files, chain(style_file_weight or [], repeat(1.0)), strict=False)],
        masks=[(file, name) for given, name in regions if (file := sent_file(given))],
        masks_of=masks_of,
        bare=bare,
        settings={
            "keep_colors": keep_colors,
            "keep_faces": keep_faces,
            **{name: value for name, value in given.items() if value is not None},
        },
        email=email,
        replaces=replaces,
    )


Asked = Annotated[Submission, Depends(read)]


def sent_file(given: UploadFile | None) -> UploadFile | None:
    """A file of the form; a field that was left empty is sent as a file without a name."""
    return given if given and (given.filename or given.size) else None


def cut_of(turn: str, crop: str) -> Cut:
    """Which part of a photo is painted, as a form says it.

    Raises:
        ProblemError: it makes no sense.
    """
    try:
        return Cut.read(turn, crop)
    except CutError as error:
        raise ProblemError(422, str(error)) from error


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


def place_of(name: str) -> int:
    """Of an own style among those of an earlier painting; -1 where the name says none."""
    place = name.removeprefix(EARLIER)
    return int(place) if place.isdecimal() and len(place) < 3 else -1
