"""A network as a table: the layers that a picture passes, one row each, and all that follows from them.

Sizes, receptive fields, the smallest picture and the names that may be asked for are read from the rows by the
arithmetic of :mod:`impasto.convolution.geometry`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from math import ceil
from typing import Literal

from impasto.convolution import geometry
from impasto.convolution.geometry import Field

Kind = Literal["convolution", "relu", "pooling"]
Pooling = Literal["max", "avg"]
# A convolution this far down keeps what is where and lets go of exact colours: conv4_2 in VGG19 and in VGG16.
CONTENT_DEPTH = 5 / 8
# So many names are offered in place of one that there isn't.
OFFERED = 4


class NetworkError(ValueError):
    """A network that can't be used, or a layer that it doesn't have; one plain line that names the fix."""


@dataclass(frozen=True, kw_only=True)
class Layer(geometry.Layer):
    """A row of the table. Kernel, padding, stride and dilation are the same along both axes; a ReLU's are 1, 0, 1, 1.

    Attributes:
        name: no other row has it.
        kind: what it does.
        channels: how many features it gives.
        pooling: of a pooling, the largest number or the mean of what it reads, padding counted.
    """

    name: str
    kind: Kind
    channels: int
    pooling: Pooling = "max"


@dataclass(frozen=True)
class Table:
    """The layers of a network in the order in which a picture of three channels passes them.

    The name of a convolution or of a pooling stands for its features after the ReLU that follows it, if one does.
    """

    layers: tuple[Layer, ...]

    @cached_property
    def steps(self) -> tuple[Layer, ...]:
        """The convolutions and poolings."""
        return tuple(layer for layer in self.layers if layer.kind != "relu")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The layers that may be asked for: convolutions and poolings."""
        return tuple(layer.name for layer in self.steps)

    @cached_property
    def convolutions(self) -> tuple[str, ...]:
        """The convolutions' names."""
        return tuple(layer.name for layer in self.steps if layer.kind == "convolution")

    @cached_property
    def rectified(self) -> frozenset[str]:
        """The convolutions and poolings that a ReLU follows."""
        pairs = zip(self.layers, self.layers[1:], strict=False)
        return frozenset(layer.name for layer, after in pairs if after.kind == "relu" and layer.kind != "relu")

    def check(self, names: Iterable[str], among: Collection[str] | None = None) -> None:
        """Refuse layers that may not be asked for.

        Args:
            names: what is asked for.
            among: what may be; without, convolutions and poolings.

        Raises:
            NetworkError: a name that there isn't; the line holds the nearest ones.
        """
        known = self.names if among is None else among
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, OFFERED) or known
                offered = ", ".join(each for each in known if each in near)
                raise NetworkError(f"no layer is called {name!r}; the nearest are: {offered}")

    def channels(self, name: str) -> int:
        """How many features a layer gives.

        Raises:
            NetworkError: no such layer.
        """
        self.check([name])
        return self.steps[self.names.index(name)].channels

    def up_to(self, names: Collection[str]) -> "Table":
        """The layers that are computed for some: those up to the last of them, and the ReLU that follows it.

        Raises:
            NetworkError: no such layer.
        """
        self.check(names)
        if not names:
            return Table(())
        last = max(self.names.index(name) for name in names)
        order = [layer.name for layer in self.layers]
        end = order.index(self.names[last]) + 1 + (self.names[last] in self.rectified)
        return Table(self.layers[:end])

    def with_pooling(self, pooling: Pooling) -> "Table":
        """The same network with poolings of one kind."""
        return Table(tuple(replace(layer, pooling=pooling) for layer in self.layers))

    def sizes(self, side: int) -> dict[str, int]:
        """How many positions each layer has along a side of so many pixels.

        Raises:
            GeometryError: the side is too small; the line holds the sizes that led there.
        """
        return dict(zip(self.names, geometry.sizes(side, self.steps)[1:], strict=True))

    @cached_property
    def fields(self) -> dict[str, Field]:
        """What one of a layer's outputs sees of the picture, along one axis, by name."""
        fields, field = {}, Field()
        for layer in self.steps:
            fields[layer.name] = field = geometry.see_through(field, layer)
        return fields

    @cached_property
    def activations(self) -> float:
        """How many numbers all layers give for a pixel of a large picture."""
        return sum(layer.channels / self.fields[layer.name].jump ** 2 for layer in self.steps)

    @cached_property
    def smallest(self) -> int:
        """The side in pixels of the smallest picture in which the last layer has a position."""
        side = 1
        for layer in reversed(self.steps):
            side = max(1, (side - 1) * layer.stride + geometry.span(layer.kernel, layer.dilation) - 2 * layer.padding)
        return side

    @cached_property
    def scales(self) -> tuple[tuple[str, ...], ...]:
        """The convolutions by how many pixels lie from one position to the next: the five blocks of VGG19."""
        by_jump: dict[int, list[str]] = {}
        for name in self.convolutions:
            by_jump.setdefault(self.fields[name].jump, []).append(name)
        return tuple(map(tuple, by_jump.values()))

    @property
    def first_of_each_scale(self) -> tuple[str, ...]:
        """The first convolution of each scale: conv1_1 … conv5_1 in VGG19."""
        return tuple(scale[0] for scale in self.scales)

    @property
    def style_layers(self) -> tuple[str, ...]:
        """Where to compare style unless somebody says otherwise: at each scale; with one scale, at each convolution."""
        return self.first_of_each_scale if len(self.first_of_each_scale) > 1 else self.convolutions

    @property
    def content_layers(self) -> tuple[str, ...]:
        """Where to compare content unless somebody says otherwise: at the convolution five eighths of the way down."""
        return (self.convolutions[ceil(CONTENT_DEPTH * len(self.convolutions)) - 1],)
