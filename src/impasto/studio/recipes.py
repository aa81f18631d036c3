"""What a job asks of the painter, from its row and its pictures."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.images import Picture
    from impasto.painter.recipe import Recipe
    from impasto.painter.regions import Region
    from impasto.painter.settings import Settings
    from impasto.styles import HouseStyle

# How much faces are kept, as strongly as the command does it.
KEPT = 1.0
START = "start.png"
"""The file of the painting that a larger one goes on from."""
Read = Callable[[str], bytes]


def recipe(
    styles: Sequence[Mapping[str, Any]], settings: "Settings", read: Read, *, keep_faces: bool = False
) -> "Recipe":
    """The recipe of a job.

    Args:
        styles: as its row has them.
        settings: of the painting.
        read: gives a file of the job's by its name; `photo.png`, and those that the styles name.
        keep_faces: whether faces are looked for, and kept.

    Raises:
        FileNotFoundError: a picture is no longer there.
        ValueError: nor is a house style; one plain line.
    """
    from impasto import images
    from impasto.painter.recipe import Recipe, Style
    from impasto.painter.regions import faces_kept

    photo = images.read(read("photo.png"), name="photo")
    made = tuple(
        Style(_style(style["name"], style["file"], read), style["weight"], _region(style.get("mask"), read))
        for style in styles
    )
    return Recipe(photo, made, settings, keep=tuple(faces_kept(photo, KEPT)) if keep_faces else ())


def _style(name: str, file: str | None, read: Read) -> "HouseStyle | Picture":
    from impasto import images
    from impasto.styles import HOUSE_STYLES

    if file is not None:
        return images.read(read(file), name=name)
    if name not in HOUSE_STYLES:
        raise ValueError("there is no such style here any more; choose another")
    return HOUSE_STYLES[name]


def _region(mask: str | None, read: Read) -> "Region | None":
    from impasto import images
    from impasto.painter.regions import Region

    return Region(images.read_mask(read(mask), name=mask)) if mask else None
