"""What is taken of a damaged picture, and what of it is missing, in words."""

from impasto.images.libvips import noted, pyvips
from impasto.images.picture import MIN_SIDE, PictureError
from impasto.images.undecoded import Undecoded

_AT_ONCE = 8
"""Rows. Libraries decode no fewer of most kinds."""


class DamagedError(PictureError):
    """A picture of which a part is missing.

    Attributes:
        there: what is there of it, in words, such as "104 of its 200 rows are there".
    """

    def __init__(self, name: str, there: str) -> None:
        self.there = there
        super().__init__(f"{name} is damaged: {there}; get a whole copy of it, or paint what there is with --damaged")


def rest(undecoded: Undecoded, name: str, error: pyvips.Error, *, take: bool) -> tuple[pyvips.Image, str | None]:
    """What can be had of a picture that could not be decoded to its end.

    Args:
        undecoded: the picture.
        name: what messages call it.
        error: why it could not be decoded.
        take: whether it is welcome although rows of it are missing.

    Returns:
        An image to decode in its place, and what a person should know of it; nothing where it lacks no pixel.

    Raises:
        DamagedError: rows are missing, and that is not welcome.
        pyvips.Error: nothing can be had of it.
    """
    if undecoded.remains is None:
        raise error
    remains = undecoded.remains()
    height = undecoded.height
    rows, ended = _rows(remains.strict)
    if rows == height and remains.finest:
        return remains.tolerant, None
    if "Corrupt" in ended and "premature" not in ended and remains.finest:  # libjpeg goes on, as browsers do
        return remains.tolerant, f"damaged below row {rows}; it is taken as other programs show it"
    there = remains.coarse if remains.coarse and rows in (0, height) else f"{rows} of its {height} rows are there"
    if not take:
        raise DamagedError(name, there)
    if there == remains.coarse:
        return remains.tolerant, f"damaged; {there}, and taken"
    if rows < MIN_SIDE:
        raise PictureError(f"{name} is damaged: {there}, too few to paint; get a whole copy of it")
    return remains.tolerant.crop(0, 0, undecoded.width, rows), f"damaged; {there}, and taken"


def _rows(image: pyvips.Image) -> tuple[int, str]:
    """How many rows can be decoded, about, and why no more."""
    region, rows = pyvips.Region.new(image), 0
    noted()  # drops earlier warnings, which would be told again
    try:
        while rows < image.height:
            region.fetch(0, rows, image.width, min(_AT_ONCE, image.height - rows))
            rows = min(rows + _AT_ONCE, image.height)
    except pyvips.Error as error:
        return rows, str(error)
    ended = noted()
    # libvips only notes a warning of libjpeg's about the last rows
    return (rows - 1) // _AT_ONCE * _AT_ONCE if "premature" in ended else rows, ended
