"""A run: one painting of a recipe, coarse to fine, as an iterator of progress."""

import math
import time
from collections.abc import Hashable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from impasto import images
from impasto.images.arrays import empty, scratch_folder, strips
from impasto.painter import compute
from impasto.painter.canvas import Canvas
from impasto.painter.checkpoint import Checkpoint
from impasto.painter.color import colored
from impasto.painter.memory import Plan, smaller
from impasto.painter.objective import CanvasEvaluation, Objective, OnCanvas
from impasto.painter.optimizers import State
from impasto.painter.painting import Bytes, Floats, Painting, Progress, to_bytes
from impasto.painter.regions import EROSION, Map, Share, to_map
from impasto.painter.schedule import Scale
from impasto.painter.scratch import Allocate, give_back, in_files, on
from impasto.painter.sources import Sources
from impasto.painter.term import Scene, StyleSource

if TYPE_CHECKING:
    from impasto.painter.painter import Painter

# Seconds of work that may be lost: after a step, a checkpoint is written where the last one is older.
CHECKPOINT_EVERY = 15.0


@dataclass(frozen=True)
class Place:
    """Where a run is: at a scale, after so many of its steps, at a point of a canvas."""

    scale: int
    step: int
    canvas: Canvas
    here: CanvasEvaluation


@dataclass(frozen=True)
class Start:
    """What a canvas costs before the first step.

    Attributes:
        objective, costs, layers: as in :class:`impasto.painter.painting.Progress`.
    """

    objective: float
    costs: Mapping[str, float]
    layers: Mapping[str, Mapping[str, float]]


