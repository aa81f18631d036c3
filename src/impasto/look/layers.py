"""The layers and units that can be looked at, by name, and what one of a layer's outputs sees of the picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from impasto.convolution.geometry import Field, Layer, receptive_field
from impasto.networks.tiles import CONVOLUTION, POOLING
from impasto.networks.weights import LAYERS

FIRST_OF_EACH_BLOCK = tuple(name for name in LAYERS if name.endswith("_1"))
"""conv1_1 … conv5_1: one layer of each scale."""


class LookError(ValueError):
    """Something that can't be looked at; the message is one plain line that names the mend."""


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
        if not 0 <= self.index < LAYERS[self.layer]:
            raise LookError(
                f"{self.layer} has {LAYERS[self.layer]} units, numbered from 0; there is no {self.layer}:{self.index}"
            )

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
    if name not in LAYERS:
        block = [layer for layer in LAYERS if layer[:5] == name[:5]]
        near = block or get_close_matches(name, LAYERS, 3) or FIRST_OF_EACH_BLOCK
        raise LookError(f"no layer is called {name!r}; the nearest are: {', '.join(near)}")
    return name


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Layers in the order in which a picture passes them, each once.

    Raises:
        LookError: one that VGG19 doesn't have.
    """
    asked = {check_layer(name) for name in names}
    return tuple(name for name in LAYERS if name in asked)


def field_of(layer: str) -> Field:
    """What an output of a layer sees of the picture: 3 pixels at conv1_1, 156 at conv5_1."""
    passed: list[Layer] = []
    for name in LAYERS:
        if passed and name.endswith("_1"):
            passed.append(POOLING)
        passed.append(CONVOLUTION)
        if name == layer:
            break
    return receptive_field(passed)
