"""The layers and units that can be looked at, by name, and what one of a layer's outputs sees of the picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from impasto.convolution.geometry import Field
from impasto.networks.table import NetworkError
from impasto.networks.vgg import VGG19

FIRST_OF_EACH_BLOCK = VGG19.first_of_each_scale
"""conv1_1 … conv5_1: one layer of each scale."""


Order = Literal["energy", "number"]
"""How units are sorted: the one with the most energy first, or by number."""


class LookError(ValueError):
    """Something that can't be looked at; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Unit:
    """One of a layer's features.

    Attributes:
        layer: conv1_1 … conv5_4.
        index: from 0.

    Raises:
        LookError: there is no such layer, or it has fewer units.
    """

    layer: str
    index: int

    def __post_init__(self) -> None:
        check_layer(self.layer)
        units = VGG19.channels(self.layer)
        if not 0 <= self.index < units:
            raise LookError(f"{self.layer} has {units} units, numbered from 0; there is no {self.layer}:{self.index}")

    def __str__(self) -> str:
        return f"{self.layer}:{self.index}"

    @classmethod
    def named(cls, name: str) -> "Unit":
        """The unit that is written as `conv4_1:17`.

        Raises:
            LookError: it is written otherwise, or there is none.
        """
        layer, _, index = name.partition(":")
        if not (index.isascii() and index.isdigit()):
            raise LookError(f"{name!r} names no unit; give a layer and a number, as conv4_1:17")
        return cls(layer, int(index))


def check_layer(name: str) -> str:
    """The name, if VGG19 has a convolution that is called so.

    Raises:
        LookError: it has none; the line holds the nearest names.
    """
    try:
        VGG19.check([name], among=VGG19.convolutions)
    except NetworkError as error:
        raise LookError(str(error)) from None
    return name


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Layers in the order in which a picture passes them, each once.

    Raises:
        LookError: one that VGG19 doesn't have.
    """
    asked = {check_layer(name) for name in names}
    return tuple(name for name in VGG19.convolutions if name in asked)


def field_of(layer: str) -> Field:
    """What an output of a layer sees of the picture: 3 pixels at conv1_1, 156 at conv5_1."""
    return VGG19.fields[layer]
