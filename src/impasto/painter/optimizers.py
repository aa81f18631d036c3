"""Optimisers: each is an iterator of steps over an objective's value and gradient.

An optimiser never sees pictures. It gets one flat vector and a function that evaluates the objective at such a vector,
and after each of its steps it yields the evaluation that it stands on. Numbers stay on the device: a step asks for one
only where it has to decide.
"""

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from impasto.painter.scratch import Allocate, in_memory


class Evaluation:
    """An objective at a point; its gradient is computed when it is first asked for, and it may never be.

    Args:
        point: a flat vector.
        value: the objective there.
        slope: computes the gradient, of the point's shape; None where nobody will ask for it.
    """

    def __init__(self, point: Tensor, value: float, slope: Callable[[], Tensor] | None) -> None:
        self.point = point
        self.value = value
        self._slope = slope

    @cached_property
    def gradient(self) -> Tensor:
        """The gradient, of the point's shape."""
        assert self._slope is not None
        slope, self._slope = self._slope, None  # frees what it was computed from
        return slope()

    def settle(self) -> None:
        """Free what the gradient would be computed from; nobody will ask for it."""
        self._slope = None

    @property
    def settled(self) -> bool:
        """Whether there is no gradient, and nothing to compute it from."""
        return self._slope is None and "gradient" not in self.__dict__


E = TypeVar("E", bound=Evaluation)
# Longer vectors are multiplied in slices of so many numbers, whose products are added up in float64.
SLICE = 1 << 22


@dataclass(frozen=True)
class State:
    """What an optimiser remembers between two steps, so that another process can go on.

    Attributes:
        numbers: as JSON can hold them.
        vectors: by names. A vector whose numbers do not change keeps its name, and no other gets that name.
    """

    numbers: Mapping[str, Any] = field(default_factory=dict)
    vectors: Mapping[str, Tensor] = field(default_factory=dict)


class Optimizer(Protocol):
    """A way to minimise."""

    def steps(
        self,
        start: E,
        evaluate: Callable[[Tensor], E],
        count: int,
        *,
        near: bool = False,
        allocate: Allocate = in_memory,
    ) -> Iterator[E]:
        """Yield where the optimiser is after each step; it goes on with what it remembers.

        Args:
            start: the evaluation of a point.
            evaluate: evaluates the objective at a point.
            count: how many steps at most; the last one's gradient is not asked for.
            near: whether the start is one that was sought, such as a painting enlarged, and not just any.
            allocate: makes the vectors that are kept from step to step.
        """

    def vectors(self, steps: int) -> int:
        """How many vectors it remembers after so many steps, beside points and gradients."""

    def state(self) -> State:
        """What it remembers now."""

    def load(self, state: State) -> None:
        """Remember this, and nothing else; an empty state to start anew."""


class Pair(NamedTuple):
    """What L-BFGS remembers of a step: the step, the change of the gradient, and 1 / (change · step); and a name."""

    step: Tensor
    change: Tensor
    inverse: Tensor
    name: str


