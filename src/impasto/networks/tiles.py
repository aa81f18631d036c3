"""Tiles of a picture: parts whose features are those of the whole picture, computed from no more than needed.

Each tile has a core, and the cores of all tiles share out every layer's features without overlap: a line between two
tiles is drawn between two positions of the last layer, and each other layer's positions go to the side on which the
middle of what they see lies. A feature at the core's edge sees beyond the core, so more of the picture is read: as far
as the receptive field reaches, which is 70 pixels at VGG19's conv5_1. Deeper in the network less is missing, so what
is held is trimmed after every layer with a stride. Where the picture ends, the tile ends with it, and what a layer pads
there is the whole picture's padding; where the picture goes on, padding reaches only what is trimmed away.
"""

import heapq
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise, product

from torch import Tensor
from torch.nn import functional as F

from impasto.convolution.geometry import Field, output_size, read
from impasto.networks.table import Layer, Table

Span = tuple[int, int]
"""From the first position to the one after the last."""
PICTURE = "picture"
"""What stands in place of a layer's name for the picture, whose positions are its pixels."""


@dataclass(frozen=True)
class Axis:
    """A tile along one axis, by layer, in the layer's positions.

    Attributes:
        size: how many positions the whole picture has.
        core: what counts.
        made: what a layer gives, some of it only to be trimmed away.
        held: what is left of that for the next layer.
    """

    size: Mapping[str, int]
    core: Mapping[str, Span]
    made: Mapping[str, Span]
    held: Mapping[str, Span]


@dataclass(frozen=True)
class Tile:
    """A part of the picture.

    Attributes:
        rows, columns: where it lies.
    """

    rows: Axis
    columns: Axis

    @property
    def window(self) -> tuple[Span, Span]:
        """The pixels that are read: rows and columns of the picture."""
        return self.rows.held[PICTURE], self.columns.held[PICTURE]

    def core(self, layer: str = PICTURE) -> tuple[Span, Span]:
        """What counts of a layer, as rows and columns of its positions; without a name, of the picture's pixels."""
        return self.rows.core[layer], self.columns.core[layer]

    def size(self, layer: str = PICTURE) -> tuple[int, int]:
        """The height and width that a layer has in the whole picture; without a name, those of the picture."""
        return self.rows.size[layer], self.columns.size[layer]

    def trim(self, x: Tensor, layer: str) -> Tensor:
        """What the next layer needs of what a layer gives."""
        spans = [(axis.made[layer], axis.held[layer]) for axis in (self.rows, self.columns)]
        return _crop(x, *spans)

    def core_of(self, x: Tensor, layer: str) -> Tensor:
        """The core of what is held of a layer."""
        spans = [(axis.held[layer], axis.core[layer]) for axis in (self.rows, self.columns)]
        return _crop(x, *spans)


def tiles(
    height: int,
    width: int,
    table: Table,
    layers: Collection[str],
    pixels: int | None,
    reach: int = 1,
    paces: Sequence[float] = (1.0,),
) -> list[Tile]:
    """The tiles of a picture, row by row: about as few as can be with at most so many pixels each.

    Args:
        height: of the picture, in pixels.
        width: the same.
        table: the network.
        layers: those whose features are wanted.
        pixels: at most so many are read for a tile, unless the smallest possible tile has more; None for one tile, the
            whole picture.
        reach: so many pixels beyond its core a tile reads at least, where the picture goes on.
        paces: of those who share out the tiles, in any unit; they are cut so that all is done soonest.

    Raises:
        GeometryError: the picture is smaller than the network takes.
        NetworkError: no such layer.
    """
    rows, columns = (_Line(size, table.up_to(layers), reach) for size in (height, width))
    while pixels is not None and rows.longest * columns.longest > pixels and (rows.divisible or columns.divisible):
        # Each axis is cut where its tiles are longest, which keeps them square: a square has the least margin.
        taller = height / len(rows.parts) >= width / len(columns.parts)
        (rows if rows.divisible and (taller or not columns.divisible) else columns).divide()
    if len(paces) > 1:
        rows, columns = min(
            product(_finer(rows, len(paces)), _finer(columns, len(paces))),
            key=lambda axes: _time(axes[0], axes[1], paces),
        )
    return [Tile(row, column) for row in rows.parts for column in columns.parts]


def shared_out(work: Sequence[float], paces: Sequence[float]) -> list[int]:
    """Who does which piece of work, so that all is done about soonest: the largest first, to who is done with it first.

    Args:
        work: of each piece, in any unit.
        paces: of those who work, in any unit.
    """
    owners = [0] * len(work)
    done = [(0.0, who) for who in range(len(paces))]
    for piece in sorted(range(len(work)), key=lambda piece: -work[piece]):
        until, who = min((until + work[piece] / paces[who], who) for until, who in done)
        owners[piece] = who
        done[who] = until, who
    return owners


