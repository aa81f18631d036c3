"""A canvas in an optimiser's hands: flat vectors of parameters, and the picture that such a vector stands for."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from impasto.images.arrays import strips
from impasto.painter.pyramid import Parameterization, Window, Windowed, cut, within
from impasto.painter.scratch import Allocate


@dataclass(frozen=True)
class Canvas:
    """How a flat vector stands for a picture.

    Attributes:
        parameterization: what its parts mean.
        shapes: of the parts.
        width, height: of the picture.
        held: the last parts, where they are kept still and are not in the vector.
        bare: (picture, share), bytes of 1 × 3 × H × W and 1 × 1 × H × W: so much of that picture shows instead.
    """

    parameterization: Parameterization
    shapes: Sequence[torch.Size]
    width: int
    height: int
    held: Sequence[Tensor] = ()
    bare: tuple[Tensor, Tensor] | None = None

    @classmethod
    def begin(
        cls,
        parameterization: Parameterization,
        width: int,
        height: int,
        draw: Callable[[Tensor], object],
        allocate: Allocate,
        moving: int | None = None,
    ) -> "tuple[Canvas, Tensor]":
        """A canvas, and the vector that stands for a picture.

        Args:
            parameterization: what the vector's parts mean.
            width: of the picture, in pixels.
            height: the same.
            draw: overwrites 1 × 3 × H × W numbers with the picture, in 0–255.
            allocate: makes the vector.
            moving: how many parts are in the vector, the others being held still; all of them without.
        """
        if isinstance(parameterization, Windowed):  # in the place of the finest part, and nowhere else
            shapes = parameterization.shapes(height, width)
            whole = cls(parameterization, shapes, width, height)
            vector = allocate((sum(map(math.prod, shapes)),), torch.float32)
            parts = whole.parts(vector)
            draw(parts[0])
            parameterization.hold(parts)
            length = sum(map(math.prod, shapes[:moving]))
            return replace(whole, held=[part.clone() for part in parts[len(shapes[:moving]) :]]), vector[:length]
        picture = allocate((1, 3, height, width), torch.float32)
        draw(picture)
        held = parameterization.parameters(picture)
        canvas = cls(parameterization, [part.shape for part in held], width, height)
        return canvas, torch.cat([part.flatten() for part in held])

    @classmethod
    def shaped(
        cls, parameterization: Parameterization, width: int, height: int, held: Tensor | None = None
    ) -> "Canvas":
        """A canvas for a picture of this size; `held` are the numbers of the parts that are not in the vector."""
        if isinstance(parameterization, Windowed):
            shapes = parameterization.shapes(height, width)
        else:
            parts = parameterization.parameters(torch.empty(1, 3, height, width, device="meta"))  # without numbers
            shapes = [part.shape for part in parts]
        kept: list[Tensor] = []
        for shape in reversed(shapes):
            if held is None or len(held) == 0:
                break
            held, part = held.tensor_split([len(held) - math.prod(shape)])
            kept.insert(0, part.view(shape))
        return cls(parameterization, shapes, width, height, kept)

    @property
    def moving(self) -> int:
        """How many parts are in the vector."""
        return len(self.shapes) - len(self.held)

    def parts(self, vector: Tensor) -> list[Tensor]:
        """The parameters: views into a vector, and what is held still."""
        shapes = self.shapes[: self.moving]
        pieces = vector.split([math.prod(shape) for shape in shapes])
        return [*(piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)), *self.held]

    def picture(self, vector: Tensor) -> Tensor:
        """The whole picture, 1 × 3 × H × W in 0–255, differentiable."""
        return self._with_bare(self.parameterization.picture(self.parts(vector)), ((0, self.height), (0, self.width)))

    def within(self, vector: Tensor, window: Window) -> list[Tensor]:
        """The parameters, or their gradients, that a window of the picture depends on: views of :meth:`parts`."""
        return within(self._windowed, self.parts(vector), window)

    def part(self, parts: Sequence[Tensor], window: Window) -> Tensor:
        """A window of the picture, 1 × 3 × H × W in 0–255, from the parameters :meth:`within` it; differentiable."""
        return self._with_bare(self._windowed.part(parts, self.shapes, window), window)

    def _with_bare(self, painted: Tensor, window: Window) -> Tensor:
        if self.bare is None:
            return painted
        picture, share = (cut(each, window).to(painted) for each in self.bare)
        return torch.lerp(painted, picture, share / 255)

    @property
    def _windowed(self) -> Windowed:
        assert isinstance(self.parameterization, Windowed)
        return self.parameterization

    def strips(self, vector: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The picture as (rows, 1 × 3 × rows × W), in strips where the parameterization can."""
        with torch.no_grad():
            if not isinstance(self.parameterization, Windowed):
                yield slice(0, self.height), self.picture(vector)
                return
            for rows in strips(self.height, self.width):
                window = (rows.start, rows.stop), (0, self.width)
                yield rows, self.part(self.within(vector, window), window)
