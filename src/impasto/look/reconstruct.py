"""What some layers alone keep of a picture: another picture is grown from noise until they can't tell the two apart.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016, figure 1: from the content of
one layer, or from the style of a growing set of layers.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impasto.images import Picture
from impasto.look.features import fitted, weights
from impasto.look.layers import FIRST_OF_EACH_BLOCK, LookError, field_of, in_order
from impasto.networks.extractor import Extractor
from impasto.painter import compute
from impasto.painter.balance import Balance
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe
from impasto.painter.schedule import Scale
from impasto.painter.settings import Settings
from impasto.painter.term import Scene, StyleSource, Term
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


# Each layer counts as much as any other, as a share of what a blank picture lacks: 0 where nothing is lacking, about 1
# where all is, at shallow and at deep layers, whose features differ in scale by orders of magnitude.
SHARES = Balance("shares of what is to be kept", relative=True)


class KeptStyle(StyleTerm):
    """The style of what is to be kept: that of the photo."""

    def targets(self, scene: Scene) -> StyleTargets:
        """The averages of the photo."""
        return super().targets(replace(scene, styles=[StyleSource(1.0, None, lambda: scene.photo)]))


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
    terms: list[Term] = []
    for kind, layers in ((ContentTerm, kept.content), (KeptStyle, kept.style)):
        if layers:
            share = len(layers) / (len(kept.content) + len(kept.style))
            terms.append(kind(tuple((layer, 1.0) for layer in layers), share, balance=SHARES))
    settings = Settings(size=None, seed=seed, dtype="float32")
    return Painter(
        Recipe(picture, settings=settings, init=Picture(noise.astype(np.uint8))),
        terms=terms,
        # As it was trained, with zeros beyond the edge: it is the network that is looked at.
        network=Extractor(weights(), kept.layers, device=compute.device_of(settings)),
        scales=_scales(picture.width, picture.height, kept.layers[-1]),
    )


def _scales(width: int, height: int, deepest: str) -> list[Scale]:
    whole = Scale(width, height, WHOLE_STEPS[field_of(deepest).jump])
    halved = min(width, height) >= 2 * SMALLEST
    return [Scale(width // 2, height // 2, HALF_STEPS), whole] if halved else [whole]
