"""The painter: coarse to fine, an iterator of progress over the optimisation of the pixels."""

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto import images
from impasto.images import Picture
from impasto.images.arrays import empty, scratch_folder, strips
from impasto.networks.extractor import Extractor
from impasto.painter import compute
from impasto.painter.canvas import Canvas, CanvasEvaluation
from impasto.painter.checkpoint import Checkpoint
from impasto.painter.memory import Plan, plan
from impasto.painter.objective import Objective, StyleTransfer
from impasto.painter.optimize import LBFGS, Optimizer, Pair
from impasto.painter.painting import Bytes, Floats, Painting, Progress, to_bytes
from impasto.painter.pyramid import LaplacianPyramid, Parameterization, Windowed
from impasto.painter.schedule import Scale, scales
from impasto.painter.scratch import Allocate, give_back, in_files, on
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.sources import Sources
from impasto.painter.tiles import TiledStyleTransfer
from impasto.styles import HouseStyle

# Of an evaluation in tiles, beside that of the whole picture: a second forward pass, and the tiles' margins.
TILED_WORK = 1.8
# Seconds of work that may be lost: after a step, a checkpoint is written where the last one is older.
CHECKPOINT_EVERY = 15.0


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
        checkpoint: a folder for what a painting that is stopped needs to go on; :meth:`forget` removes it.
        resume: go on with what is there.

    Attributes:
        unkept: why the last checkpoint could not be written, where it could not; painting goes on without.

    Raises:
        SettingsError, NetworkError: what was asked can't be done.
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
        checkpoint: Path | None = None,
        resume: bool = False,
    ) -> None:
        self.photo = photo
        self.settings = settings or Settings()
        total = sum(weight for _, weight in styles)
        usable = all(math.isfinite(weight) and weight >= 0 for _, weight in styles) and total > 0
        if not usable and (styles or objective is None):
            raise SettingsError("a style's weight must be 0 or more, and one of them above 0")
        if self.settings.init == "file" and init is None:
            raise SettingsError("no picture to start from; give one as init")
        if resume and checkpoint is None:
            raise SettingsError("nothing says where the checkpoint to resume from is; give its folder")
        self.styles = [(style, weight / total) for style, weight in styles]
        self._sources = Sources(photo, self.styles, self.settings, init)
        self.width, self.height = self._sources.width, self._sources.height
        self.device = compute.device_of(self.settings)
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        self.parameterization = parameterization or LaplacianPyramid()
        self.optimizer = optimizer or LBFGS()
        self.unkept: OSError | None = None
        self._checkpoint = Checkpoint(checkpoint, self._identity(init)) if checkpoint else None
        self._resume = resume
        self._objective = objective
        self._scales = scales
        self._network: Extractor | None = None
        self._first = self._sources.first()
        self._now: tuple[Canvas, Tensor, tuple[float, float, float]] | None = None
        self._goes_on: CanvasEvaluation | None = None
        self._began = self._kept = self._seconds = 0.0
        self._steps = 0

    @property
    def kept(self) -> bool:
        """Whether there is a checkpoint to go on with."""
        return self._checkpoint is not None and self._checkpoint.there

    @property
    def network(self) -> Extractor:
        """The network, made when it is first used."""
        if self._network is None:
            self._network = compute.network_for(self.settings, self.device)
        return self._network

    def scales(self) -> list[Scale]:
        """The scales of this painting, the coarsest first."""
        return list(self._scales or scales(self.width, self.height, self.settings.quality))

    def estimate(self) -> float:
        """Seconds that the painting will take on this machine, from timing the network on a small picture.

        Raises:
            SettingsError: there is too little memory for it.
        """
        picture = torch.full((1, 3, 96, 96), 128.0, device=self.device, requires_grad=True)
        times = []
        for _ in range(2):  # the first one warms up
            began = time.perf_counter()
            features = self.network(picture)
            torch.autograd.grad(torch.stack([f.float().mean() for f in features.values()]).sum(), picture)
            times.append(time.perf_counter() - began)
        return times[-1] / (96 * 96) * sum(self._work(scale, self._plan(scale)) for scale in self.scales())

    def __iter__(self) -> Generator[Progress, None, None]:
        """Paint; yields after every step. What is on the canvas can be taken at any time with :meth:`painting`.

        Closed before its end, it writes a checkpoint, where there is a folder for one.
        """
        scales = self.scales()
        plans = [self._plan(scale) for scale in scales]
        first, done, pairs = self._resumed(scales, plans) if self._resume else (0, 0, deque[Pair]())
        self._kept = time.perf_counter()
        self._began = self._kept - self._seconds
        for index in range(first, len(scales)):
            yield from self._paint(scales, plans, index, done, pairs)
            done, pairs = 0, deque()

    def _paint(
        self, scales: list[Scale], plans: list[Plan], index: int, done: int, pairs: deque[Pair]
    ) -> Iterator[Progress]:
        """Paint at one scale, of which some steps may be done."""
        work = [self._work(scale, how) for scale, how in zip(scales, plans, strict=True)]
        scale = scales[index]
        canvas, moves = self._begin(scale, plans[index], pairs, scale.steps - done)
        for step, here in enumerate(moves, done + 1):
            self._now = canvas, here.point, here.costs
            self._steps += 1
            now = time.perf_counter()
            self._seconds = now - self._began
            if now - self._kept > CHECKPOINT_EVERY:
                self._keep(scale, index, step, here, pairs)
                self._kept = time.perf_counter()
            ready = sum(work[:index]) + work[index] * (step + 1) / (scale.steps + 1)
            progress = Progress(
                index, len(scales), scale.width, scale.height, step, scale.steps, *here.costs, self._seconds,
                self._seconds * (sum(work) - ready) / ready, self.preview,
            )  # fmt: skip
            try:
                yield progress
            except GeneratorExit:
                self._keep(scale, index, step, here, pairs)
                raise

    def _plan(self, scale: Scale) -> Plan:
        if self._objective is not None or not isinstance(self.parameterization, Windowed):
            return Plan(None, files=False)
        history = self.optimizer.history if isinstance(self.optimizer, LBFGS) else 0
        return plan(scale.pixels, scale.steps, history, self.settings.memory, self.device, self.network.dtype)

    @staticmethod
    def _work(scale: Scale, how: Plan) -> float:
        """What a scale costs, in evaluations of one pixel of a whole picture: one a step, and one to begin."""
        return scale.pixels * (scale.steps + 1) * (1 if how.pixels is None else TILED_WORK)

    def _allocate(self, how: Plan) -> Allocate:
        """Where the vectors of a scale live: in files beside the checkpoint, or in memory."""
        if not how.files:
            return on(self.device)
        folder = self._checkpoint.folder.parent if self._checkpoint else scratch_folder()
        return in_files(folder)

    def _begin(
        self, scale: Scale, how: Plan, pairs: deque[Pair], steps: int
    ) -> tuple[Canvas, Iterator[CanvasEvaluation]]:
        """A scale's canvas, and the optimiser's steps on it: from its start, or from where a painting goes on."""
        give_back()  # what the scale before had
        allocate = self._allocate(how)
        start: Tensor | CanvasEvaluation
        near = self._now is not None
        if self._goes_on is not None and self._now is not None:
            canvas, start = self._now[0], self._goes_on
            self._goes_on = None
        else:
            canvas, start = Canvas.begin(self.parameterization, scale.width, scale.height, self._draw_start, allocate)
        photo = self._tensor(self._sources.photo_at(scale.width, scale.height))
        if how.pixels is None:
            evaluate = canvas.at_once((self._objective or self._style_transfer)(photo.float()))
        else:
            objective = TiledStyleTransfer(
                self.network, photo, self._styles(scale.pixels), self.settings, pixels=how.pixels, allocate=allocate
            )
            evaluate = canvas.in_tiles(objective, allocate)
        return canvas, self.optimizer.steps(start, evaluate, steps, near=near, allocate=allocate, pairs=pairs)

    def _draw_start(self, out: Tensor) -> None:
        """A scale's first canvas: that of the scale before, enlarged, with the detail that its own start has more."""
        height, width = out.shape[2:]
        first = images.resize(self._first, width, height)
        missing = None if self._now is None else self._missing(first)
        for rows in strips(height, width):
            strip = first[rows]
            if missing is not None:
                strip = (strip + images.resample(missing, width, height, rows)).clip(0, 255)
            out[:, :, rows] = self._tensor(strip)

    def _missing(self, first: Bytes) -> Floats:
        """What the canvas now has that a scale's first canvas, made smaller, has not."""
        missing = self._drawn()
        height, width = missing.shape[:2]
        for rows in strips(height, width):
            missing[rows] -= images.resample(first, width, height, rows)
        return missing

    def _drawn(self) -> Floats:
        """The canvas now, H × W × 3."""
        assert self._now is not None
        canvas, point, _ = self._now
        drawn = empty((canvas.height, canvas.width, 3), np.float32)
        for rows, strip in canvas.strips(point):
            drawn[rows] = strip[0].permute(1, 2, 0).float().cpu().numpy()
        return drawn

    def preview(self) -> Bytes:
        """The canvas now, uint8, H × W × 3."""
        return self._first if self._now is None else to_bytes(self._drawn())

    def painting(self) -> Painting:
        """What is on the canvas now; at a coarse scale, enlarged to the size asked for."""
        costs = (math.nan, math.nan, math.nan) if self._now is None else self._now[2]
        pixels = self._first.astype(np.float32) if self._now is None else self._drawn()
        if pixels.shape[:2] != (self.height, self.width):
            pixels = _resampled(pixels, self.width, self.height)
        return Painting(pixels, self.description(), *costs, self._seconds, self._steps)

    def forget(self) -> None:
        """Remove the checkpoint: the painting is where it is to stay."""
        if self._checkpoint is not None:
            self._checkpoint.remove()

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

    def _identity(self, init: Picture | None) -> Mapping[str, Any]:
        """What a checkpoint must agree with: all that makes the painting, and this version of the program."""
        start = {"start": {"name": init.name, "digest": init.digest}} if init else {}
        return {"version": version("impasto"), **self.description(), **start}

    def _keep(self, scale: Scale, index: int, step: int, here: CanvasEvaluation, pairs: deque[Pair]) -> None:
        """Write a checkpoint, where there is a folder for one; where that fails, go on without."""
        if self._checkpoint is None:
            return
        place: dict[str, Any] = {
            "scale": index, "step": step, "steps": self._steps, "seconds": self._seconds, "costs": here.costs,
        }  # fmt: skip
        vectors = {f"point-{self._steps}": here.point}
        if step < scale.steps:  # else only the picture is gone on with
            place["pairs"] = [[pair.name, pair.inverse] for pair in pairs]
            vectors[f"gradient-{self._steps}"] = here.gradient
            for pair in pairs:
                vectors |= {f"step-{pair.name}": pair.step, f"change-{pair.name}": pair.change}
        try:
            self._checkpoint.write(place, vectors)
        except OSError as error:
            self.unkept = error

    def _resumed(self, scales: list[Scale], plans: list[Plan]) -> tuple[int, int, deque[Pair]]:
        """Go to where the checkpoint is: the scale, the steps done there, and what the optimiser remembers."""
        assert self._checkpoint is not None
        place, sizes = self._checkpoint.read()
        index, scale = place["scale"], scales[place["scale"]]
        vectors = self._checkpoint.load(sizes, self._allocate(plans[index]))
        self._steps, self._seconds = place["steps"], place["seconds"]
        point, costs = vectors[f"point-{self._steps}"], tuple(place["costs"])
        canvas = Canvas.shaped(self.parameterization, scale.width, scale.height)
        self._now = canvas, point, costs
        if place["step"] == scale.steps:
            return index + 1, 0, deque()
        gradient = vectors[f"gradient-{self._steps}"]
        self._goes_on = CanvasEvaluation(point, costs, lambda: gradient)
        pairs = [
            Pair(vectors[f"step-{name}"], vectors[f"change-{name}"], inverse, name) for name, inverse in place["pairs"]
        ]
        return index, place["step"], deque(pairs)

    def _tensor(self, pixels: Bytes | Floats) -> Tensor:
        """Pixels as 1 × 3 × H × W, of the same type, and not copied where that can be."""
        writable = np.require(pixels, requirements="W")  # PyTorch has no tensors that may only be read
        return torch.from_numpy(writable).to(self.device).permute(2, 0, 1)[None]

    def _style_transfer(self, photo: Tensor) -> StyleTransfer:
        styles = [(style.float(), weight) for style, weight in self._styles(photo.shape[2] * photo.shape[3])]
        return StyleTransfer(self.network, photo, styles, self.settings)

    def _styles(self, canvas: int) -> list[tuple[Tensor, float]]:
        """The styles for a canvas of so many pixels, with their weights."""
        return [(self._tensor(self._sources.style_at(i, canvas)), weight) for i, (_, weight) in enumerate(self.styles)]


def _resampled(pixels: Floats, width: int, height: int) -> Floats:
    """Pixels at another size, in 0–255."""
    resampled = empty((height, width, 3), np.float32)
    for rows in strips(height, width):
        resampled[rows] = images.resample(pixels, width, height, rows).clip(0, 255)
    return resampled
