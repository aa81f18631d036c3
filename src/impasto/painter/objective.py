"""The objective: a weighted sum of terms, and its gradient, of a whole picture or tile by tile.

Every term's cost is a function of sums over positions. One pass over the tiles adds those sums up; they give the costs,
and the slopes of the objective with respect to each sum. In a second pass each tile goes through the network again, and
is differentiated as if the objective were linear in its own share of the sums, with the slopes for factors: the chain
rule. Where what tiles read overlaps, their gradients are added. So no more than one tile's activations are in memory at
a time. After Galerne, Raad, Lezama and Morel, "Scaling Painting Style Transfer", 2024.

The whole picture is one tile. Its graph is kept, so that there a single pass is enough.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from impasto.networks.tiles import Tile
from impasto.painter.canvas import Canvas
from impasto.painter.capture import Differentiable, plain, recorded
from impasto.painter.optimizers import Evaluation
from impasto.painter.scratch import give_back
from impasto.painter.sharing import read
from impasto.painter.term import Layered, Scene, Sums, Term, View, added

# The largest weight counts this much in what is computed, so that the unit in which weights are given changes nothing:
# float32 has no room for an objective of 10³⁰.
LARGEST_WEIGHT = 20.0
# Pixels of the largest canvas whose evaluation is recorded. On a larger one kernels are long, and recording takes two
# evaluations and holds its memory.
RECORDED = 1 << 20


@dataclass(frozen=True)
class Costs:
    """The objective of a picture and its parts; scalars.

    Attributes:
        objective: Σ weight · cost over the terms.
        parts: term's name → cost, before its weight.
        layers: term's name → layer → what that layer adds to the term's cost; of the terms that say it.
    """

    objective: Tensor
    parts: Mapping[str, Tensor]
    layers: Mapping[str, Mapping[str, Tensor]]


class CanvasEvaluation(Evaluation):
    """An evaluation of the objective at a canvas's vector.

    Attributes:
        objective: in the unit of the terms' weights; `value` is in that of the computation.
        costs: term's name → cost, before its weight.
        layers: term's name → layer → what that layer adds to the term's cost; of the terms that say it. Empty where it
            comes from a checkpoint.
    """

    def __init__(
        self,
        point: Tensor,
        value: float,
        objective: float,
        costs: Mapping[str, float],
        layers: Mapping[str, Mapping[str, float]],
        slope: Callable[[], Tensor] | None,
    ) -> None:
        super().__init__(point, value, slope)
        self.objective = objective
        self.costs = costs
        self.layers = layers


class Objective:
    """A weighted sum of terms, at one scale.

    Args:
        terms: each with a name of its own.
        scene: what they compare a painting with.
        augment: what a picture goes through on its way to the network, such as a random shift, 1 × 3 × H × W to the
            same; then there must be one tile.
    """

    def __init__(
        self, terms: Sequence[Term], scene: Scene, *, augment: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        self.terms = terms
        self.scene = scene
        self.augment = augment
        self.targets: list[Any] = [term.targets(scene) for term in terms]
        height, width = scene.photo.shape[2:]
        self.tiles = scene.tiles(height, width)
        self.unit = max(abs(term.weight) for term in terms) / LARGEST_WEIGHT or 1.0

    def __call__(self, picture: Tensor) -> Costs:
        """The costs of a whole picture, 1 × 3 × H × W in 0–255, differentiable; there must be one tile."""
        (tile,) = self.tiles
        costs, layers = self._costs(self.sums(picture, tile))
        return Costs(self._weighted(costs) * self.unit, costs, layers)

    def sums(self, picture: Tensor, tile: Tile) -> list[Sums]:
        """Each term's sums over the core of a tile, given the pixels in its window."""
        features = {}
        if any(term.layers for term in self.terms):
            seen = picture if self.augment is None else self.augment(picture)
            features = self.scene.network(seen, tile)
        view = View(tile, picture, features)
        return [term.sums(view, targets) for term, targets in zip(self.terms, self.targets, strict=True)]

    def numbers(self, sums: Sequence[Sums]) -> Tensor:
        """The objective, in the unit of the computation, the cost of each term, and what each layer adds to it.

        Args:
            sums: of each term, over all tiles.
        """
        costs, layers = self._costs(sums)
        of_layers = (cost for of_term in layers.values() for cost in of_term.values())
        return torch.stack([self._weighted(costs), *costs.values(), *of_layers])

    def named(self, parts: Sequence[float]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """The costs of terms and of their layers, by name: what :meth:`numbers` gives after the objective."""
        left = iter(parts)
        costs = {term.name: next(left) for term in self.terms}
        layered = [term for term in self.terms if isinstance(term, Layered)]
        return costs, {term.name: {layer: next(left) for layer in dict.fromkeys(term.layers)} for term in layered}

    def _costs(self, sums: Sequence[Sums]) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
        costs, layers = {}, {}
        for term, of_term, targets in zip(self.terms, sums, self.targets, strict=True):
            if isinstance(term, Layered):  # its cost is their sum, and they are computed once
                layers[term.name] = term.layer_costs(of_term, targets)
                costs[term.name] = torch.stack(list(layers[term.name].values())).sum()
            else:
                costs[term.name] = term.cost(of_term, targets)
        return costs, layers

    def _weighted(self, costs: Mapping[str, Tensor]) -> Tensor:
        parts = [term.weight / self.unit * costs[term.name] for term in self.terms]
        return sum(parts[1:], parts[0])


class OnCanvas:
    """An objective as a function of the vector that stands for a picture.

    Args:
        objective: what is evaluated.
        canvas: how a vector stands for a picture.
        point: one such vector.
    """

    def __init__(self, objective: Objective, canvas: Canvas, point: Tensor) -> None:
        self.objective = objective
        self.canvas = canvas
        self._whole: Differentiable | None = None
        if len(objective.tiles) == objective.scene.share.count == 1:
            (tile,) = objective.tiles

            def numbers(leaf: Tensor) -> Tensor:
                return objective.numbers(objective.sums(canvas.picture(leaf), tile))

            # What is random must be drawn anew each time, and a recording would not.
            record = canvas.width * canvas.height <= RECORDED and objective.augment is None
            self._whole = recorded(numbers, point) if record else plain(numbers)

    def __call__(self, point: Tensor) -> CanvasEvaluation:
        """The objective of the picture that a vector stands for."""
        if self._whole is not None:
            return self._evaluation(point, *self._whole(point))
        objective, share = self.objective, self.objective.scene.share
        tiles = share.mine(objective.tiles, point)
        room = objective.scene.tile
        # Those who share have few tiles each, and may have room for all their graphs; then a single pass is enough.
        graphs: list[Graph] | None = [] if room is None or sum(map(read, tiles)) <= room else None
        sums = self._summed(point, tiles, graphs)
        leaves = [[each.requires_grad_() for each in of_term] for of_term in sums]
        numbers = self.objective.numbers([tuple(of_term) for of_term in leaves])
        flat = [each for of_term in leaves for each in of_term]
        slopes = torch.autograd.grad(numbers[0], flat, materialize_grads=True)
        return self._evaluation(
            point, share.same(numbers.detach()), lambda: self._gradient(point, slopes, tiles, graphs)
        )

    def _evaluation(self, point: Tensor, numbers: Tensor, slope: Callable[[], Tensor]) -> CanvasEvaluation:
        value, *parts = numbers.tolist()  # all at once: each question to a device waits for it
        return CanvasEvaluation(point, value, value * self.objective.unit, *self.objective.named(parts), slope)

    def _summed(self, point: Tensor, tiles: Sequence[Tile], graphs: "list[Graph] | None") -> list[list[Tensor]]:
        """Each term's sums over all tiles, in the type in which costs are computed.

        Args:
            point: the vector.
            tiles: one's own.
            graphs: where those of the tiles are put; None to keep none.
        """
        scene = self.objective.scene
        total: list[Sums | None] = [None] * len(self.objective.terms)
        for tile in tiles:
            give_back()
            with torch.set_grad_enabled(graphs is not None):
                graph = self._graph(point, tile)
            if graphs is not None:
                graphs.append(graph)
            of_tile = [tuple(each.detach() for each in of_term) for of_term in graph.sums]
            total = [added(sums, more) for sums, more in zip(total, of_tile, strict=True)]
        return [[each.to(scene.dtype) for each in of_term] for of_term in scene.share.total(total)]

    def _gradient(
        self, point: Tensor, slopes: Sequence[Tensor], tiles: Sequence[Tile], graphs: "list[Graph] | None"
    ) -> Tensor:
        """The gradient at a vector, given the slopes of the objective with respect to all sums."""
        scene = self.objective.scene
        gradient = scene.allocate(point.shape, point.dtype).zero_()
        for number, tile in enumerate(tiles):
            give_back()
            graph = self._graph(point, tile) if graphs is None else graphs[number]
            sums = [each for of_term in graph.sums for each in of_term]
            share = torch.stack([(each * slope).sum() for each, slope in zip(sums, slopes, strict=True)]).sum()
            views = self.canvas.within(gradient, tile.window)[: self.canvas.moving]
            for view, more in zip(views, torch.autograd.grad(share, graph.moving), strict=True):
                view.add_(more)
        scene.share.add_up(gradient)
        return gradient

    def _graph(self, point: Tensor, tile: Tile) -> "Graph":
        """A tile's sums, differentiable by the parameters within its window."""
        canvas = self.canvas
        parts = [part.detach() for part in canvas.within(point, tile.window)]
        moving = [part.requires_grad_() for part in parts[: canvas.moving]]
        return Graph(moving, self.objective.sums(canvas.part(parts, tile.window), tile))


@dataclass(frozen=True)
class Graph:
    """What a tile adds to the sums.

    Attributes:
        moving: the parameters that it depends on.
        sums: of each term.
    """

    moving: Sequence[Tensor]
    sums: Sequence[Sums]
