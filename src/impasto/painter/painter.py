"""The painter: coarse to fine, an iterator of progress over the optimisation of the pixels."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from impasto import images
from impasto.images import Picture, PictureError
from impasto.nn.vgg import VGG19
from impasto.nn.weights import Weights, from_file, packaged
from impasto.painter import compute
from impasto.painter.color import recolor
from impasto.painter.objective import Costs, Objective, StyleTransfer
from impasto.painter.optimize import LBFGS, Optimizer
from impasto.painter.pyramid import LaplacianPyramid, Parameterization
from impasto.painter.settings import MIN_SIZE, Settings, SettingsError
from impasto.painter.styles import HouseStyle
from impasto.painter.styles import render as render_house_style

# A scale's share of the canvas's long side, and its steps. A step at half the size costs a quarter, and settles the
# large shapes and most of the colours.
SCHEDULES: dict[str, tuple[tuple[float, int], ...]] = {
    "draft": ((0.5, 16), (1.0, 4)),
    "standard": ((0.5, 45), (1.0, 35)),
    "fine": ((0.5, 100), (1.0, 160)),
}
# A coarse scale below this size has too few positions at conv5_1 to say anything of the style.
COARSEST = 96
# A house style is painted in the proportions of a landscape, whatever the photo's.
HOUSE_STYLE_RATIO = 4 / 3

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Progress:
    """Where a painting is after a step.

    Attributes:
        scale: of `scales`, from 0, the coarsest.
        width, height: the canvas at this scale.
        step: of `steps` at this scale, from 1.
        objective, content, style: of the canvas now; the parts before α and β.
        seconds: since painting began.
        seconds_left: an estimate.
        preview: the canvas now, uint8, H × W × 3.
    """

    scale: int
    scales: int
    width: int
    height: int
    step: int
    steps: int
    objective: float
    content: float
    style: float
    seconds: float
    seconds_left: float
    preview: Callable[[], Bytes]


@dataclass(frozen=True)
class Painting:
    """A painting, and what made it.

    Attributes:
        pixels: float32, H × W × 3, sRGB in 0–255.
        settings: the settings, and the names and digests of the pictures, as JSON can hold them.
        objective, content, style: of the canvas when it was taken; the parts before α and β.
        seconds: of painting.
        steps: over all scales.
    """

    pixels: NDArray[np.float32]
    settings: dict[str, Any]
    objective: float
    content: float
    style: float
    seconds: float
    steps: int

    def save(self, target: str | Path | BinaryIO, *, format: str | None = None, bits: int = 8) -> None:
        """Write the painting with its settings; see :func:`impasto.images.write`."""
        images.write(target, self.pixels, format=format, bits=bits, settings=self.settings)

    def image(self) -> Image.Image:
        """The painting as an 8-bit PIL image."""
        return Image.fromarray(_to_bytes(self.pixels))


def canvas_size(width: int, height: int, size: int | None) -> tuple[int, int]:
    """The canvas (width, height) for a photo and a long side: the short one is round(size / long · short).

    Raises:
        PictureError: a photo so thin that its short side would be under 16 px.
    """
    if size is None:
        size = max(width, height)
    long = max(width, height)
    canvas = (size, round(size / long * height)) if width == long else (round(size / long * width), size)
    if min(canvas) < MIN_SIZE // 2:
        raise PictureError(
            f"a photo of {width} × {height} at a size of {size} is {canvas[0]} × {canvas[1]}, too thin to paint; "
            f"crop it, or give a size of {math.ceil(long / min(width, height) * MIN_SIZE // 2)} or more"
        )
    return canvas


class Painter:
    """Paints one photo in one or more styles; iterate over it to paint.

    Args:
        photo: the content.
        styles: (style, weight) pairs; weights are normalised to sum to 1. A house style is rendered at the size asked.
        settings: what else is asked.
        init: the first canvas, where `settings.init` is "file".
        objective: makes another objective for a scale, from the photo there, 1 × 3 × H × W in 0–255.
        parameterization: what the optimiser holds; a Laplacian pyramid.
        optimizer: how it moves; L-BFGS.

    Raises:
        SettingsError, WeightsError: what was asked can't be done.
    """

    def __init__(
        self,
        photo: Picture,
        styles: Sequence[tuple[Picture | HouseStyle, float]],
        settings: Settings | None = None,
        *,
        init: Picture | None = None,
        objective: Callable[[Tensor], Objective] | None = None,
        parameterization: Parameterization | None = None,
        optimizer: Optimizer | None = None,
    ) -> None:
        self.photo = photo
        self.settings = settings or Settings()
        total = sum(weight for _, weight in styles)
        if not styles or not all(math.isfinite(weight) and weight >= 0 for _, weight in styles) or total <= 0:
            raise SettingsError("a style's weight must be 0 or more, and one of them above 0")
        if self.settings.init == "file" and init is None:
            raise SettingsError("no picture to start from; give one as init")
        self.styles = [(style, weight / total) for style, weight in styles]
        self.init = init
        self.width, self.height = canvas_size(photo.width, photo.height, self.settings.size)
        self.device = compute.device_of(self.settings)
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        self.parameterization = parameterization or LaplacianPyramid()
        self.optimizer = optimizer or LBFGS()
        self._make_objective = objective or self._style_transfer
        self._network: VGG19 | None = None
        self._rendered: dict[int, Bytes] = {}
        self._canvas = self._tensor(self._first_canvas())
        self._costs = (math.nan, math.nan, math.nan)
        self._seconds = 0.0
        self._steps = 0

    @property
    def network(self) -> VGG19:
        """The network, made when it is first used."""
        if self._network is None:
            self._network = self._make_network()
        return self._network

    def scales(self) -> list[tuple[int, int, int]]:
        """(width, height, steps) of each scale, the coarsest first."""
        scales, carried = [], 0
        for share, steps in SCHEDULES[self.settings.quality]:
            if share < 1 and min(self.width, self.height) * share < COARSEST:
                carried += steps  # what a scale too coarse to use would have done is cheap at the next
            else:
                scales.append((round(self.width * share), round(self.height * share), steps + carried))
                carried = 0
        return scales

    def estimate(self) -> float:
        """Seconds that the painting will take on this machine, from timing the network on a small picture."""
        picture = torch.full((1, 3, 96, 96), 128.0, device=self.device, requires_grad=True)
        times = []
        for _ in range(2):  # the first one warms up
            began = time.perf_counter()
            features = self.network(picture)
            torch.autograd.grad(torch.stack([f.float().mean() for f in features.values()]).sum(), picture)
            times.append(time.perf_counter() - began)
        per_pixel = times[-1] / (96 * 96)
        return per_pixel * sum(width * height * (steps + 2) for width, height, steps in self.scales())

    def __iter__(self) -> Iterator[Progress]:
        """Paint; yields after every step. What is on the canvas can be taken at any time with :meth:`painting`."""
        began, scales = time.perf_counter(), self.scales()
        work_left = sum(w * h * (steps + 1) for w, h, steps in scales)
        work_done = 0
        for index, (width, height, steps) in enumerate(scales):
            self._canvas = F.interpolate(self._canvas, (height, width), mode="bicubic", antialias=True).clamp(0, 255)
            photo = self._tensor(images.resize(self.photo.pixels, width, height))
            objective = self._make_objective(photo)
            started = self.parameterization.parameters(self._canvas)
            shapes = [part.shape for part in started]
            run = _Evaluation(objective, self.parameterization, shapes)
            moves = self.optimizer.steps(torch.cat([part.flatten() for part in started]), run)
            work_done, work_left = work_done + width * height, work_left - width * height
            for step in range(1, steps + 1):
                move = next(moves, None)
                if move is None:
                    break
                point, _ = move
                with torch.no_grad():
                    self._canvas = self.parameterization.picture(run.split(point))
                self._costs = run.costs_at(point)
                self._steps += 1
                work_done, work_left = work_done + width * height, work_left - width * height
                self._seconds = time.perf_counter() - began
                left = self._seconds * work_left / work_done
                total, content, style = self._costs
                yield Progress(
                    index, len(scales), width, height, step, steps, total, content, style, self._seconds, left,
                    self.preview,
                )  # fmt: skip

    def preview(self) -> Bytes:
        """The canvas now, uint8, H × W × 3."""
        return _to_bytes(self._pixels())

    def painting(self) -> Painting:
        """What is on the canvas now; at a coarse scale, enlarged to the size asked for."""
        if self._canvas.shape[2:] != (self.height, self.width):
            size = (self.height, self.width)
            self._canvas = F.interpolate(self._canvas, size, mode="bicubic", antialias=True).clamp(0, 255)
        objective, content, style = self._costs
        return Painting(self._pixels(), self.description(), objective, content, style, self._seconds, self._steps)

    def description(self) -> dict[str, Any]:
        """What makes this painting: the settings, and the pictures by name and digest."""
        styles = [
            {"name": style.name, "weight": weight} | ({"digest": style.digest} if isinstance(style, Picture) else {})
            for style, weight in self.styles
        ]
        return {
            **self.settings.to_dict(),
            "photo": {"name": self.photo.name, "digest": self.photo.digest},
            "styles": styles,
        }

    def _pixels(self) -> NDArray[np.float32]:
        return self._canvas[0].permute(1, 2, 0).float().cpu().numpy()

    def _tensor(self, pixels: Bytes) -> Tensor:
        return torch.tensor(pixels, device=self.device).permute(2, 0, 1)[None].float()

    def _first_canvas(self) -> Bytes:
        if self.settings.init == "noise":
            noise = np.random.default_rng(self.settings.seed).normal(128, 40, (self.height, self.width, 3))
            return noise.round().clip(0, 255).astype(np.uint8)
        start = self.init if self.settings.init == "file" and self.init is not None else self.photo
        return images.resize(start.pixels, self.width, self.height)

    def _make_network(self) -> VGG19:
        settings = self.settings
        weights: Weights = from_file(settings.weights) if settings.weights else packaged()
        layers = {name for name, _ in (*settings.content_layers, *settings.style_layers)}

        def network(dtype: torch.dtype) -> VGG19:
            return VGG19(weights, layers, pooling=settings.pooling, device=self.device, dtype=dtype)

        made = network(compute.dtype_of(settings, self.device))
        if settings.dtype == "auto" and made.dtype != torch.float32:
            reference = network(torch.float32)
            made = made if compute.agrees(made, reference) else reference
        return made

    def _style_transfer(self, photo: Tensor) -> StyleTransfer:
        height, width = photo.shape[2:]
        styles = [(self._tensor(self._style_pixels(i, width * height)), w) for i, (_, w) in enumerate(self.styles)]
        return StyleTransfer(self.network, photo, styles, self.settings)

    def _style_pixels(self, index: int, canvas: int) -> Bytes:
        """A style at a canvas of that many pixels; the brush's size is the same share of the canvas at every scale."""
        style, _ = self.styles[index]
        if index not in self._rendered:
            wanted = self.width * self.height * self.settings.style_scale**2
            if isinstance(style, HouseStyle):
                pixels = render_house_style(style.name, *_sides(wanted, HOUSE_STYLE_RATIO))
            else:
                if self.settings.style_scale <= 1:
                    wanted = min(wanted, style.width * style.height)
                pixels = images.resize(style.pixels, *_sides(wanted, style.width / style.height))
            self._rendered[index] = recolor(pixels, self.photo.pixels) if self.settings.keep_colors else pixels
        pixels = self._rendered[index]
        height, width = pixels.shape[:2]
        share = math.sqrt(canvas / (self.width * self.height))
        return images.resize(pixels, max(16, round(width * share)), max(16, round(height * share)))


