"""The objective of a picture, and its gradient, computed tile by tile: the mathematics of the whole picture.

Gram matrices, means and the content cost are sums over positions. One pass over the tiles adds up those sums; they give
the objective, and its derivative with respect to each of them. In a second pass each tile goes through the network
again, and is differentiated as if the objective were linear in its own share of the sums, with those derivatives for
factors (the chain rule); where what tiles read overlaps, their gradients are added. So no more than one tile's
activations are in memory at a time. After Galerne, Raad, Lezama and Morel, "Scaling Painting Style Transfer", 2024.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from impasto.networks.extractor import Extractor
from impasto.networks.tiles import Tile
from impasto.painter.losses import gram_matrix
from impasto.painter.objective import CONTENT_FACTOR, Statistics, for_statistics, styles_cost
from impasto.painter.pyramid import Windowed, cut, within
from impasto.painter.scratch import Allocate, give_back
from impasto.painter.settings import Settings


@dataclass
class Sums:
    """What is added up over the tiles, in float64.

    Attributes:
        features: layer → Σ_k F_ik, of N.
        products: layer → Σ_k F_ik F_jk, of N × N.
        content: 0.01 · Σ_l w_l / |P^l| · Σ (F − P)².
        variation: the total variation.
    """

    features: dict[str, Tensor] = field(default_factory=dict)
    products: dict[str, Tensor] = field(default_factory=dict)
    content: float = 0.0
    variation: float = 0.0

    def add(self, layer: str, features: Tensor) -> None:
        """Add a tile's features of a layer, 1 × N × H × W."""
        sums = features.sum((0, 2, 3), dtype=torch.promote_types(features.dtype, torch.float32)).double()
        products = gram_matrix(features).double()
        self.features[layer] = self.features[layer] + sums if layer in self.features else sums
        self.products[layer] = self.products[layer] + products if layer in self.products else products


