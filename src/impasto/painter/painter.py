"""The painter: coarse to fine, an iterator of progress over the optimisation of the pixels."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from impasto import images
from impasto.images import Picture
from impasto.nn.vgg import VGG19
from impasto.painter import compute
from impasto.painter.color import Palette, recolor
from impasto.painter.objective import Costs, Objective, StyleTransfer
from impasto.painter.optimize import LBFGS, Evaluation, Optimizer
from impasto.painter.pyramid import LaplacianPyramid, Parameterization
from impasto.painter.schedule import Scale, canvas_size, scales
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.styles import HouseStyle
from impasto.painter.styles import render as render_house_style

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


class Painter:
    """Paints one photo in one or more styles; iterate over it to paint.

    Args:
        photo: the content.
        styles: (style, weight) pairs; weights are normalised to sum to 1. A house style is rendered at the size asked.
            Another objective may need none.
        settings: what else is asked.
        init: the first canvas, where `settings.init` is "file".
        objective: makes another objective for a scale, from the photo there, 1 × 3 × H × W in 0–255.
        parameterization: what the optimiser holds; a Laplacian pyramid.
        optimizer: how it moves; L-BFGS.
        scales: the sizes to paint at, the last of them the canvas's, each with its steps; else as the settings'
            quality has it.

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
        scales: Sequence[Scale] | None = None,
    ) -> None:
        self.photo = photo
        self.settings = settings or Settings()
        total = sum(weight for _, weight in styles)
        usable = all(math.isfinite(weight) and weight >= 0 for _, weight in styles) and total > 0
        if not usable and (styles or objective is None):
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
        self._objective = objective
        self._scales = scales
        self._network: VGG19 | None = None
        self._rendered: dict[int, Bytes] = {}
        self._first = self._first_canvas()
        self._canvas = self._tensor(self._first)
        self._costs = (math.nan, math.nan, math.nan)
        self._seconds = 0.0
        self._steps = 0

    @property
    def network(self) -> VGG19:
        """The network, made when it is first used."""
        if self._network is None:
            self._network = compute.network_for(self.settings, self.device)
        return self._network

    def scales(self) -> list[Scale]:
        """The scales of this painting, the coarsest first."""
        return list(self._scales or scales(self.width, self.height, self.settings.quality))

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
        return per_pixel * sum(scale.pixels * (scale.steps + 2) for scale in self.scales())

    def __iter__(self) -> Iterator[Progress]:
        """Paint; yields after every step. What is on the canvas can be taken at any time with :meth:`painting`."""
        began, scales = time.perf_counter(), self.scales()
        work = sum(scale.pixels * (scale.steps + 1) for scale in scales)  # in evaluations of one pixel
        done = 0
        for index, scale in enumerate(scales):
            self._canvas = self._start_of(scale)
            photo = self._tensor(images.resize(self.photo.pixels, scale.width, scale.height))
            objective = (self._objective or self._style_transfer)(photo)
            parameters = self.parameterization.parameters(self._canvas)
            shapes = [part.shape for part in parameters]
            evaluate = partial(_evaluate, objective, self.parameterization, shapes)
            moves = self.optimizer.steps(torch.cat([part.flatten() for part in parameters]), evaluate)
            done += scale.pixels
            for step, here in enumerate(islice(moves, scale.steps), 1):
                self._canvas, self._costs = here.picture, here.costs
                self._steps += 1
                self._seconds = time.perf_counter() - began
                done += scale.pixels
                left = self._seconds * (work - done) / done
                yield Progress(
                    index, len(scales), scale.width, scale.height, step, scale.steps, *here.costs, self._seconds, left,
                    self.preview,
                )  # fmt: skip

    def _start_of(self, scale: Scale) -> Tensor:
        """The canvas at a scale: that of the scale before, enlarged, with the detail that its own start has more."""
        first = self._tensor(images.resize(self._first, scale.width, scale.height))
        if not self._steps:
            return first
        before, size = self._canvas.shape[2:], (scale.height, scale.width)
        return (_resize(self._canvas, size) + first - _resize(_resize(first, before), size)).clamp(0, 255)

    def preview(self) -> Bytes:
        """The canvas now, uint8, H × W × 3."""
        return _to_bytes(self._pixels())

    def painting(self) -> Painting:
        """What is on the canvas now; at a coarse scale, enlarged to the size asked for."""
        if self._canvas.shape[2:] != (self.height, self.width):
            self._canvas = _resize(self._canvas, (self.height, self.width)).clamp(0, 255)
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
        if self.settings.init == "file" and self.init is not None:
            return images.resize(self.init.pixels, self.width, self.height)
        photo = images.resize(self.photo.pixels, self.width, self.height)
        if not self.settings.style_weight or not self.styles:
            return photo
        # In the style's palette from the start, the painting is where it would otherwise be about seven steps later.
        pixels = self.width * self.height
        palettes = [Palette.of(self._style_pixels(i, pixels)) for i in range(len(self.styles))]
        return recolor(photo, Palette.mixed(palettes, [weight for _, weight in self.styles]))

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
            self._rendered[index] = (
                recolor(pixels, Palette.of(self.photo.pixels)) if self.settings.keep_colors else pixels
            )
        pixels = self._rendered[index]
        height, width = pixels.shape[:2]
        share = math.sqrt(canvas / (self.width * self.height))
        return images.resize(pixels, max(16, round(width * share)), max(16, round(height * share)))


@dataclass(frozen=True, eq=False)
class _Canvas(Evaluation):
    """An evaluation of the objective, with the picture and the objective, its content and style part as numbers."""

    picture: Tensor
    costs: tuple[float, float, float]


def _evaluate(
    objective: Objective, parameterization: Parameterization, shapes: Sequence[torch.Size], point: Tensor
) -> _Canvas:
    """Evaluate an objective at a flat vector of parameters, which have these shapes."""
    leaf = point.detach().requires_grad_()
    parts = leaf.split([math.prod(shape) for shape in shapes])
    picture = parameterization.picture([part.view(shape) for part, shape in zip(parts, shapes, strict=True)])
    costs: Costs = objective(picture)
    (gradient,) = torch.autograd.grad(costs.objective, leaf)
    values = (costs.objective.item(), costs.content.item(), costs.style.item())
    return _Canvas(point, values[0], gradient, picture.detach(), values)


def _resize(picture: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(picture, tuple(size), mode="bicubic", antialias=True)


def _sides(pixels: float, ratio: float) -> tuple[int, int]:
    """(width, height) of a picture of so many pixels and this ratio of width to height."""
    height = max(16, round(math.sqrt(pixels / ratio)))
    return max(16, round(ratio * height)), height


def _to_bytes(pixels: NDArray[np.float32]) -> Bytes:
    return pixels.round().clip(0, 255).astype(np.uint8)
