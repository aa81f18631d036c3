"""What some layers alone keep of a picture: another picture is grown from noise until they can't tell the two apart.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016, figure 1: from the content of
one layer, or from the style of a growing set of layers.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.images import Picture
from impasto.look.features import fitted, weights
from impasto.look.layers import FIRST_OF_EACH_BLOCK, LookError, field_of, in_order
from impasto.networks.extractor import Extractor
from impasto.painter import compute
from impasto.painter.losses import gram_matrix
from impasto.painter.objective import Costs
from impasto.painter.painter import Painter
from impasto.painter.schedule import Scale
from impasto.painter.settings import Settings

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


class Difference:
    """How much of what is to be kept a picture lacks; the mean over the layers of

        Σ (F − P)² / Σ P²  for content,  Σ (G − A)² / Σ A²  for style:

    0 where nothing is lacking and about 1 where all is, at shallow and deep layers alike, whose features differ in
    scale by orders of magnitude.

    Args:
        network: extracts the layers.
        kept: what is to be kept.
        photo: of which, 1 × 3 × H × W in 0–255.
    """

    def __init__(self, network: Extractor, kept: Kept, photo: Tensor) -> None:
        self.network = network
        self.kept = kept
        with torch.no_grad():
            features = network(photo)
        self.content = {name: features[name].float() for name in kept.content}
        self.style = {name: gram_matrix(features[name], normalize=True) for name in kept.style}

    def __call__(self, picture: Tensor) -> Costs:
        """The costs of a picture, 1 × 3 × H × W in 0–255."""
        features = self.network(picture)
        none = picture.new_zeros(())
        content = sum((_lack(features[name].float(), wanted) for name, wanted in self.content.items()), none)
        style = sum(
            (_lack(gram_matrix(features[name], normalize=True), wanted) for name, wanted in self.style.items()), none
        )
        return Costs((content + style) / (len(self.content) + len(self.style)), content, style)


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
    settings = Settings(size=None, init="file", seed=seed)
    network = Extractor(weights(), kept.layers, device=compute.device_of(settings))
    return Painter(
        picture,
        [],
        settings,
        init=Picture(noise.astype(np.uint8)),
        objective=partial(Difference, network, kept),
        scales=_scales(picture.width, picture.height, kept.layers[-1]),
    )


def _scales(width: int, height: int, deepest: str) -> list[Scale]:
    whole = Scale(width, height, WHOLE_STEPS[field_of(deepest).jump])
    halved = min(width, height) >= 2 * SMALLEST
    return [Scale(width // 2, height // 2, HALF_STEPS), whole] if halved else [whole]


def _lack(ours: Tensor, wanted: Tensor) -> Tensor:
    return (ours - wanted).square().sum() / wanted.square().sum().clamp(min=1e-12)