class TiledStyleTransfer:
    """What :class:`impasto.painter.objective.StyleTransfer` is, for pictures of any size.

    Args:
        network: extracts the layers that `settings` names.
        photo: 1 × 3 × H × W in 0–255, of any type.
        styles: (picture, weight) pairs, each picture 1 × 3 × H' × W' in 0–255, of any type.
        settings: the weights, layers and the kind of style loss.
        pixels: about how many a tile may have.
        allocate: makes a tensor of a shape and type, for the photo's features.
    """

    def __init__(
        self,
        network: Extractor,
        photo: Tensor,
        styles: Sequence[tuple[Tensor, float]],
        settings: Settings,
        *,
        pixels: int,
        allocate: Allocate,
    ) -> None:
        self.network = network
        self.settings = settings
        self.dtype = torch.promote_types(network.dtype, torch.float32)
        self.height, self.width = photo.shape[2:]
        self.tiles = network.tiles(self.height, self.width, pixels)
        self.content = list(self._content_of(photo, allocate))
        self.styles = [(self._statistics_of(picture, pixels), weight) for picture, weight in styles]

    def evaluate(
        self, parameterization: Windowed, parameters: Sequence[Tensor]
    ) -> tuple[tuple[float, float, float], Callable[[Sequence[Tensor]], None]]:
        """The objective, its content and its style part at these parameters, and what computes its gradient.

        Args:
            parameterization: makes a picture of them.
            parameters: as it has them.

        Returns:
            The three numbers, and a function that overwrites tensors of the parameters' shapes with the objective's
            gradient, in a second pass over the tiles.
        """
        settings = self.settings
        shapes = [parameter.shape for parameter in parameters]
        sums = Sums()
        with torch.no_grad():
            for tile, targets in zip(self.tiles, self.content, strict=True):
                give_back()
                window = tile.window
                picture = parameterization.part(within(parameterization, parameters, window), shapes, window)
                features = self.network(picture, tile)
                self._add(sums, features)
                sums.content += float(self._content(features, targets, tile))
                if settings.tv_weight:
                    sums.variation += float(self._variation(picture, tile))
        statistics = self._statistics(sums, self.tiles[0])
        leaves = [leaf.requires_grad_() for s in statistics.values() for leaf in (s.mean, s.gram)]
        style = styles_cost(statistics, self.styles, settings)
        slopes = torch.autograd.grad(settings.style_weight * style, leaves, materialize_grads=True)
        by_layer = dict(zip(statistics, zip(slopes[::2], slopes[1::2], strict=True), strict=True))
        objective = (
            settings.content_weight * sums.content
            + settings.style_weight * style.item()
            + settings.tv_weight * sums.variation
        )

        def differentiate(gradients: Sequence[Tensor]) -> None:
            for gradient in gradients:
                gradient.zero_()
            for tile, targets in zip(self.tiles, self.content, strict=True):
                give_back()
                window = tile.window
                parts = [part.detach().requires_grad_() for part in within(parameterization, parameters, window)]
                share = self._share(parameterization.part(parts, shapes, window), tile, targets, by_layer)
                added = torch.autograd.grad(share, parts)
                for view, gradient in zip(within(parameterization, gradients, window), added, strict=True):
                    view.add_(gradient)

        return (objective, sums.content, style.item()), differentiate

    def _share(
        self, picture: Tensor, tile: Tile, targets: dict[str, Tensor], slopes: dict[str, tuple[Tensor, Tensor]]
    ) -> Tensor:
        """A number whose gradient is that of the objective: the sums' slopes times this tile's share in them."""
        features = self.network(picture, tile)
        total = self.settings.content_weight * self._content(features, targets, tile)
        for name, (of_mean, of_gram) in slopes.items():
            fired = for_statistics(features[name], self.settings.style_loss)
            positions = _positions(tile, name)
            total = total + (of_gram * gram_matrix(fired)).sum() / positions
            if of_mean.any():
                total = total + (of_mean * fired.sum((0, 2, 3), dtype=self.dtype)).sum() / positions
        if self.settings.tv_weight:
            total = total + self.settings.tv_weight * self._variation(picture, tile)
        return total

    def _content(self, features: dict[str, Tensor], targets: dict[str, Tensor], tile: Tile) -> Tensor:
        """A tile's share of the content cost."""
        total = torch.zeros((), dtype=self.dtype, device=next(iter(features.values())).device)
        for name, weight in self.settings.content_layers:
            squares = (features[name].to(self.dtype) - targets[name].to(self.dtype)).square().sum()
            total = total + weight * CONTENT_FACTOR / (features[name].shape[1] * _positions(tile, name)) * squares
        return total

    def _variation(self, picture: Tensor, tile: Tile) -> Tensor:
        """A tile's share of the total variation: each of its core's pixels with the next one across and down."""
        (top, bottom), (left, right) = tile.core()
        (first_row, _), (first_column, _) = tile.window
        below, beside = min(bottom + 1, self.height), min(right + 1, self.width)
        rows = picture[..., top - first_row : bottom - first_row, left - first_column : beside - first_column]
        columns = picture[..., top - first_row : below - first_row, left - first_column : right - first_column]
        across = rows.diff(dim=3).abs().sum() / (3 * self.height * (self.width - 1))
        return across + columns.diff(dim=2).abs().sum() / (3 * (self.height - 1) * self.width)

    def _features(self, picture: Tensor, tile: Tile) -> dict[str, Tensor]:
        give_back()
        with torch.no_grad():
            features: dict[str, Tensor] = self.network(cut(picture, tile.window).to(self.dtype), tile)
        return features

    def _content_of(self, photo: Tensor, allocate: Allocate) -> Iterator[dict[str, Tensor]]:
        """The photo's features at the content layers, tile by tile; those of a layer are all in one tensor."""
        left: dict[str, Tensor] = {}
        for tile in self.tiles:
            features, kept = self._features(photo, tile), {}
            for name, _ in self.settings.content_layers:
                here = features[name]
                if name not in left:
                    left[name] = allocate((here.shape[1] * _positions(tile, name),), self.network.dtype)
                place, left[name] = left[name].tensor_split([here.numel()])
                kept[name] = place.view(here.shape).copy_(here)
            yield kept

    def _statistics_of(self, picture: Tensor, pixels: int) -> dict[str, Statistics]:
        """The statistics of a style's picture, in tiles too."""
        height, width = picture.shape[2:]
        sums, parts = Sums(), self.network.tiles(height, width, pixels)
        for tile in parts:
            self._add(sums, self._features(picture, tile))
        return self._statistics(sums, parts[0])

    def _add(self, sums: Sums, features: dict[str, Tensor]) -> None:
        """Add a tile's features of the style layers."""
        for name, _ in self.settings.style_layers:
            sums.add(name, for_statistics(features[name], self.settings.style_loss))

    def _statistics(self, sums: Sums, tile: Tile) -> dict[str, Statistics]:
        made = {}
        for name in sums.features:
            positions = _positions(tile, name)
            mean, gram = sums.features[name] / positions, sums.products[name] / positions
            made[name] = Statistics(mean.to(self.dtype), gram.to(self.dtype))
        return made


def _positions(tile: Tile, layer: str) -> int:
    """How many positions a layer has in the whole picture that a tile is of."""
    return math.prod(tile.size(layer))
