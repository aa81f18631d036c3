"""What the optimiser holds in its hands: parameters, and the picture that they stand for.

Both parameterisations keep every pixel inside [0, 255] through x = 127.5 (1 + tanh z): a painter that optimises free
pixels and clamps on saving delivers a picture whose objective is many times what it reported. A tanh hardly moves a
pixel that starts at an end, so the start is drawn in to the middle `SPAN` of the range.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto.images.arrays import strips

SPAN = 0.95
# Orthonormal: light, red against blue, and green against both, as columns. It is no tensor: one that is made while
# PyTorch's inference mode is on can't be differentiated through later.
OPPONENT = np.array([[1.0, 1.0, 1.0], [1.0, 0.0, -2.0], [1.0, -1.0, 1.0]]) / np.sqrt([3.0, 2.0, 6.0])
Matrix = NDArray[np.float64]

Span = tuple[int, int]
Window = tuple[Span, Span]
"""A part of a picture: (first row, row after the last), and the same for columns."""


class Parameterization(Protocol):
    """A way to hold a picture as a list of tensors that an optimiser may change freely."""

    def parameters(self, picture: Tensor) -> list[Tensor]:
        """The parameters that stand for a picture, 1 × 3 × H × W in 0–255."""

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture, 1 × 3 × H × W in 0–255, differentiable."""


@runtime_checkable
class Windowed(Parameterization, Protocol):
    """One whose picture can be had in parts, so that it may be of any size."""

    def shapes(self, height: int, width: int) -> list[torch.Size]:
        """Of the parameters of a picture; the first is the picture's own, 1 × 3 × H × W."""

    def hold(self, parts: Sequence[Tensor]) -> None:
        """Put the parameters that stand for the picture in the first part into all parts, in place."""

    def windows(self, shapes: Sequence[torch.Size], window: Window) -> list[Window]:
        """What a window of the picture depends on: the windows of the parameters, which have these shapes."""

    def part(self, parts: Sequence[Tensor], shapes: Sequence[torch.Size], window: Window) -> Tensor:
        """A window of the picture, from the parameters in its :meth:`windows`, differentiable."""


def cut(picture: Tensor, window: Window) -> Tensor:
    """A window of a picture, a view."""
    (top, bottom), (left, right) = window
    return picture[..., top:bottom, left:right]


def within(parameterization: Windowed, parameters: Sequence[Tensor], window: Window) -> list[Tensor]:
    """What a window of the picture depends on, of the parameters or of their gradients: views."""
    windows = parameterization.windows([parameter.shape for parameter in parameters], window)
    return [cut(parameter, part) for parameter, part in zip(parameters, windows, strict=True)]


def _squash(free: Tensor) -> Tensor:
    return 127.5 + 127.5 * torch.tanh(free)


def _free(picture: Tensor) -> Tensor:
    return (picture / 127.5).sub_(1).clamp_(-1, 1).mul_(SPAN).atanh_()