class _Evaluation:
    """An objective's value and gradient at a flat vector of parameters; remembers the parts of the last two."""

    def __init__(self, objective: Objective, parameterization: Parameterization, shapes: Sequence[torch.Size]) -> None:
        self.objective = objective
        self.parameterization = parameterization
        self.shapes = shapes
        self.costs: dict[int, tuple[Tensor, tuple[float, float, float]]] = {}

    def split(self, vector: Tensor) -> list[Tensor]:
        parts = vector.split([math.prod(shape) for shape in self.shapes])
        return [part.view(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def __call__(self, vector: Tensor) -> tuple[float, Tensor]:
        leaf = vector.detach().requires_grad_()
        costs: Costs = self.objective(self.parameterization.picture(self.split(leaf)))
        (gradient,) = torch.autograd.grad(costs.objective, leaf)
        parts = (float(costs.objective.detach()), float(costs.content.detach()), float(costs.style.detach()))
        while len(self.costs) > 3:
            self.costs.pop(next(iter(self.costs)))
        self.costs[id(vector)] = (vector, parts)
        return parts[0], gradient

    def costs_at(self, vector: Tensor) -> tuple[float, float, float]:
        """The objective and its parts at a point that an optimiser has just yielded, or where it last looked."""
        entry = self.costs.get(id(vector)) or list(self.costs.values())[-1]
        return entry[1]


def _sides(pixels: float, ratio: float) -> tuple[int, int]:
    """(width, height) of a picture of so many pixels and this ratio of width to height."""
    height = max(16, round(math.sqrt(pixels / ratio)))
    return max(16, round(ratio * height)), height


def _to_bytes(pixels: NDArray[np.float32]) -> Bytes:
    return pixels.round().clip(0, 255).astype(np.uint8)
