"""Optimisers: each is an endless iterator of steps over an objective's value and gradient.

An optimiser never sees pictures. It gets one flat vector and a function that evaluates the objective at such a vector,
and after each of its steps it yields the evaluation that it stands on.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Evaluation:
    """An objective at a point: its value, and its gradient of the point's shape."""

    point: Tensor
    value: float
    gradient: Tensor


E = TypeVar("E", bound=Evaluation)


class Optimizer(Protocol):
    """A way to minimise."""

    def steps(self, start: Tensor, evaluate: Callable[[Tensor], E]) -> Iterator[E]:
        """Yield where the optimiser is after each step; the first step starts from `start`."""


class LBFGS:
    """L-BFGS with every step safeguarded (Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.5).

    A step whose root mean square exceeds `longest` is shortened to it. One that raises the value is tried again at a
    quarter of its length; where the second trial fails too, the history is forgotten and the descent starts anew along
    the gradient. An accepted step costs one evaluation.

    Args:
        history: how many pairs of steps and gradient changes to keep.
        first: the root mean square of the first step, before the curvature is known.
        longest: the largest root mean square of any step.
    """

    def __init__(self, history: int = 20, first: float = 0.1, longest: float = 0.5) -> None:
        self.history = history
        self.first = first
        self.longest = longest

    def steps(self, start: Tensor, evaluate: Callable[[Tensor], E]) -> Iterator[E]:
        """Yield where it is after each step. Ends where no step lowers the value."""
        here = evaluate(start)
        pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=self.history)
        first = self.first
        while True:
            direction = self._direction(here.gradient, pairs)
            if not pairs:
                direction *= first / max(_rms(direction), 1e-30)
            length = _rms(direction)
            if length > self.longest:
                direction *= self.longest / length
            there = evaluate(here.point + direction)
            if not there.value < here.value:
                direction *= 0.25
                there = evaluate(here.point + direction)
            if there.value < here.value:
                change = there.gradient - here.gradient
                curvature = float(change @ direction)
                if curvature > 1e-10 * float(change @ change):
                    pairs.append((direction, change, 1 / curvature))
                here = there
            else:
                if not pairs:
                    first *= 0.1
                    if first < 1e-6:
                        return
                pairs.clear()
            yield here

    @staticmethod
    def _direction(gradient: Tensor, pairs: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
        """Minus the inverse Hessian's estimate times the gradient, by the two-loop recursion."""
        direction = -gradient
        shares = []
        for step, change, inverse in reversed(pairs):
            share = inverse * float(step @ direction)
            shares.append(share)
            direction.add_(change, alpha=-share)
        if pairs:
            _, change, inverse = pairs[-1]
            direction *= 1 / (inverse * float(change @ change))
        for (step, change, inverse), share in zip(pairs, reversed(shares), strict=True):
            direction.add_(step, alpha=share - inverse * float(change @ direction))
        return direction


class Adam:
    """PyTorch's Adam (Kingma and Ba 2015) as an iterator of steps.

    Args:
        rate: the learning rate, in the units of the parameters.
    """

    def __init__(self, rate: float = 0.05) -> None:
        self.rate = rate

    def steps(self, start: Tensor, evaluate: Callable[[Tensor], E]) -> Iterator[E]:
        """Yield where it was before each step, without an end."""
        point = start.clone()
        optimizer = torch.optim.Adam([point], lr=self.rate)
        while True:
            here = evaluate(point.clone())
            yield here
            point.grad = here.gradient
            optimizer.step()


def _rms(vector: Tensor) -> float:
    return float(vector.square().mean().sqrt())