class LBFGS:
    """L-BFGS with every step safeguarded (Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.5).

    A step whose root mean square exceeds `longest` is shortened to it. One that raises the value is tried again at a
    quarter of its length; where the second trial fails too, the history is forgotten and the step taken along the
    gradient, ever shorter. An accepted step costs one evaluation. The objective's unit does not matter.

    Args:
        history: how many pairs of steps and gradient changes to keep.
        first: the root mean square of the first step, before the curvature is known; half of it near a minimum.
        longest: the largest root mean square of any step.
    """

    def __init__(self, history: int = 20, first: float = 0.1, longest: float = 0.5) -> None:
        self.history = history
        self.first = first
        self.longest = longest
        self._pairs: deque[Pair] = deque()

    def vectors(self, steps: int) -> int:
        """Two a step, up to the length of the history."""
        return 2 * min(steps, self.history)

    def state(self) -> State:
        """The pairs."""
        names = [[pair.name, float(pair.inverse)] for pair in self._pairs]
        steps = {f"step-{pair.name}": pair.step for pair in self._pairs}
        return State({"pairs": names}, steps | {f"change-{pair.name}": pair.change for pair in self._pairs})

    def load(self, state: State) -> None:
        """Take over the pairs of :meth:`state`."""
        held = state.vectors
        self._pairs = deque(
            Pair(held[f"step-{name}"], held[f"change-{name}"], _number(inverse, held[f"step-{name}"]), name)
            for name, inverse in state.numbers.get("pairs", ())
        )

    def steps(
        self,
        start: E,
        evaluate: Callable[[Tensor], E],
        count: int,
        *,
        near: bool = False,
        allocate: Allocate = in_memory,
    ) -> Iterator[E]:
        """Yield where it is after each step. Ends where no step lowers the value."""
        here = start
        first = self.first / 2 if near else self.first
        for left in reversed(range(count)):
            while True:
                direction = self._direction(here.gradient, allocate)
                if not self._pairs:
                    direction *= first / _rms(direction).clamp(min=torch.finfo(direction.dtype).tiny)
                direction *= (self.longest / _rms(direction)).clamp(max=1)
                there = evaluate(_sum(here.point, direction, allocate))
                if not there.value < here.value:
                    del there  # and what its gradient would have been computed from
                    direction *= 0.25
                    there = evaluate(_sum(here.point, direction, allocate))
                if there.value < here.value:
                    break
                if not self._pairs:
                    first *= 0.1
                    if first < 1e-6:
                        return
                self._pairs.clear()
                del there, direction
            if left:
                self._remember(direction, torch.sub(there.gradient, here.gradient, out=_like(direction, allocate)))
            here = there
            del there, direction
            yield here

    def _remember(self, step: Tensor, change: Tensor) -> None:
        curvature = _dot(change, step)
        # Both vectors' lengths are in it, so that it does not depend on the objective's unit.
        if bool(curvature > 1e-10 * (_dot(change, change) * _dot(step, step)).sqrt()):
            self._pairs.append(Pair(step, change, 1 / curvature, secrets.token_hex(8)))
            if len(self._pairs) > self.history:
                self._pairs.popleft()

    def _direction(self, gradient: Tensor, allocate: Allocate) -> Tensor:
        """Minus the inverse Hessian's estimate times the gradient, by the two-loop recursion."""
        direction = torch.neg(gradient, out=_like(gradient, allocate))
        shares = []
        for pair in reversed(self._pairs):
            share = pair.inverse * _dot(pair.step, direction)
            shares.append(share)
            direction.addcmul_(pair.change, -share)
        if self._pairs:
            last = self._pairs[-1]
            direction *= 1 / (last.inverse * _dot(last.change, last.change))
        for pair, share in zip(self._pairs, reversed(shares), strict=True):
            direction.addcmul_(pair.step, share - pair.inverse * _dot(pair.change, direction))
        return direction


class Adam:
    """Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1), without safeguards.

    Args:
        rate: the learning rate, in the units of the parameters.
    """

    DECAYS = 0.9, 0.999

    def __init__(self, rate: float = 0.05) -> None:
        self.rate = rate
        self._taken = 0
        self._moments: tuple[Tensor, Tensor] | None = None

    def vectors(self, steps: int) -> int:
        """Two moments."""
        return 2

    def state(self) -> State:
        """The two moments, and how many steps were taken."""
        moments = self._moments or ()
        return State({"taken": self._taken}, {f"moment-{i}-{self._taken}": m for i, m in enumerate(moments)})

    def load(self, state: State) -> None:
        """Take over the moments of :meth:`state`."""
        self._taken = state.numbers.get("taken", 0)
        held = state.vectors
        self._moments = (held[f"moment-0-{self._taken}"], held[f"moment-1-{self._taken}"]) if held else None

    def steps(
        self,
        start: E,
        evaluate: Callable[[Tensor], E],
        count: int,
        *,
        near: bool = False,
        allocate: Allocate = in_memory,
    ) -> Iterator[E]:
        """Yield where it is after each step."""
        del near
        here = start
        for _ in range(count):
            gradient = here.gradient
            if self._moments is None:
                self._moments = _like(gradient, allocate).zero_(), _like(gradient, allocate).zero_()
            self._taken += 1
            (mean, square), (slow, slower) = self._moments, self.DECAYS
            mean.lerp_(gradient, 1 - slow)
            square.mul_(slower).addcmul_(gradient, gradient, value=1 - slower)
            spread = (square / (1 - slower**self._taken)).sqrt_().add_(1e-8)
            here = evaluate(here.point.addcdiv(mean, spread, value=-self.rate / (1 - slow**self._taken)))
            yield here


def _like(vector: Tensor, allocate: Allocate) -> Tensor:
    return allocate(vector.shape, vector.dtype)


def _sum(a: Tensor, b: Tensor, allocate: Allocate) -> Tensor:
    return torch.add(a, b, out=_like(a, allocate))


def _number(value: float, like: Tensor) -> Tensor:
    return torch.tensor(value, dtype=_exact(like), device=like.device)


def _exact(vector: Tensor) -> torch.dtype:
    """The type in which products of vectors are added up; Apple's devices have no float64."""
    return vector.dtype if vector.device.type == "mps" else torch.float64


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """A · b, a number on their device; long vectors in slices."""
    if len(a) <= SLICE:
        return (a @ b).to(_exact(a))
    products = [x @ y for x, y in zip(a.split(SLICE), b.split(SLICE), strict=True)]
    return torch.stack(products).to(_exact(a)).sum()


def _rms(vector: Tensor) -> Tensor:
    return (_dot(vector, vector) / len(vector)).sqrt()
