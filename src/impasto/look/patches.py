"""The patches of one's own pictures that excite a unit most."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.images import Picture
from impasto.look.features import SIZE, fitted, tensor_of, weights
from impasto.look.layers import LookError, Unit, field_of
from impasto.networks.extractor import Extractor

TOP = 16


@dataclass(frozen=True, eq=False)
class Patch:
    """The part of a picture that one of a unit's outputs sees.

    Attributes:
        pixels: uint8, side × side × 3, the unit's receptive field; mid-grey where that is outside the picture.
        picture: the picture's name.
        answer: how strongly the unit answers to it.
        x, y: the left and top edge in the picture as the network saw it; below 0 where it begins in the padding.
    """

    pixels: NDArray[np.uint8]
    picture: str
    answer: float
    x: int
    y: int


def best_patches(
    unit: Unit | str,
    pictures: Iterable[Any],
    top: int = TOP,
    size: int = SIZE,
) -> list[Patch]:
    """The patches that excite a unit most, at most one a picture, the strongest first.

    Args:
        unit: as `conv4_1:17`.
        pictures: whatever :func:`impasto.images.read` takes, each read when its turn comes.
        top: how many.
        size: a picture whose long side is longer is made smaller first.

    Raises:
        LookError: no such unit, a picture smaller than its stride, or nothing asked for.
        PictureError: a picture can't be read.
    """
    if isinstance(unit, str):
        unit = Unit.named(unit)
    if top < 1:
        raise LookError(f"the top {top} is nothing; give 1 or more")
    network = Extractor(weights(), (unit.layer,))
    found: list[Patch] = []
    for picture in pictures:
        found.append(_best(network, unit, fitted(picture, size, (unit.layer,))))
        found = sorted(found, key=lambda patch: -patch.answer)[:top]
    return found


def _best(network: Extractor, unit: Unit, picture: Picture) -> Patch:
    with torch.no_grad():
        answers = network(tensor_of(picture))[unit.layer][0, unit.index]
    row, column = divmod(int(answers.argmax()), answers.shape[1])
    field = field_of(unit.layer)
    y, x = row * field.jump - field.margin, column * field.jump - field.margin
    padded = np.pad(picture.pixels, ((field.size,) * 2, (field.size,) * 2, (0, 0)), constant_values=128)
    seen = padded[y + field.size : y + 2 * field.size, x + field.size : x + 2 * field.size]
    return Patch(seen, picture.name, float(answers.max()), x, y)
