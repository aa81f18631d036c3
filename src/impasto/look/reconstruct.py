"""What some layers alone keep of a picture: another picture is grown from noise until they can't tell the two apart.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016, figure 1: from the content of
one layer, or from the style of a growing set of layers.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.images import Picture
from impasto.look.features import fitted
from impasto.look.layers import FIRST_OF_EACH_BLOCK, LookError, field_of, in_order
from impasto.painter.losses import style_loss
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe
from impasto.painter.schedule import Scale
from impasto.painter.settings import Settings
from impasto.painter.term import Scene, StyleSource, Sums, wide
from impasto.painter.terms import ContentTerm, StyleTargets, StyleTerm

SIZE = 256
HALF_STEPS = 30
WHOLE_STEPS = {1: 50, 2: 40, 4: 30, 8: 22, 16: 18}
"""At half of the sides, where steps are cheap and large shapes are found; and then, by the pixels between two positions
of the deepest layer."""
SMALLEST = 64
"""Pixels of the short side: with fewer positions, Gram matrices of many features tell where everything is."""
CONTRAST = 8
"""The deviation of the noise, in levels of 0–255: what the layers do not see stays in the picture as it began."""


@dataclass(frozen=True)
class Kept:
    """What is to be kept of a picture, and what is free.

    Attributes:
        content: layers whose features are to be the picture's.
        style: layers whose Gram matrices are to be.

    Raises:
        LookError: no layer at all, or one that VGG19 doesn't have.
    """

    content: tuple[str, ...] = ()
    style: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", in_order(self.content))
        object.__setattr__(self, "style", in_order(self.style))
        if not self.layers:
            raise LookError("no layer to reconstruct from; give a content or a style layer, as conv4_1")

    @property
    def layers(self) -> tuple[str, ...]:
        """All of them."""
        return in_order((*self.content, *self.style))

    def __str__(self) -> str:
        parts = [f"{kind} of {', '.join(names)}" for kind, names in vars(self).items() if names]
        return " and ".join(parts)


FIGURE_1 = tuple(
    [Kept(content=(name,)) for name in FIRST_OF_EACH_BLOCK]
    + [Kept(style=FIRST_OF_EACH_BLOCK[:count]) for count in range(1, len(FIRST_OF_EACH_BLOCK) + 1)]
)
"""Gatys et al. 2016, figure 1: the content of each of conv1_1 … conv5_1; the style of {1_1}, of {1_1, 2_1}, …"""


class LackingContent(ContentTerm):
    """Content as a share of what is to be kept: the mean over all kept layers of Σ (F − P)² / Σ P².

    It is 0 where nothing is lacking and about 1 where all is, at shallow and deep layers alike, whose features differ
    in scale by orders of magnitude.
    """

    def cost(self, sums: Sums, targets: dict[str, Tensor]) -> Tensor:
        """The sum over the layers. A scalar."""
        energies = [wide(targets[layer]).square().sum() for layer in self.layers]
        return torch.stack([_share(2 * half, energy) for half, energy in zip(sums, energies, strict=True)]).sum()


class LackingStyle(StyleTerm):
    """Style as a share of what is to be kept: the mean over all kept layers of Σ (G − A)² / Σ A²."""

    def targets(self, scene: Scene) -> StyleTargets:
        """The averages of the photo."""
        return super().targets(replace(scene, styles=[StyleSource(1.0, None, lambda: scene.photo)]))

    def cost(self, sums: Sums, targets: StyleTargets) -> Tensor:
        """The sum over the layers. A scalar."""
        ours, ((_, theirs),) = self.averaged(sums), targets.styles
        pairs = [(ours[layer][0], theirs[layer][0]) for layer in self.layers]
        return torch.stack(
            [_share(2 * style_loss([gram], [wanted]), wanted.square().sum()) for gram, wanted in pairs]
        ).sum()


def reconstruction(photo: Any, kept: Kept, size: int = SIZE, seed: int = 0) -> Painter:
    """A painter that grows what is kept of a photo from noise; iterate over it, and take its painting.

    Args:
        photo: whatever :func:`impasto.images.read` takes.
        kept: which layers' content and style.
        size: a photo whose long side is longer is made smaller first.
        seed: of the noise.

    Raises:
        LookError: a photo smaller than the stride of a layer.
        PictureError: the photo can't be read.
    """
    picture = fitted(photo, size, kept.layers)
    noise = np.random.default_rng(seed).normal(128, CONTRAST, (picture.height, picture.width, 3)).round().clip(0, 255)
    each = 1 / (len(kept.content) + len(kept.style))
    content, style = (tuple((layer, 1.0) for layer in layers) for layers in (kept.content, kept.style))
    return Painter(
        Recipe(picture, settings=Settings(size=None, seed=seed, dtype="float32"), init=Picture(noise.astype(np.uint8))),
        terms=[
            *([LackingContent(content, each)] if content else []),
            *([LackingStyle(style, each)] if style else []),
        ],
        scales=_scales(picture.width, picture.height, kept.layers[-1]),
    )


def _scales(width: int, height: int, deepest: str) -> list[Scale]:
    whole = Scale(width, height, WHOLE_STEPS[field_of(deepest).jump])
    halved = min(width, height) >= 2 * SMALLEST
    return [Scale(width // 2, height // 2, HALF_STEPS), whole] if halved else [whole]


def _share(lacking: Tensor, of: Tensor) -> Tensor:
    return lacking / of.clamp(min=1e-12)