class Pixels:
    """The pixels themselves, under the tanh."""

    def parameters(self, picture: Tensor) -> list[Tensor]:
        """One tensor of the picture's shape."""
        return [_free(picture)]

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture, 1 × 3 × H × W in 0–255."""
        return _squash(parameters[0])


class LaplacianPyramid:
    """The picture as a sum of band-passed pictures, each at half the size of the one before (Burt and Adelson 1983).

    A step that is short in the pyramid's coefficients can be long in the picture's large shapes, which is what makes
    L-BFGS need about half the steps that it needs on pixels. Colours are held as light and two opponent colours, in
    which a photo's are nearly uncorrelated.

    Args:
        levels: how many; the last is what is left after the others.
        scale: how much a coefficient of a level counts in the picture against one of the finer level beside it.
        chroma: how much a coefficient of an opponent colour counts against one of light.
    """

    def __init__(self, levels: int = 5, scale: float = 0.8, chroma: float = 0.7) -> None:
        self.levels = levels
        self.scale = scale
        weights = np.array([1.0, chroma, chroma])
        self.to_rgb = OPPONENT * weights
        self.from_rgb = OPPONENT.T / weights[:, None]

    def parameters(self, picture: Tensor) -> list[Tensor]:
        """Level l is 1 × 3 × ⌈H / 2ˡ⌉ × ⌈W / 2ˡ⌉; fewer levels where the picture is small."""
        shapes = self.shapes(picture.shape[2], picture.shape[3])
        parts = [picture.clone(), *(picture.new_empty(shape) for shape in shapes[1:])]
        self.hold(parts)
        return parts

    def shapes(self, height: int, width: int) -> list[torch.Size]:
        """Those that :meth:`parameters` names."""
        shapes = [torch.Size((1, 3, height, width))]
        while len(shapes) < self.levels and min(shapes[-1][2:]) >= 4:
            shapes.append(torch.Size((1, 3, *(-(-side // 2) for side in shapes[-1][2:]))))
        return shapes

    def hold(self, parts: Sequence[Tensor]) -> None:
        """Put the parameters that stand for the picture in the first part into all parts, in place."""
        for rows in strips(*parts[0].shape[2:]):
            strip = parts[0][:, :, rows]
            strip.copy_(mix(self.from_rgb, _free(strip)))
        weight = 1.0
        for level, (fine, coarse) in enumerate(pairwise(parts)):  # each holds what is left after the finer ones
            for rows in strips(*fine.shape[2:]):
                halved = F.avg_pool2d(fine[:, :, rows], 2, ceil_mode=True, count_include_pad=False)
                coarse[:, :, rows.start // 2 : -(-rows.stop // 2)] = halved
            for rows in strips(*fine.shape[2:]):
                window = (rows.start, rows.stop), (0, fine.shape[3])
                below = self.windows([fine.shape, coarse.shape], window)[1]
                strip = fine[:, :, rows]
                strip.sub_(_enlarge_within(cut(coarse, below), below, window, coarse.shape, fine.shape)).div_(weight)
            weight = self.scale ** (level + 1)
        parts[-1].div_(weight)

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture, 1 × 3 × H × W in 0–255."""
        weight = self.scale ** (len(parameters) - 1)
        whole = parameters[-1] * weight
        for band in reversed(parameters[:-1]):
            weight /= self.scale
            whole = band * weight + _enlarge(whole, band)
        return _squash(mix(self.to_rgb, whole))

    def windows(self, shapes: Sequence[torch.Size], window: Window) -> list[Window]:
        """The window at every level, widened by what enlarging reads."""
        windows = [window]
        for fine, coarse in pairwise(shapes):
            rows, columns = (_sources(span, fine[2 + i], coarse[2 + i]) for i, span in enumerate(windows[-1]))
            spans = [(int(low[0]), int(high[-1]) + 1) for low, high, _ in (rows, columns)]
            windows.append((spans[0], spans[1]))
        return windows

    def part(self, parts: Sequence[Tensor], shapes: Sequence[torch.Size], window: Window) -> Tensor:
        """The same sum as :meth:`picture`, in the window alone."""
        windows = self.windows(shapes, window)
        weight = self.scale ** (len(parts) - 1)
        whole = parts[-1] * weight
        for level in reversed(range(len(parts) - 1)):
            weight /= self.scale
            enlarged = _enlarge_within(whole, windows[level + 1], windows[level], shapes[level + 1], shapes[level])
            whole = parts[level] * weight + enlarged
        return _squash(mix(self.to_rgb, whole))


def mix(matrix: Matrix, picture: Tensor) -> Tensor:
    """Each pixel's three colours, 1 × 3 × H × W, times a matrix of 3 × 3."""
    # Factors of a GPU's kernels, and no tensor there, which it would have to wait for; nor a product in TF32.
    red, green, blue = picture.split(1, dim=1)
    mixed = [torch.add(red * r, green, alpha=g).add_(blue, alpha=b) for r, g, b in matrix.tolist()]
    return torch.cat(mixed, dim=1)


def _enlarge(picture: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(picture, size=like.shape[2:], mode="bilinear", align_corners=False)


def _sources(span: Span, fine: int, coarse: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each position of a span, enlarged from `coarse` to `fine`: two that it lies between, the second's share."""
    positions = ((torch.arange(*span, dtype=torch.float64) + 0.5) * (coarse / fine) - 0.5).clamp(min=0)
    low = positions.long()
    return low, (low + 1).clamp(max=coarse - 1), positions - low


def _enlarge_within(picture: Tensor, window: Window, wanted: Window, coarse: torch.Size, fine: torch.Size) -> Tensor:
    """What :func:`_enlarge` gives in a window, from the coarse picture in the window that it depends on."""
    for axis in (0, 1):
        picture = _enlarge_along(2 + axis, picture, window[axis][0], wanted[axis], fine[2 + axis], coarse[2 + axis])
    return picture


def _enlarge_along(dim: int, picture: Tensor, start: int, span: Span, fine: int, coarse: int) -> Tensor:
    """A span of the enlarged picture along one axis, from what :func:`_sources` reads, which begins at `start`."""
    low, high, share = _sources(span, fine, coarse)
    shape = [1, 1, 1, 1]
    shape[dim] = -1
    near, far = (picture.index_select(dim, (index - start).to(picture.device)) for index in (low, high))
    return torch.lerp(near, far, share.to(picture).view(shape))
