"""The picture that excites a unit most: what it looks for.

Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017. The painter minimises minus the unit's
excitation, over frequencies instead of pixels, and through small random shifts, turns and scales: what excites a unit
only in one exact place is a flaw of the network and not what it looks for.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
from impasto.networks.tiles import Span
from impasto.painter import compute
from impasto.painter.losses import gram_matrix
from impasto.painter.optimizers import Adam
from impasto.painter.painter import Painter
from impasto.painter.painting import to_bytes
from impasto.painter.recipe import Recipe
from impasto.painter.run import Run
from impasto.painter.schedule import Scale
from impasto.painter.settings import Settings
from impasto.painter.term import Scene, Sums, Term, View

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
"""The weight of likeness."""
SOFTNESS = 0.05
"""The τ of the smooth maximum τ log mean(e^(a / τ)): its sum can be added up over positions, as a maximum can't."""
Pixels = NDArray[np.uint8]


class Sway:
    """Moves a picture a little, another way at each call.

    Args:
        wrap: first brings another part of the picture to the middle: its frequencies are periodic anyway.
        seed: of the moves.
    """

    def __init__(self, wrap: bool, seed: int) -> None:
        self.wrap = wrap
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, picture: Tensor) -> Tensor:
        """The picture, 1 × 3 × H × W, moved."""
        across, down, turn, growth = (2 * torch.rand(4, generator=self.random) - 1).tolist()
        angle, zoom = TURN * turn, 1 + GROWTH * growth
        cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
        if self.wrap:
            sides = picture.shape[2:]
            picture = picture.roll([int(torch.randint(side, (), generator=self.random)) for side in sides], (2, 3))
        move = torch.tensor([[[cos, -sin, 2 * SHIFT * across], [sin, cos, 2 * SHIFT * down]]]).to(picture)
        grid = F.affine_grid(move, list(picture.shape), align_corners=False)
        return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)


@dataclass(frozen=True)
class Excitation:
    """How much a picture excites a unit, in multiples of how much the layer's units answer to the first picture.

    The unit's answer is averaged over the positions in the middle, for what the zeros of the padding excite is not
    counted; or it is the one answer at the middle position. A unit that is silent everywhere is woken where it is
    nearest to firing: a smooth maximum of its answers below 0 is added.

    Attributes:
        unit: of a layer with biases raised by `LIFT`.
        where: "mean" or "centre".
    """

    unit: Unit
    where: Where
    name: str = "excitation"
    weight: float = -1.0

    @property
    def layers(self) -> Collection[str]:
        """The unit's."""
        return (self.unit.layer,)

    def targets(self, scene: Scene) -> Tensor:
        """The deviation of the layer's answers to the first picture, a scalar."""
        return (scene.photos_features(self.layers)[self.unit.layer] - LIFT).std()

    def sums(self, view: View, targets: Tensor) -> Sums:
        """How many positions count; Σ answer above 0; Σ e^(answer below 0 / `SOFTNESS`)."""
        answers = (view.features[self.unit.layer][0, self.unit.index] - LIFT) / targets
        spans = zip(view.tile.size(self.unit.layer), view.tile.core(self.unit.layer), strict=True)
        rows, columns = (self._counted(side, span) for side, span in spans)
        inside = answers[rows, columns]
        above = inside.relu() if self.where == "mean" else inside
        return inside.new_tensor(float(inside.numel())), above.sum(), (inside.clamp(max=0) / SOFTNESS).exp().sum()

    def _counted(self, side: int, span: Span) -> slice:
        """The positions of a core that count, along an axis of a layer that has so many."""
        edge = side // EDGE
        first, last = (edge, side - edge) if self.where == "mean" else (side // 2, side // 2 + 1)
        return slice(max(first, span[0]) - span[0], max(min(last, span[1]) - span[0], 0))

    def cost(self, sums: Sums, targets: Tensor) -> Tensor:
        """The excitation: the more the better, so its weight is negative. A scalar."""
        count, above, powers = sums
        if self.where == "centre":
            return above / count
        return above / count + SOFTNESS * (powers / count).clamp(min=1e-30).log()


@dataclass(frozen=True)
class Likeness:
    """How like earlier pictures of the unit a picture is: the largest cosine of its Gram matrix with theirs.

    The same article's section "Diversity".

    Attributes:
        layer: with biases raised by `LIFT`.
        others: the earlier pictures, each 1 × 3 × H × W in 0–255.
    """

    layer: str
    others: Sequence[Tensor]
    name: str = "likeness"
    weight: float = DIVERSITY

    @property
    def layers(self) -> Collection[str]:
        """The one."""
        return (self.layer,)

    def targets(self, scene: Scene) -> list[Tensor]:
        """The others' Gram matrices, each N × N and of length 1."""
        grams = [scene.added_up(self.sums(view, []) for view in scene.views(picture))[0] for picture in self.others]
        return [gram / gram.norm() for gram in grams]

    def sums(self, view: View, targets: list[Tensor]) -> Sums:
        """The Gram matrix, N × N."""
        return (gram_matrix(view.features[self.layer] - LIFT),)

    def cost(self, sums: Sums, targets: list[Tensor]) -> Tensor:
        """The largest cosine. A scalar."""
        ours = sums[0] / sums[0].norm()
        return torch.stack([(ours * theirs.to(ours)).sum() for theirs in targets]).max()


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
    settings = Settings(size=None, seed=seed, dtype="float32")
    device = compute.device_of(settings)
    half = max(16, size // 2)
    terms: list[Term] = [Excitation(unit, where)]
    if unlike:
        terms.append(Likeness(unit.layer, [tensor_of(Picture(pixels)).to(device) for pixels in unlike]))
    return Painter(
        Recipe(cloud(size, seed), settings=settings),
        terms=terms,
        network=_lifted(unit.layer, device),
        augment=Sway(where == "mean", seed),
        parameterization=Fourier(),
        optimizer=Adam(RATE),
        scales=[Scale(half, half, HALF_STEPS), Scale(size, size, WHOLE_STEPS[field_of(unit.layer).jump])],
    )


def visualizations(units: Sequence[Unit], count: int = 1, where: Where = "mean", size: int = SIZE) -> Iterator[Run]:
    """Runs of several units, each made when its turn comes; of each unit `count` pictures that differ.

    A picture is to differ from those of its unit that were painted before it, so iterate over each run in turn.
    """
    for unit in units:
        before: list[Pixels] = []
        for number in range(count):
            run = visualization(unit, where, before, size, seed=number).start()
            yield run
            before.append(to_bytes(run.painting().pixels))


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
