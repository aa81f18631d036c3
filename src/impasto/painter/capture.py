"""A function of a vector and its gradient, recorded once and replayed, where the device can.

An evaluation of a small canvas is hundreds of short kernels, and a GPU is done with each sooner than Python asks for
the next. A CUDA graph holds all of them, and is started with one call.
"""

import warnings
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor


class Differentiable(Protocol):
    """A function of a vector, in two parts."""

    def __call__(self, point: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        """The numbers that the function gives, and what computes the gradient of the first of them, of point's shape.

        The numbers may be overwritten by the next call. The gradient is the caller's to keep.
        """


def plain(function: Callable[[Tensor], Tensor]) -> Differentiable:
    """The function as it is, differentiated by PyTorch."""

    def call(point: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        leaf = point.detach().requires_grad_()
        numbers = function(leaf)
        return numbers.detach(), lambda: torch.autograd.grad(numbers[0], leaf)[0]

    return call


def recorded(function: Callable[[Tensor], Tensor], point: Tensor) -> Differentiable:
    """The function recorded as a CUDA graph, or as it is where that can't be.

    It can't where the function waits for the device, for instance to decide something by a number.

    Args:
        function: gives a vector of numbers, and computes the same way whatever the point.
        point: an example; others have its shape.
    """
    if point.device.type != "cuda" or _waits(function, point):
        return plain(function)
    return _Recording(function, point)


def _waits(function: Callable[[Tensor], Tensor], point: Tensor) -> bool:
    """Whether the function or its gradient asks the device for a number.

    It is run to see that, and a first time before: libraries then choose their kernels and make their working memory.
    """
    call, before = plain(function), torch.cuda.get_sync_debug_mode()
    call(point)[1]()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Synchronization debug mode")
            torch.cuda.set_sync_debug_mode("error")
        call(point)[1]()
    except RuntimeError as error:
        if "synchroniz" not in str(error):
            raise
        return True
    finally:
        torch.cuda.set_sync_debug_mode(before)
    return False


class _Recording:
    """A function and its gradient as two graphs, which share their memory."""

    def __init__(self, function: Callable[[Tensor], Tensor], point: Tensor) -> None:
        self._leaf = point.clone().requires_grad_()
        self._forward, self._backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        self._calls = 0
        with torch.cuda.graph(self._forward):
            self._numbers = function(self._leaf)
        with torch.cuda.graph(self._backward, pool=self._forward.pool()):
            (self._gradient,) = torch.autograd.grad(self._numbers[0], self._leaf)

    def __call__(self, point: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        self._at(point)
        calls = self._calls

        def slope() -> Tensor:
            if self._calls != calls:  # another point was asked for since
                self._at(point)
            self._backward.replay()
            return self._gradient.clone()

        return self._numbers.detach(), slope

    def _at(self, point: Tensor) -> None:
        self._calls += 1
        with torch.no_grad():
            self._leaf.copy_(point)
        self._forward.replay()
