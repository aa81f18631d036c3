"""Sizes with names: what a painting is for says how many pixels it gets. A number of pixels is a size too."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from impasto.images import PictureError
from impasto.painter.schedule import canvas_size
from impasto.painter.settings import MAX_SIZE, MIN_SIZE
from impasto.studio.languages import gettext, later
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.words import duration

# Dots an inch of what is printed: brushwork has no finer detail, and 300 would take four times as long.
DPI = 150
Name = Literal["a4", "a3", "square", "phone", "desktop", "photo"]


class Named(NamedTuple):
    """What a painting is for: it becomes as large as fits into so many pixels, whichever way it lies."""

    title: str
    long: int
    short: int


NAMED: Mapping[str, Named] = {
    "a4": Named("A4", round(29.7 / 2.54 * DPI), round(21.0 / 2.54 * DPI)),
    "a3": Named("A3", round(42.0 / 2.54 * DPI), round(29.7 / 2.54 * DPI)),
    "square": Named(later("Square"), round(20 / 2.54 * DPI), round(20 / 2.54 * DPI)),
    "phone": Named(later("Phone"), 1950, 900),
    "desktop": Named(later("Desktop"), 1920, 1080),
}
PHOTO = "photo"


def _read(given: Any) -> Any:
    """A size as a form or an address has it: text."""
    if given in get_args(Name):
        return given
    try:
        size = int(given)
    except (TypeError, ValueError):
        size = 0
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise PydanticCustomError(
            "size", f"give a number of pixels from {MIN_SIZE} to {MAX_SIZE}, or one of {', '.join(get_args(Name))}"
        )
    return size


Size = Annotated[int | Name, BeforeValidator(_read)]


def long_side(size: int | str, width: int, height: int, largest: int) -> int:
    """The long side in pixels that a size asks for.

    Args:
        size: a number of pixels, or a name.
        width: of the photo, in pixels.
        height: the same.
        largest: that may be asked for.

    Raises:
        ProblemError: it is more than that.
    """
    long, short = max(width, height), min(width, height)
    if size == PHOTO:
        return min(long, largest)
    wanted, named = size, None
    if not isinstance(wanted, int):
        named = NAMED[wanted]
        wanted = min(named.long, named.short * long // short)
    if wanted > largest and named:
        raise ProblemError(
            422, "The long side can be at most %(most)s pixels here, and %(name)s has more: choose a smaller size.",
            most=largest, name=gettext(named.title),
        )  # fmt: skip
    if wanted > largest:
        raise ProblemError(
            422, "The long side can be at most %(most)s pixels here: choose a smaller size.", most=largest
        )
    return wanted


def shape(size: int | str, largest: int) -> tuple[int, int]:
    """The (width, height) of a photo that isn't known yet: of those that a size is for, or the largest there can be."""
    named = NAMED.get(str(size))
    return (named.long, named.short) if named else (largest, largest)


def offered(
    taken: Callable[[int, int, None], float], photo: tuple[int, int] | None, largest: int
) -> Iterator[dict[str, Any]]:
    """Each size with a name: whether it can be had, the canvas, the seconds, and in words what it takes, or why not.

    Args:
        taken: gives the seconds of a canvas.
        photo: its width and height; None where it isn't known yet.
        largest: the long side that may be asked for.
    """
    for name in get_args(Name):
        told = {"name": name, "title": gettext(NAMED[name].title if name in NAMED else later("As my photo"))}
        width, height = photo or shape(name, largest)
        try:
            across, down = canvas_size(width, height, long_side(name, width, height, largest))
        except (ProblemError, PictureError) as error:
            words = gettext("too large here") if isinstance(error, ProblemError) else gettext("too thin")
            yield told | {"width": None, "height": None, "seconds": None, "words": words}
        else:
            seconds = taken(across, down, None)
            yield told | {"width": across, "height": down, "seconds": seconds, "words": duration(seconds)}
