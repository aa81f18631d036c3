"""Colours: a picture brought to another's palette by the linear map that changes it least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.images.arrays import empty, strips
from impasto.images.masks import LUMA


@dataclass(frozen=True)
class Palette:
    """The mean (3) and the covariance (3 × 3) of colours in 0–255."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "Palette":
        """That of a picture, H × W × 3."""
        count, sums, products = pixels.shape[0] * pixels.shape[1], np.zeros(3), np.zeros((3, 3))
        for rows in strips(*pixels.shape[:2]):
            colors = pixels[rows].reshape(-1, 3).astype(np.float64)
            sums += colors.sum(0)
            products += colors.T @ colors  # whole numbers, so both sums are exact
        mean = sums / count
        return cls(mean, (products - sums[:, None] * mean) / (count - 1))

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
    recolored = empty(pixels.shape, np.uint8)
    for rows in strips(*pixels.shape[:2]):
        moved = (pixels[rows].astype(np.float64) - own.mean) @ transport + palette.mean
        recolored[rows] = moved.round().clip(0, 255)
    return recolored


def colored(light: NDArray[np.float32], photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture with the luma of one and the colours of another, both H × W × 3 in 0–255.

    The photo's difference from grey is what a colour is (Gatys et al. 2017, section 5.1). Where there is no room for
    it, beside very light or dark paint, it is made smaller and its hue stays.
    """
    painted = empty(light.shape, np.float32)
    for rows in strips(*light.shape[:2]):
        own, luma = photo[rows].astype(np.float32), (light[rows] @ LUMA)[:, :, None].clip(0, 255)
        chroma = own - (own @ LUMA)[:, :, None]
        room = np.where(chroma > 0, 255 - luma, luma) / np.maximum(np.abs(chroma), 1e-3)
        painted[rows] = luma + chroma * np.minimum(room.min(2, keepdims=True), 1)
    return painted


def _power(covariance: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    # A grey picture has colours on a line; a variance of one level squared keeps the inverse finite.
    return np.asarray((vectors * np.maximum(values, 1.0) ** power) @ vectors.T)
