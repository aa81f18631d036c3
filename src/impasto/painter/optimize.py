"""Optimisers: each is an iterator of steps over an objective's value and gradient.

An optimiser never sees pictures. It gets one flat vector and a function that evaluates the objective at such a vector,
and after each of its steps it yields the evaluation that it stands on.
"""

import math
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from impasto.painter.scratch import Allocate, in_memory


class Evaluation:
    """An objective at a point; its gradient is computed when it is first asked for, and it may never be.

    Args:
        point: a flat vector.
        value: the objective there.
        slope: computes the gradient, of the point's shape.
    """

    def __init__(self, point: Tensor, value: float, slope: Callable[[], Tensor]) -> None:
        self.point = point
        self.value = value
        self._slope: Callable[[], Tensor] | None = slope

    @cached_property
    def gradient(self) -> Tensor:
        """The gradient, of the point's shape."""
        assert self._slope is not None
        slope, self._slope = self._slope, None  # what it was computed from is needed no more
        return slope()


E = TypeVar("E", bound=Evaluation)
SLICE = 1 << 22


class Pair(NamedTuple):
    """What L-BFGS remembers of a step: the step, the change of the gradient, and 1 / (change · step); and a name."""

    step: Tensor
    change: Tensor
    inverse: float
    name: str


class Optimizer(Protocol):
    """A way to minimise."""

    def steps(
        self,
        start: Tensor | E,
        evaluate: Callable[[Tensor], E],
        count: int,
        *,
        near: bool,
        allocate: Allocate,
        pairs: deque[Pair],
    ) -> Iterator[E]:
        """Yield where the optimiser is after each step; the first step starts from `start`.

        Args:
            start: a point, or the evaluation of one.
            evaluate: evaluates the objective at a point.
            count: how many steps at most; the last one's gradient is not asked for.
            near: whether the start is one that was sought, such as a painting enlarged, and not just any.
            allocate: makes the vectors that are kept from step to step.
            pairs: what it remembers of earlier steps, which it keeps up to date.
        """


class LBFGS:
    """L-BFGS with every step safeguarded (Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.5).

    A step whose root mean square exceeds `longest` is shortened to it. One that raises the value is tried again at a
    quarter of its length; where the second trial fails too, the history is forgotten and the step taken along the
    gradient, ever shorter. An accepted step costs one evaluation.

    Args:
        history: how many pairs of steps and gradient changes to keep.
        first: the root mean square of the first step, before the curvature is known; half of it near a minimum.
        longest: the largest root mean square of any step.
    """

    def __init__(self, history: int = 20, first: float = 0.1, longest: float = 0.5) -> None:
        self.history = history
        self.first = first
        self.longest = longest

    def steps(
        self,
        start: Tensor | E,
        evaluate: Callable[[Tensor], E],
        count: int,
        *,
        near: bool = False,
        allocate: Allocate = in_memory,
        pairs: deque[Pair] | None = None,
    ) -> Iterator[E]:
        """Yield where it is after each step. Ends where no step lowers the value."""
        here = evaluate(start) if isinstance(start, Tensor) else start
        pairs = deque() if pairs is None else pairs
        first = self.first / 2 if near else self.first
        for left in reversed(range(count)):
            while True:
                direction = self._direction(here.gradient, pairs, allocate)
                if not pairs:
                    direction *= first / max(_rms(direction), 1e-30)
                length = _rms(direction)
                if length > self.longest:
                    direction *= self.longest / length
                there = evaluate(_sum(here.point, direction, allocate))
                if not there.value < here.value:
                    del there  # and what its gradient would have been computed from
                    direction *= 0.25
                    there = evaluate(_sum(here.point, direction, allocate))
                if there.value < here.value:
                    break
                if not pairs:
                    first *= 0.1
                    if first < 1e-6:
                        return
                pairs.clear()
                del there, direction
            if left:
                change = torch.sub(there.gradient, here.gradient, out=_like(direction, allocate))
                self._remember(pairs, direction, change)
            here = there
            del there, direction
            yield here

    def _remember(self, pairs: deque[Pair], step: Tensor, change: Tensor) -> None:
        curvature = _dot(change, step)
        if curvature > 1e-10 * _dot(change, change):
            pairs.append(Pair(step, change, 1 / curvature, secrets.token_hex(8)))
            if len(pairs) > self.history:
                pairs.popleft()

    @staticmethod
    def _direction(gradient: Tensor, pairs: deque[Pair], allocate: Allocate) -> Tensor:
        """Minus the inverse Hessian's estimate times the gradient, by the two-loop recursion."""
        direction = torch.neg(gradient, out=_like(gradient, allocate))
        shares = []
        for pair in reversed(pairs):
            share = pair.inverse * _dot(pair.step, direction)
            shares.append(share)
            direction.add_(pair.change, alpha=-share)
        if pairs:
            direction *= 1 / (pairs[-1].inverse * _dot(pairs[-1].change, pairs[-1].change))
        for pair, share in zip(pairs, reversed(shares), strict=True):
            direction.add_(pair.step, alpha=share - pair.inverse * _dot(pair.change, direction))
        return direction


class Adam:
    """PyTorch's Adam (Kingma and Ba 2015) as an iterator of steps; it keeps its moments in memory.

    Args:
        rate: the learning rate, in the units of the parameters.
    """

    def __init__(self, rate: float = 0.05) -> None:
        self.rate = rate

    def steps(
        self,
        start: Tensor | E,
        evaluate: Callable[[Tensor], E],
        count: int,
        *,
        near: bool = False,
        allocate: Allocate = in_memory,
        pairs: deque[Pair] | None = None,
    ) -> Iterator[E]:
        """Yield where it was before each step; of a run that goes on, the moments start anew."""
        del near, pairs
        point = (start if isinstance(start, Tensor) else start.point).clone()
        optimizer = torch.optim.Adam([point], lr=self.rate)
        for _ in range(count):
            here = evaluate(_like(point, allocate).copy_(point))
            yield here
            point.grad = here.gradient
            optimizer.step()


def _like(vector: Tensor, allocate: Allocate) -> Tensor:
    return allocate(vector.shape, vector.dtype)


def _sum(a: Tensor, b: Tensor, allocate: Allocate) -> Tensor:
    return torch.add(a, b, out=_like(a, allocate))


def _dot(a: Tensor, b: Tensor) -> float:
    """A · b; long vectors in slices, whose products are added up in float64."""
    return sum(float(x @ y) for x, y in zip(a.split(SLICE), b.split(SLICE), strict=True))


def _rms(vector: Tensor) -> float:
    return math.sqrt(_dot(vector, vector) / len(vector))
