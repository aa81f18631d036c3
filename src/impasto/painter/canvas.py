"""A canvas in an optimiser's hands: flat vectors of parameters, and the picture and the objective at such a vector."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.images.arrays import strips
from impasto.painter.objective import Costs, Objective
from impasto.painter.optimize import Evaluation
from impasto.painter.pyramid import Parameterization, Windowed, within
from impasto.painter.scratch import Allocate
from impasto.painter.tiles import TiledStyleTransfer


class CanvasEvaluation(Evaluation):
    """An evaluation of the objective, with the objective, its content and style part as numbers."""

    def __init__(self, point: Tensor, costs: tuple[float, float, float], slope: Callable[[], Tensor]) -> None:
        super().__init__(point, costs[0], slope)
        self.costs = costs


@dataclass(frozen=True)
class Canvas:
    """How a flat vector stands for a picture.

    Attributes:
        parameterization: what its parts mean.
        shapes: of the parts.
        width, height: of the picture.
    """

    parameterization: Parameterization
    shapes: Sequence[torch.Size]
    width: int
    height: int

    @classmethod
    def begin(
        cls,
        parameterization: Parameterization,
        width: int,
        height: int,
        draw: Callable[[Tensor], object],
        allocate: Allocate,
    ) -> "tuple[Canvas, Tensor]":
        """A canvas, and the vector that stands for a picture.

        Args:
            parameterization: what the vector's parts mean.
            width: of the picture, in pixels.
            height: the same.
            draw: overwrites 1 × 3 × H × W numbers with the picture, in 0–255.
            allocate: makes the vector.
        """
        if isinstance(parameterization, Windowed):  # in the place of the finest part, and nowhere else
            canvas = cls.shaped(parameterization, width, height)
            vector = allocate((sum(math.prod(shape) for shape in canvas.shapes),), torch.float32)
            parts = canvas.parts(vector)
            draw(parts[0])
            parameterization.hold(parts)
            return canvas, vector
        picture = allocate((1, 3, height, width), torch.float32)
        draw(picture)
        held = parameterization.parameters(picture)
        canvas = cls(parameterization, [part.shape for part in held], width, height)
        return canvas, torch.cat([part.flatten() for part in held])

    @classmethod
    def shaped(cls, parameterization: Parameterization, width: int, height: int) -> "Canvas":
        """A canvas for a picture of this size."""
        if isinstance(parameterization, Windowed):
            return cls(parameterization, parameterization.shapes(height, width), width, height)
        parts = parameterization.parameters(torch.empty(1, 3, height, width, device="meta"))  # without numbers
        return cls(parameterization, [part.shape for part in parts], width, height)

    def parts(self, vector: Tensor) -> list[Tensor]:
        """The parameters, views into a vector."""
        pieces = vector.split([math.prod(shape) for shape in self.shapes])
        return [piece.view(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]

    def strips(self, vector: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The picture as (rows, 1 × 3 × rows × W), in strips where the parameterization can."""
        parts = self.parts(vector)
        with torch.no_grad():
            if not isinstance(self.parameterization, Windowed):
                yield slice(0, self.height), self.parameterization.picture(parts)
                return
            for rows in strips(self.height, self.width):
                window = (rows.start, rows.stop), (0, self.width)
                seen = within(self.parameterization, parts, window)
                yield rows, self.parameterization.part(seen, self.shapes, window)

    def at_once(self, objective: Objective) -> Callable[[Tensor], CanvasEvaluation]:
        """Evaluates an objective of the whole picture at a vector."""

        def evaluate(point: Tensor) -> CanvasEvaluation:
            leaf = point.detach().requires_grad_()
            costs: Costs = objective(self.parameterization.picture(self.parts(leaf)))
            values = (costs.objective.item(), costs.content.item(), costs.style.item())
            return CanvasEvaluation(point, values, lambda: torch.autograd.grad(costs.objective, leaf)[0])

        return evaluate

    def in_tiles(self, objective: TiledStyleTransfer, allocate: Allocate) -> Callable[[Tensor], CanvasEvaluation]:
        """Evaluates an objective tile by tile at a vector."""
        parameterization = self.parameterization
        assert isinstance(parameterization, Windowed)

        def evaluate(point: Tensor) -> CanvasEvaluation:
            values, differentiate = objective.evaluate(parameterization, self.parts(point))

            def slope() -> Tensor:
                gradient = allocate(point.shape, point.dtype)
                differentiate(self.parts(gradient))
                return gradient

            return CanvasEvaluation(point, values, slope)

        return evaluate