class Run(Iterator[Progress]):
    """One painting of a painter's recipe; iterate over it to paint. It may be left at any step.

    Attributes:
        painter: what it paints, and how.
        start: what the first canvas cost; None until a step is taken, and in a run that was resumed.
        checkpoint_error: why the last checkpoint that was due could not be written, where it could not. Painting goes
            on without.
    """

    def __init__(self, painter: "Painter", *, resume: bool) -> None:
        self.painter = painter
        self.start: Start | None = None
        self.checkpoint_error: OSError | None = None
        finest = painter.scales()[-1]
        self._sources = Sources(painter.recipe, finest.width, finest.height, painter.smallest)
        self._checkpoint = Checkpoint(painter.checkpoint, self._identity()) if painter.checkpoint else None
        self._place: Place | None = None
        self._optimizer = copy(painter.optimizer)
        self._began = self._written = self._seconds = 0.0
        self._taken = 0
        self._progress = self._painted(resume)

    def __next__(self) -> Progress:
        """Take a step.

        Raises:
            SettingsError, NetworkError, CheckpointError: what was asked can't be done; each at the first step.
        """
        with compute.set_up(self.painter.machine, self.painter.device):
            return next(self._progress)

    def painting(self) -> Painting:
        """What is on the canvas now, at the size asked for."""
        width, height = self.painter.width, self.painter.height
        if self._place is None:
            pixels, objective, costs = self._sources.first().astype(np.float32), math.nan, {}
        else:
            here = self._place.here
            pixels, objective, costs = _drawn(self._place.canvas, here.point), here.objective, dict(here.costs)
        pixels = self._finished(pixels, width, height)
        return Painting(pixels, self.painter.recipe.to_dict(), objective, costs, self._seconds, self._taken)

    @property
    def can_resume(self) -> bool:
        """Whether there is a checkpoint to go on with."""
        return self._checkpoint is not None and self._checkpoint.there

    def checkpoint(self) -> None:
        """Write where it is, for another run to go on from; nothing where there is no folder or no step was taken.

        Raises:
            OSError: it can't be written. The checkpoint before it is still there.
        """
        if self._checkpoint is None or self._place is None:
            return
        index, step, here = self._place.scale, self._place.step, self._place.here
        place: dict[str, Any] = {
            "scale": index, "step": step, "steps": self._taken, "seconds": self._seconds,
            "value": here.value, "objective": here.objective, "costs": dict(here.costs), "optimizer": {},
        }  # fmt: skip
        vectors = {f"point-{self._taken}": here.point}
        if self._place.canvas.held:
            vectors[f"held-{index}"] = torch.cat([part.flatten() for part in self._place.canvas.held])
        if step < self.painter.scales()[index].steps:  # else only the picture is gone on with
            with compute.set_up(self.painter.machine, self.painter.device):
                state = self._optimizer.state()
                place["optimizer"] = dict(state.numbers)
                vectors |= {f"gradient-{self._taken}": here.gradient, **state.vectors}
        self._checkpoint.write(place, vectors)
        self._written = time.perf_counter()

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint: the painting is where it is to stay."""
        if self._checkpoint is not None:
            self._checkpoint.remove()

    def _identity(self) -> Mapping[str, Any]:
        """What a checkpoint must agree with: all that makes the painting, and this version of the program."""
        terms = [[term.name, term.weight] for term in self.painter.terms]
        scales = [[scale.width, scale.height, scale.steps, scale.moving] for scale in self.painter.scales()]
        return {"version": version("impasto"), **self.painter.recipe.to_dict(), "terms": terms, "scales": scales}

    def _painted(self, resume: bool) -> Iterator[Progress]:
        scales, share = self.painter.scales(), self.painter.share
        share.begin(self.painter, resume=resume)
        plans = share.plans([self.painter.plan(scale) for scale in scales])
        first, state = self._resumed(scales, plans) if resume else (0, None)
        self._written = time.perf_counter()
        self._began = self._written - self._seconds
        work = [scale.work(how.pixels) for scale, how in zip(scales, plans, strict=True)]
        for index in range(first, len(scales)):
            scale = scales[index]
            for place in self._in_memory(index, scale, plans[index], state):
                self._place = place
                self._taken += 1
                now = time.perf_counter()
                self._seconds = now - self._began
                # Should a process be lost before the next scale's first step, this is what can be gone on with.
                between = share.count > 1 and place.step == scale.steps and index + 1 < len(scales)
                if now - self._written > CHECKPOINT_EVERY or between:
                    self._write_checkpoint(now)
                ready = sum(work[:index]) + work[index] * (place.step + 1) / (scale.steps + 1)
                yield Progress(
                    index, len(scales), scale.width, scale.height, place.step, scale.steps, place.here.objective,
                    dict(place.here.costs), place.here.layers,
                    self._seconds, self._seconds * (sum(work) - ready) / ready,
                    partial(self._preview, place.canvas, place.here.point),
                )  # fmt: skip
            state = None

    def _in_memory(self, index: int, scale: Scale, how: Plan, state: State | None) -> Iterator[Place]:
        """The steps at a scale. Where a device's memory is too small after all, in smaller tiles from there on."""
        while True:
            try:
                yield from self._steps(index, scale, how, state)
                return
            except RuntimeError as error:  # what it holds is free only after this
                if not compute.is_full(error):
                    raise
            how = smaller(how, scale.pixels, self.painter.tiled and self.painter.share.count == 1)
            if self._place is not None and self._place.scale == index:
                self._place.here.settle()
                with compute.set_up(self.painter.machine, self.painter.device):
                    state = self._optimizer.state()

    def _steps(self, index: int, scale: Scale, how: Plan, state: State | None) -> Iterator[Place]:
        """The optimiser's steps at a scale, from its start, or from where the run is if there is a state to go on."""
        give_back()  # what the scale before had
        painter, allocate = self.painter, self._allocate(how)
        near = self._place is not None or scale.moving is not None  # the scale before was another run's
        canvas = vector = None
        if state is None:
            canvas, vector = Canvas.begin(
                painter.parameterization, scale.width, scale.height, self._draw_start, allocate, scale.moving
            )
        photo = self._tensor(self._sources.photo_at(scale.width, scale.height))
        styles, kept = self._styles(scale), self._kept(scale)
        scene = Scene(painter.network, photo, styles, how.pixels, allocate, kept, painter.share)
        objective = Objective(painter.terms, scene, augment=painter.augment)
        if canvas is not None and vector is not None:
            canvas = replace(canvas, bare=self._bare(scale))
            evaluate = OnCanvas(objective, canvas, vector)
            here = evaluate(vector)
            self._place = Place(index, 0, canvas, here)
            if not near:
                self.start = Start(here.objective, dict(here.costs), here.layers)
            del vector, here
        else:
            assert self._place is not None
            here = self._place.here
            evaluate = OnCanvas(objective, self._place.canvas, here.point)
            if here.settled:
                self._place = replace(self._place, here=evaluate(here.point))
        done, canvas = self._place.step, self._place.canvas
        self._optimizer.load(state or State())
        steps = self._optimizer.steps(self._place.here, evaluate, scale.steps - done, near=near, allocate=allocate)
        for step, here in enumerate(steps, done + 1):
            if step == scale.steps:
                here.settle()
            yield Place(index, step, canvas, here)

    def _write_checkpoint(self, now: float) -> None:
        try:
            self.checkpoint()
        except OSError as error:
            self.checkpoint_error = error
            self._written = now  # it is tried again when the next one is due

    def _resumed(self, scales: list[Scale], plans: list[Plan]) -> tuple[int, State | None]:
        """Go to where the checkpoint is: the scale to paint at, and what the optimiser remembers if that has begun."""
        share = self.painter.share
        checkpoint = self._checkpoint or Checkpoint(Path(), {})  # of which nothing is read: the first one has it
        place, sizes = share.first(checkpoint.read)
        index, scale = place["scale"], scales[place["scale"]]
        vectors = share.vectors(sizes, self._allocate(plans[index]), checkpoint.load)
        self._taken, self._seconds = place["steps"], place["seconds"]
        held = vectors.pop(f"held-{index}", None)
        canvas = Canvas.shaped(self.painter.parameterization, scale.width, scale.height, held)
        canvas = replace(canvas, bare=self._bare(scale))
        point, gradient = (vectors.pop(f"{name}-{self._taken}", None) for name in ("point", "gradient"))
        assert point is not None
        slope = None if gradient is None else lambda: gradient
        here = CanvasEvaluation(point, place["value"], place["objective"], place["costs"], {}, slope)
        self._place = Place(index, place["step"], canvas, here)
        return (index + 1, None) if gradient is None else (index, State(place["optimizer"], vectors))

    def _allocate(self, how: Plan) -> Allocate:
        """Where the vectors of a scale live: in files beside the checkpoint, or in memory."""
        if not how.files:
            return on(self.painter.device)
        return in_files(self._checkpoint.folder.parent if self._checkpoint else scratch_folder())

    def _draw_start(self, out: Tensor) -> None:
        """A scale's first canvas: that of the scale before, enlarged, with the detail that its own start has more."""
        height, width = out.shape[2:]
        first = images.resize(self._sources.first(), width, height)
        missing = None if self._place is None else _missing(self._place, first)
        for rows in strips(height, width):
            strip = first[rows]
            if missing is not None:
                strip = (strip + images.resample(missing, width, height, rows)).clip(0, 255)
            out[:, :, rows] = self._tensor(strip)

    def _styles(self, scale: Scale) -> list[StyleSource]:
        def source(number: int, share: float, region: Map | None) -> StyleSource:
            pixels = partial(self._sources.style_at, number, scale.pixels)
            key, part = self._sources.style_key(number, scale.pixels), self.painter.recipe.styles[number].part
            sides = self._sources.sides_at(number, scale.pixels)
            of_it = None if part is None else self._map((part.key, sides), part.at(*sides))
            return StyleSource(share, key, lambda: self._tensor(pixels()), region, of_it)

        styles, places = [], self.painter.recipe.places
        for number, coat in enumerate(self._sources.coats_at(scale.width, scale.height)):
            key = number, scale.width, scale.height, places
            region = None if coat.map is None else self._map(key, coat.map)
            styles += [source(index, share, region) for index, share in coat.styles.items()]
        return styles

    def _kept(self, scale: Scale) -> Map | None:
        """Where the photo is kept, and how much."""
        if not self.painter.recipe.keep:
            return None
        kept = self._sources.kept_at(scale.width, scale.height)
        np.divide(kept, np.float32(self.painter.recipe.strongest), out=kept)
        return self._map((scale.width, scale.height), kept, power=1)

    def _bare(self, scale: Scale) -> tuple[Tensor, Tensor] | None:
        """The photo, and how much of it stays as it is."""
        share = self._sources.bare_at(scale.width, scale.height)
        if share is None or not share.any():
            return None
        photo = self._sources.photo_at(scale.width, scale.height)
        return self._tensor(photo), self._tensor(to_map(share)[:, :, None])

    def _map(self, key: Hashable, share: Share, power: int = EROSION) -> Map:
        return Map(key, self._tensor(to_map(share)[:, :, None]), self.painter.network.table.fields, power)

    def _preview(self, canvas: Canvas, point: Tensor) -> Bytes:
        width, height = min(canvas.width, self.painter.width), min(canvas.height, self.painter.height)
        return to_bytes(self._finished(_drawn(canvas, point), width, height))

    def _finished(self, pixels: Floats, width: int, height: int) -> Floats:
        """What was painted as it is shown, at this size."""
        if pixels.shape[:2] != (height, width):
            pixels = _resampled(pixels, width, height)
        if self.painter.settings.luminance:
            pixels = colored(pixels, images.resize(self.painter.recipe.photo.pixels, width, height))
        return pixels

    def _tensor(self, pixels: Bytes | Floats) -> Tensor:
        """Pixels as 1 × 3 × H × W, of the same type, and not copied where that can be."""
        writable = np.require(pixels, requirements="W")  # PyTorch has no tensors that may only be read
        return torch.from_numpy(writable).to(self.painter.device).permute(2, 0, 1)[None]


def _drawn(canvas: Canvas, point: Tensor) -> Floats:
    """The picture that a vector stands for, H × W × 3."""
    drawn = empty((canvas.height, canvas.width, 3), np.float32)
    for rows, strip in canvas.strips(point):
        drawn[rows] = strip[0].permute(1, 2, 0).float().cpu().numpy()
    return drawn


def _missing(place: Place, first: Bytes) -> Floats:
    """What the canvas has that a scale's first canvas, made smaller, has not."""
    missing = _drawn(place.canvas, place.here.point)
    height, width = missing.shape[:2]
    for rows in strips(height, width):
        missing[rows] -= images.resample(first, width, height, rows)
    return missing


def _resampled(pixels: Floats, width: int, height: int) -> Floats:
    """Pixels at another size, in 0–255."""
    resampled = empty((height, width, 3), np.float32)
    for rows in strips(height, width):
        resampled[rows] = images.resample(pixels, width, height, rows).clip(0, 255)
    return resampled
