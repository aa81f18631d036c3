"""What painting gives: progress after each step, and at last a painting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto import images
from impasto.images.arrays import empty, strips

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Progress:
    """Where a painting is after a step.

    Attributes:
        scale: of `scales`, from 0, the coarsest.
        width, height: the canvas at this scale; it may be finer than the painting.
        step: of `steps` at this scale, from 1.
        objective: of the canvas after this step: the terms' costs, each times its weight, added up.
        costs: term's name → cost, before its weight.
        layers: term's name → layer → what that layer adds to the term's cost; of the terms that say it.
        seconds: since painting began.
        seconds_left: an estimate.
        preview: draws the canvas as it was after this step, uint8, H × W × 3, no larger than the painting.
    """

    scale: int
    scales: int
    width: int
    height: int
    step: int
    steps: int
    objective: float
    costs: Mapping[str, float]
    layers: Mapping[str, Mapping[str, float]]
    seconds: float
    seconds_left: float
    preview: Callable[[], Bytes]

    @property
    def share(self) -> float:
        """How much of the whole painting is done, from 0 to 1."""
        return self.seconds / max(self.seconds + self.seconds_left, 1e-9)


@dataclass(frozen=True)
class Painting:
    """A painting, and what made it.

    Attributes:
        pixels: float32, H × W × 3, sRGB in 0–255.
        settings: the settings, and the names and digests of the pictures, as JSON can hold them.
        objective: of the canvas when it was taken: the terms' costs, each times its weight, added up. The canvas may be
            finer than the painting.
        costs: term's name → cost, before its weight.
        seconds: of painting.
        steps: over all scales.
    """

    pixels: Floats
    settings: dict[str, Any]
    objective: float
    costs: Mapping[str, float]
    seconds: float
    steps: int

    def save(self, target: str | Path | BinaryIO, *, format: str | None = None, bits: int = 8) -> None:
        """Write the painting with its settings; see :func:`impasto.images.write`."""
        images.write(target, self.pixels, format=format, bits=bits, settings=self.settings)

    def image(self) -> Image.Image:
        """The painting as an 8-bit PIL image."""
        return Image.fromarray(to_bytes(self.pixels))


def to_bytes(pixels: Floats) -> Bytes:
    """Pixels of 0–255, H × W × 3, rounded."""
    rounded = empty(pixels.shape, np.uint8)
    for rows in strips(*pixels.shape[:2]):
        rounded[rows] = pixels[rows].round().clip(0, 255)
    return rounded
