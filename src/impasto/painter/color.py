"""Colours: a picture brought to another's palette by the linear map that changes it least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Pixels whose colours are worked on at once: in float64 a large picture would need more than all that is made of it.
AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Palette:
    """The mean (3) and the covariance (3 × 3) of colours in 0–255."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "Palette":
        """That of a picture, H × W × 3."""
        colors, sums, products = pixels.reshape(-1, 3), np.zeros(3), np.zeros((3, 3))
        for start in range(0, len(colors), AT_ONCE):
            some = colors[start : start + AT_ONCE].astype(np.float64)
            sums += some.sum(0)
            products += some.T @ some  # of whole numbers, so that both sums are exact
        mean = sums / len(colors)
        return cls(mean, (products - sums[:, None] * mean) / (len(colors) - 1))

    @classmethod
    def mixed(cls, palettes: Sequence["Palette"], weights: Sequence[float]) -> "Palette":
        """That of colours of which each palette gives its share; the weights sum to 1."""
        pairs = list(zip(palettes, weights, strict=True))
        mean = np.sum([weight * palette.mean for palette, weight in pairs], 0)
        between = [(palette.mean - mean)[:, None] * (palette.mean - mean) for palette in palettes]
        covariance = np.sum(
            [weight * (palette.covariance + b) for (palette, weight), b in zip(pairs, between, strict=True)], 0
        )
        return cls(mean, covariance)


def recolor(pixels: NDArray[np.uint8], palette: Palette) -> NDArray[np.uint8]:
    """A picture with a palette's mean and covariance.

    The symmetric map A = Σ^−½ (Σ^½ T Σ^½)^½ Σ^−½ from the picture's covariance Σ to the palette's T moves colours
    the least of all linear maps that do it (Pitié and Kokaram, "The linear Monge-Kantorovitch linear colour mapping for
    example-based colour transfer", 2007), so that hues do not turn. Recolouring the style to the photo before painting
    keeps the photo's colours: Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016, section 4.

    Args:
        pixels: H × W × 3.
        palette: what the colours are to be like.

    Returns:
        H × W × 3; what leaves 0–255 is clipped.
    """
    own = Palette.of(pixels)
    root, inverse = _power(own.covariance, 0.5), _power(own.covariance, -0.5)
    transport = inverse @ _power(root @ palette.covariance @ root, 0.5) @ inverse
    colors = pixels.reshape(-1, 3)
    recolored = np.empty_like(colors)
    for start in range(0, len(colors), AT_ONCE):
        moved = (colors[start : start + AT_ONCE].astype(np.float64) - own.mean) @ transport + palette.mean
        recolored[start : start + AT_ONCE] = moved.round().clip(0, 255)
    return recolored.reshape(pixels.shape)


def _power(covariance: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    # A grey picture has colours on a line; a variance of one level squared keeps the inverse finite.
    return np.asarray((vectors * np.maximum(values, 1.0) ** power) @ vectors.T)
