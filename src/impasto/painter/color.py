"""Colours: a style recoloured to the palette of a photo."""

import numpy as np
from numpy.typing import NDArray


def recolor(style: NDArray[np.uint8], photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The style with the mean and the covariance of the photo's colours.

    The linear map Σ_p^½ Σ_s^−½ (Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016, section 4),
    applied to the style before painting, so that what is minimised is what is shown.

    Args:
        style: H × W × 3.
        photo: H' × W' × 3.

    Returns:
        H × W × 3, of the style's shape.
    """
    colors = style.reshape(-1, 3).astype(np.float64)
    palette = photo.reshape(-1, 3).astype(np.float64)
    mean, wanted = colors.mean(0), palette.mean(0)
    forward = _root(np.cov(palette.T), 0.5) @ _root(np.cov(colors.T), -0.5)
    mapped = (colors - mean) @ forward.T + wanted
    recolored: NDArray[np.uint8] = mapped.round().clip(0, 255).astype(np.uint8).reshape(style.shape)
    return recolored


def _root(covariance: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    # A grey picture has colours on a line; a variance of one level squared keeps the inverse finite.
    return np.asarray((vectors * np.maximum(values, 1.0) ** power) @ vectors.T)
