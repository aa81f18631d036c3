"""What an objective is made of: terms, each with its sums over positions and what those sums cost.

Whoever writes a term writes it once. It then works on a whole picture and in tiles, resumed, and in bfloat16, because
only sums pass from tile to tile; see :mod:`impasto.painter.objective`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from impasto.networks.extractor import Extractor
from impasto.networks.tiles import Tile
from impasto.painter.pyramid import cut
from impasto.painter.regions import Map
from impasto.painter.scratch import Allocate, give_back, in_memory
from impasto.painter.sharing import ALONE, Alone, exact

Sums = tuple[Tensor, ...]
"""What a term adds up over positions: tensors of any shape, which does not depend on how many positions there are."""


@dataclass(frozen=True)
class View:
    """What a term sees: a tile of a picture, which may be the whole.

    Attributes:
        tile: which part of the picture it is. `tile.core(layer)` says where its features lie in the layer, and
            `tile.size(layer)` how many rows and columns the layer of the whole picture has.
        pixels: the pixels that the tile reads, 1 × 3 × H × W in 0–255, at `tile.window`.
        features: layer → 1 × N × H' × W', the features in the tile's core, after the ReLU, in the network's type. The
            cores of all tiles share out a layer's positions, so that sums over cores are sums over the picture.
    """

    tile: Tile
    pixels: Tensor
    features: Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class StyleSource:
    """A style at one scale.

    Attributes:
        weight: its share; those of all styles of one region sum to 1.
        key: what names its pixels, so that what was computed of them can be used again; None where nothing does.
        pixels: makes the picture when it is asked for, 1 × 3 × H × W in 0–255, of any type.
        region: where on the canvas it holds; None for everywhere.
        part: which part of its picture is the style; None for all of it.
    """

    weight: float
    key: Any
    pixels: Callable[[], Tensor]
    region: Map | None = None
    part: Map | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """What the terms of one scale compare a painting with, and how pictures are seen.

    Attributes:
        network: extracts the layers that the terms read.
        photo: 1 × 3 × H × W in 0–255, of any type; as large as the canvas at this scale.
        styles: the styles.
        tile: about how many pixels a tile may read; None for the whole picture at once.
        allocate: makes large tensors that stay for the whole scale.
        kept: where the photo is kept, and how much; None for nowhere.
        share: with whom tiles are shared.
    """

    network: Extractor
    photo: Tensor
    styles: Sequence[StyleSource] = ()
    tile: int | None = None
    allocate: Allocate = in_memory
    kept: Map | None = None
    share: Alone = ALONE

    @property
    def dtype(self) -> torch.dtype:
        """In which costs are computed."""
        return wide_type(self.network.dtype)

    def tiles(self, height: int, width: int) -> list[Tile]:
        """The tiles of a picture of this size, at least one for each of those who share."""
        return self.network.tiles(height, width, self.tile, paces=self.share.paces)

    def views(self, picture: Tensor) -> Iterator[View]:
        """One's own share of a picture tile by tile, without gradients."""
        height, width = picture.shape[2:]
        for tile in self.share.mine(self.tiles(height, width)):
            if self.tile is not None:
                give_back()
            with torch.no_grad():
                pixels = cut(picture, tile.window).to(self.dtype)
                yield View(tile, pixels, self.network(pixels, tile))

    def added_up(self, of_views: Iterable[Sums]) -> Sums:
        """The sums over a picture, from those of each of its :meth:`views`."""
        total: Sums | None = None
        for sums in of_views:
            total = added(total, sums)
        return self.share.total([total])[0]

    def photos_features(self, layers: Collection[str]) -> dict[str, Tensor]:
        """The photo's features, layer → 1 × N × H' × W' in the network's type."""
        tiles, kept = self.tiles(*self.photo.shape[2:]), dict[str, Tensor]()
        if len(tiles) == self.share.count == 1:
            (view,) = self.views(self.photo)
            return {name: view.features[name] for name in layers}
        for name in layers:
            # A tile's row of positions is then in one piece, which is read from a file at once.
            shape = *tiles[0].size(name), self.network.channels(name)
            kept[name] = self.allocate(shape, self.network.dtype)
            if self.share.count > 1:  # the others' tiles are added; one's own are all there is otherwise
                kept[name].zero_()
        for view in self.views(self.photo):
            for name in layers:
                cut(kept[name].permute(2, 0, 1)[None], view.tile.core(name)).copy_(view.features[name])
        for features in kept.values():
            self.share.add_up(features)
        return {name: features.permute(2, 0, 1)[None] for name, features in kept.items()}


class Term(Protocol):
    """A part of an objective.

    Attributes:
        name: under which its cost is shown.
        weight: what its cost is multiplied by in the objective.
        layers: which of the network's layers it reads; empty where it reads pixels alone.
    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def weight(self) -> float:
        """See above."""

    @property
    def layers(self) -> Collection[str]:
        """See above."""

    def targets(self, scene: Scene) -> Any:
        """What the painting is compared with at a scale: anything that the two methods below understand."""

    def sums(self, view: View, targets: Any) -> Sums:
        """What it adds up over the positions in the core of a view; differentiable."""

    def cost(self, sums: Sums, targets: Any) -> Tensor:
        """What the sums over the whole picture cost: a scalar, differentiable."""


@runtime_checkable
class Layered(Term, Protocol):
    """A term whose cost is a sum over layers, and which says what each of them adds to it."""

    def layer_costs(self, sums: Sums, targets: Any) -> dict[str, Tensor]:
        """What each layer adds to the cost: layer → scalar, in the order of `layers`."""


def wide_type(dtype: torch.dtype) -> torch.dtype:
    """The type in which costs and statistics of features of a type are computed: float32 at least."""
    return torch.promote_types(dtype, torch.float32)


def wide(features: Tensor) -> Tensor:
    """Features in float32 at least."""
    return features.to(wide_type(features.dtype))


def added(total: Sums | None, more: Sums) -> Sums:
    """Sums of some tiles and of one more; in float64, where the device has it, from the second tile on."""
    if total is None:
        return more
    kind = exact(more[0].device)
    return tuple(a.to(kind) + b.to(kind) for a, b in zip(total, more, strict=True))
