"""The picture that excites a unit most: what it looks for.

Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017. The painter minimises minus the unit's
excitation, over frequencies instead of pixels, and through small random shifts, turns and scales: what excites a unit
only in one exact place is a flaw of the network and not what it looks for.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto.images import Picture
from impasto.look.features import tensor_of, weights
from impasto.look.fourier import Fourier
from impasto.look.layers import LookError, Unit, field_of
from impasto.networks.extractor import Extractor
from impasto.painter import compute
from impasto.painter.losses import gram_matrix
from impasto.painter.objective import Costs
from impasto.painter.optimize import Adam
from impasto.painter.painter import Painter
from impasto.painter.schedule import Scale
from impasto.painter.settings import Settings

SIZE, RATE = 128, 0.1
HALF_STEPS = 40
WHOLE_STEPS = {1: 60, 2: 60, 4: 40, 8: 28, 16: 20}
"""At half of the size, where steps are cheap; and then, by the pixels between two of the layer's positions."""
Where = Literal["mean", "centre"]
SHIFT, TURN, GROWTH = 0.06, math.radians(6), 0.1
"""The largest shift as a share of the picture, the largest turn, and how much larger or smaller it gets."""
EDGE = 6
"""One in so many positions on each side is left out of the mean."""
LIFT = 1e5
"""Raises the layer's biases, so that its ReLU lets through how far a silent unit is from firing, and a gradient."""
DIVERSITY = 2.0
Pixels = NDArray[np.uint8]


class Excitation:
    """Minus how much a picture excites a unit, in multiples of how much the layer's units answer to the start.

    Args:
        network: extracts the unit's layer, with biases raised by `LIFT`.
        unit: the unit.
        where: its mean over all positions, or its answer at the middle one.
        unlike: pictures, 1 × 3 × H × W in 0–255, that this one is to differ from: the largest cosine of its Gram matrix
            with theirs is added (the same article's section "Diversity").
        seed: of the random shifts.
        start: the first picture, 1 × 3 × H × W in 0–255.
    """

    def __init__(
        self, network: Extractor, unit: Unit, where: Where, unlike: Sequence[Tensor], seed: int, start: Tensor
    ) -> None:
        self.network = network
        self.unit = unit
        self.where = where
        self.random = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.scale = (network(start)[unit.layer] - LIFT).std()
            self.unlike = [_direction(network(picture)[unit.layer]) for picture in unlike]

    def __call__(self, picture: Tensor) -> Costs:
        """The costs of a picture, 1 × 3 × H × W in 0–255; each call shifts it another way."""
        features = self.network(self._moved(picture))[self.unit.layer]
        answers = (features[0, self.unit.index] - LIFT) / self.scale
        height, width = answers.shape
        if self.where == "mean":
            down, across = height // EDGE, width // EDGE  # what the zeros of the padding excite is not counted
            inside = answers[down : height - down, across : width - across]
            # A unit that is silent everywhere is woken where it is nearest to firing.
            excitation = inside.relu().mean() + inside.max().clamp(max=0)
        else:
            excitation = answers[height // 2, width // 2]
        likeness = picture.new_zeros(())
        if self.unlike:
            ours = _direction(features)
            likeness = torch.stack([(ours * theirs).sum() for theirs in self.unlike]).max()
        return Costs(DIVERSITY * likeness - excitation, excitation, likeness)

    def _moved(self, picture: Tensor) -> Tensor:
        across, down, turn, growth = (2 * torch.rand(4, generator=self.random) - 1).tolist()
        angle, zoom = TURN * turn, 1 + GROWTH * growth
        cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
        if self.where == "mean":  # every part of the picture comes to the middle; its frequencies are periodic anyway
            sides = picture.shape[2:]
            picture = picture.roll([int(torch.randint(side, (), generator=self.random)) for side in sides], (2, 3))
        move = torch.tensor([[[cos, -sin, 2 * SHIFT * across], [sin, cos, 2 * SHIFT * down]]]).to(picture)
        grid = F.affine_grid(move, list(picture.shape), align_corners=False)
        return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)


def visualization(
    unit: Unit | str,
    where: Where = "mean",
    unlike: Sequence[Pixels] = (),
    size: int = SIZE,
    seed: int = 0,
) -> Painter:
    """A painter of the picture that excites a unit most; iterate over it, and take its painting.

    Args:
        unit: as `conv4_1:17`.
        where: the unit's mean over all positions, which fills the picture, or its answer in the middle.
        unlike: earlier pictures of the unit, uint8, H × W × 3, that this one is to differ from.
        size: the picture's side.
        seed: of the first picture and of the shifts.

    Raises:
        LookError: no such unit, or a size below the stride of its layer.
    """
    if isinstance(unit, str):
        unit = Unit.named(unit)
    if size < max(16, field_of(unit.layer).jump):
        raise LookError(f"a size of {size} px is too small for {unit.layer}; give 16 or more")
    settings = Settings(size=None, seed=seed)
    device = compute.device_of(settings)
    half = max(16, size // 2)
    others = [tensor_of(Picture(pixels)).to(device) for pixels in unlike]
    return Painter(
        cloud(size, seed),
        [],
        settings,
        objective=partial(Excitation, _lifted(unit.layer, device), unit, where, others, seed),
        parameterization=Fourier(),
        optimizer=Adam(RATE),
        scales=[
            Scale(half, half, HALF_STEPS),
            Scale(size, size, WHOLE_STEPS[field_of(unit.layer).jump]),
        ],
    )


def visualizations(units: Sequence[Unit], count: int = 1, where: Where = "mean", size: int = SIZE) -> Iterator[Painter]:
    """Painters of several units, each made when its turn comes; of each unit `count` pictures that differ.

    A picture is to differ from those of its unit that were painted before it, so iterate over each painter in turn.
    """
    for unit in units:
        before: list[Pixels] = []
        for number in range(count):
            painter = visualization(unit, where, before, size, seed=number)
            yield painter
            before.append(painter.preview())


@lru_cache(maxsize=1)
def _lifted(layer: str, device: torch.device) -> Extractor:
    network = Extractor(weights(), (layer,), device=device)
    # Not in place: the weights are shared with every other network.
    network.register_buffer(f"{layer}_bias", network.get_buffer(f"{layer}_bias") + LIFT)
    return network


def cloud(size: int, seed: int) -> Picture:
    """A faint cloud with a photo's spectrum, 1 / f, on grey."""
    noise = np.random.default_rng(seed).normal(size=(size, size, 3))
    down, across = np.fft.fftfreq(size), np.fft.rfftfreq(size)
    frequency = np.maximum(np.hypot(down[:, None], across), 1 / size)
    shades = np.fft.irfft2(np.fft.rfft2(noise, axes=(0, 1)) / frequency[..., None], s=(size, size), axes=(0, 1))
    return Picture((128 + 10 * shades / shades.std()).round().clip(0, 255).astype(np.uint8), "cloud")


def _direction(features: Tensor) -> Tensor:
    gram = gram_matrix(features - LIFT)
    direction: Tensor = gram / gram.norm()
    return direction
