"""A short film of a painting as it grows, one frame for each step or for each few of them."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.studio.uploads.views import shrunk

SIDE, MOST = 360, 48
"""Pixels of its long side; and frames at most, so that a film has about a megabyte."""
MILLISECONDS, LAST = 120, 2500
"""For which a frame is shown, and the last one."""


class Film:
    """Collects frames. Where there are too many, every second one is left out from then on, and of those before."""

    def __init__(self) -> None:
        self._frames: list[Image.Image] = []
        self._every, self._steps = 1, 0

    def wants(self) -> bool:
        """Count a step; whether its picture becomes a frame."""
        self._steps += 1
        return (self._steps - 1) % self._every == 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """Add a frame, H × W × 3."""
        self._frames.append(shrunk(pixels, SIDE))
        if len(self._frames) > MOST:
            self._frames, self._every = self._frames[::2], 2 * self._every

    def webp(self) -> bytes:
        """The film, which ends with the frame that was added last; one frame at least was added."""
        first, *others = self._frames
        lasts = [MILLISECONDS] * len(others) + [LAST]
        data = io.BytesIO()
        first.save(data, "WEBP", save_all=True, append_images=others, duration=lasts, loop=0, quality=70, method=0)
        return data.getvalue()
