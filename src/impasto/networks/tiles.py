"""Tiles of a picture: parts whose features in VGG19 are those of the whole picture, computed from no more than needed.

Each tile has a core, and the cores of all tiles share out every layer's features without overlap, since they lie on the
grid of the last pooling. A feature at the core's edge sees beyond the core, so more of the picture is read: as far as
the receptive field reaches, which is 70 pixels at conv5_1. Deeper in the network less is missing, so what was read is
trimmed at every pooling. Where the picture ends, the tile ends with it, and the zeros of the layers' padding are those
of the whole picture; where it goes on, they reach only what is trimmed away.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor
from torch.nn import functional as F

from impasto.convolution.geometry import Layer, output_size, read
from impasto.networks.weights import LAYERS

CONVOLUTION, POOLING = Layer(3, padding=1), Layer(2, stride=2)

Span = tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """A tile along one axis, as (start, stop) in each block's positions; the first block's are the picture's pixels.

    Attributes:
        core: what counts.
        read: what is computed for it.
        whole: how many positions the whole picture has.
    """

    core: tuple[Span, ...]
    read: tuple[Span, ...]
    whole: tuple[int, ...]


@dataclass(frozen=True)
class Tile:
    """A part of the picture.

    Attributes:
        rows, columns: where it lies.
    """

    rows: Axis
    columns: Axis

    def trim(self, x: Tensor, block: int) -> Tensor:
        """What is read in a block (from 0), of what the pooling before it gave."""
        frames = []
        for axis in (self.columns, self.rows):
            (start, stop), (before, after) = axis.read[block], axis.read[block - 1]
            frames += [before // 2 - start, stop - after // 2]
        return F.pad(x, frames)

    def core_of(self, x: Tensor, block: int) -> Tensor:
        """The core of what is read in a block (from 0)."""
        frames = []
        for axis in (self.columns, self.rows):
            (start, stop), (before, after) = axis.core[block], axis.read[block]
            frames += [before - start, stop - after]
        return F.pad(x, frames)


def tiles(height: int, width: int, layers: Collection[str], pixels: int) -> list[Tile]:
    """The tiles of a picture, row by row: about as few as can be with at most so many pixels each.

    Args:
        height: of the picture, in pixels.
        width: the same.
        layers: the layers of VGG19 whose features are wanted.
        pixels: at most so many are read for a tile, unless the smallest possible tile has more.
    """
    depths = _depths(layers)
    grid = 2 ** (len(depths) - 1)
    most_rows, most_columns = max(1, height // grid), max(1, width // grid)
    down = across = 1
    while True:
        rows, columns = _cut(height, depths, down), _cut(width, depths, across)
        if _longest(rows) * _longest(columns) <= pixels or (down, across) == (most_rows, most_columns):
            return [Tile(row, column) for row in rows for column in columns]
        # Each axis is cut where its tiles are longest, which keeps them square: a square has the least margin.
        if (height / down >= width / across and down < most_rows) or across == most_columns:
            down += 1
        else:
            across += 1


def _longest(axes: list[Axis]) -> int:
    """How many pixels the longest of some parts of an axis reads."""
    return max(stop - start for start, stop in (axis.read[0] for axis in axes))


def _depths(layers: Collection[str]) -> list[int]:
    """How many convolutions of each block are computed, up to the last of the layers."""
    order = list(LAYERS)
    depths: list[int] = []
    for name in order[: max(order.index(name) for name in layers) + 1]:
        if int(name[4]) > len(depths):
            depths.append(0)
        depths[-1] += 1
    return depths


def _cut(size: int, depths: list[int], parts: int) -> list[Axis]:
    """An axis in so many parts, their cores on the grid of the last pooling."""
    whole = [size]
    for _ in depths[1:]:
        whole.append(output_size(whole[-1], 2, stride=2))
    grid = 2 ** (len(depths) - 1)
    edges = [round(i * (size // grid) / parts) * grid for i in range(parts)] + [size]
    return [_axis((start, stop), whole, depths) for start, stop in pairwise(edges)]


def _axis(core: Span, whole: list[int], depths: list[int]) -> Axis:
    """A core, and going back through the blocks what has to be read for it."""
    cores: list[Span] = []
    reads: list[Span] = []
    for block, size in enumerate(whole):
        start, stop = core[0] >> block, core[1] >> block
        cores.append((start, size if core[1] == whole[0] else stop))
    needed = cores[-1]
    for block in reversed(range(len(depths))):
        size = whole[block]
        start, stop = min(needed[0], cores[block][0]), max(needed[1], cores[block][1])
        for _ in range(depths[block]):
            start, stop = read((start, stop), size, CONVOLUTION)
        if block < len(depths) - 1:  # the pooling after it must find its pairs
            start, stop = start - start % 2, min(size, stop + stop % 2)
        reads.insert(0, (start, stop))
        if block:
            needed = read((start, stop), whole[block - 1], POOLING)
    return Axis(tuple(cores), tuple(reads), tuple(whole))