def _finer(line: "_Line", workers: int) -> "Iterator[_Line]":
    """An axis as it is cut, and in more and more parts: into as many strips as workers, or squares for many of them."""
    yield line
    for _ in range(min(workers, 8 + math.isqrt(workers))):
        if not line.divisible:
            return
        line = copy(line)
        line.divide()
        yield line


def _time(rows: "_Line", columns: "_Line", paces: Sequence[float]) -> tuple[int, float, int]:
    """How many workers would have no tile, when all tiles are done at the paces, and how many they are."""
    count = len(rows.parts) * len(columns.parts)
    done = [(1 / pace, pace) for pace in paces]
    heapq.heapify(done)
    for _ in range(count):
        until, pace = done[0]
        heapq.heapreplace(done, (until + 1 / pace, pace))
    last = max(until - 1 / pace for until, pace in done)
    return max(0, len(paces) - count), rows.longest * columns.longest * last, count


class _Line:
    """One axis of a picture, in parts of about equal length."""

    def __init__(self, size: int, table: Table, reach: int) -> None:
        self.table, self.reach = table, reach
        self.size: dict[str, int] = {PICTURE: size, **table.sizes(size)}
        self.fields: dict[str, Field] = {PICTURE: Field(), **table.fields}
        self.last = [PICTURE, *table.names][-1]
        self.parts = [self._part({name: (0, count) for name, count in self.size.items()})]

    @property
    def longest(self) -> int:
        """How many pixels the longest part reads."""
        return max(stop - start for start, stop in (part.held[PICTURE] for part in self.parts))

    @property
    def divisible(self) -> bool:
        """Whether each part of one more would have a position of the last layer."""
        return len(self.parts) < self.size[self.last]

    def divide(self) -> None:
        """Into one part more."""
        count, positions = len(self.parts) + 1, self.size[self.last]
        inner = [self._line_before(round(i * positions / count)) for i in range(1, count)]
        edges = [dict.fromkeys(self.size, 0), *inner, self.size]
        self.parts = [
            self._part({name: (start[name], stop[name]) for name in self.size}) for start, stop in pairwise(edges)
        ]

    def _line_before(self, position: int) -> dict[str, int]:
        """How many of each layer's positions lie before the line between a position of the last layer and the previous.

        Position j of a layer sees the pixels around j · jump + (field − 1) / 2 − margin; all is doubled, to be whole.
        """
        last = self.fields[self.last]
        line = (2 * position - 1) * last.jump + _middle(last)
        found = {}
        for name, field in self.fields.items():
            before = -((_middle(field) - line) // (2 * field.jump))  # rounded up
            found[name] = min(max(0, before), self.size[name])
        return found

    def _part(self, core: dict[str, Span]) -> Axis:
        """A core, going back through the layers what must be held for it, and forth what is made of that."""
        steps = self.table.steps
        inputs = [PICTURE, *self.table.names][: len(steps)]
        needed, grid = dict(core), 1
        for layer, before in zip(reversed(steps), reversed(inputs), strict=True):
            if layer.stride > 1:
                needed[layer.name] = _aligned(needed[layer.name], grid)
                grid = layer.stride
            needed[before] = _union(_needed(needed[layer.name], self.size[before], layer), core[before])
        first, last = core[PICTURE]
        reached = max(0, first - self.reach), min(self.size[PICTURE], last + self.reach)
        needed[PICTURE] = _aligned(_union(needed[PICTURE], reached), grid)
        made: dict[str, Span] = {PICTURE: needed[PICTURE]}
        held = dict(made)
        for layer, before in zip(steps, inputs, strict=True):
            start, stop = held[before]
            positions = output_size(stop - start, layer.kernel, layer.padding, layer.stride, layer.dilation)
            made[layer.name] = start // layer.stride, start // layer.stride + positions
            held[layer.name] = needed[layer.name] if layer.stride > 1 else made[layer.name]
        return Axis(self.size, core, made, held)


def _middle(field: Field) -> int:
    """Twice the pixel in the middle of what a layer's first position sees."""
    return field.size - 1 - 2 * field.margin


def _needed(outputs: Span, size: int, layer: Layer) -> Span:
    """The inputs that some outputs depend on; at least one, where all that they see is padding."""
    start, stop = read(outputs, size, layer)
    start = min(max(0, start), size - 1)
    return start, max(start + 1, stop)


def _union(one: Span, other: Span) -> Span:
    """From the first to the last of both; an empty span counts for nothing."""
    return one if other[0] >= other[1] else (min(one[0], other[0]), max(one[1], other[1]))


def _aligned(span: Span, grid: int) -> Span:
    """A span that begins where the strides of the next layer that has one fall."""
    start, stop = span
    return start - start % grid, stop


def _crop(x: Tensor, rows: tuple[Span, Span], columns: tuple[Span, Span]) -> Tensor:
    """Of features that are there in one span of rows and of columns, those in another."""
    frames = []
    for (start, stop), (first, last) in (columns, rows):
        frames += [start - min(max(start, first), stop), min(max(start, last), stop) - stop]
    return F.pad(x, frames) if any(frames) else x
