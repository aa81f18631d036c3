"""Which part of a photo is painted, and which way up: asked for with the form, done where the file is decoded."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Crop = tuple[float, float, float, float]
TURNS = (0, 90, 180, 270)
ALL: Crop = (0.0, 0.0, 1.0, 1.0)


class CutError(ValueError):
    """A cut that makes no sense; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Cut:
    """A turn, and then a crop.

    Attributes:
        turn: clockwise, in degrees, of the picture as its file has it upright.
        crop: (left, top, right, bottom) of what is kept of the turned picture, as shares of its sides. So one cut holds
            for a photo and for its masks, whatever their sizes.

    Raises:
        CutError: there is no such turn or crop.
    """

    turn: int = 0
    crop: Crop = ALL

    def __post_init__(self) -> None:
        if self.turn not in TURNS:
            raise CutError(f"a photo can't be turned by {self.turn} degrees; give one of: {', '.join(map(str, TURNS))}")
        left, top, right, bottom = self.crop
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise CutError(
                "a crop is four numbers from 0 to 1, where it begins from the left and from the top, and where it "
                "ends, as in 0.1,0,0.9,1"
            )

    @classmethod
    def read(cls, turn: str, crop: str) -> "Cut":
        """The cut of a form's fields; one that is empty changes nothing.

        Raises:
            CutError: there is no such turn or crop.
        """
        try:
            left, top, right, bottom = map(float, crop.split(",")) if crop.strip() else ALL
        except ValueError:
            left, top, right, bottom = (math.nan,) * 4
        return cls(int(turn or 0), (left, top, right, bottom))

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Cut":
        """The inverse of :meth:`to_dict`."""
        return cls(told["turn"], tuple(told["crop"]))

    def to_dict(self) -> dict[str, Any]:
        """The cut as JSON can hold it."""
        return asdict(self)

    def of(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part that is kept of H × W × 3 pixels; at least one of them."""
        turned = np.rot90(pixels, -self.turn // 90)
        left, top, right, bottom = self.crop
        rows, columns = (_within(*ends) for ends in ((top, bottom, turned.shape[0]), (left, right, turned.shape[1])))
        return np.ascontiguousarray(turned[rows, columns])


UNCUT = Cut()
"""All of a picture, as it is."""


def _within(begin: float, end: float, length: int) -> slice:
    """From a share of a side to another one, in whole pixels."""
    first = min(round(begin * length), length - 1)
    return slice(first, max(first + 1, round(end * length)))
