"""Pictures to be looked at, as WebP: as large as a page shows them, and quick to make and to send."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto import images

VIEW_SIDE, PREVIEW_SIDE, THUMB_SIDE = 1024, 768, 320


def webp(pixels: NDArray[np.uint8], side: int, quality: int = 85) -> bytes:
    """The pixels (H × W × 3) as a WebP without metadata, its long side at most `side`."""
    return _encoded(pixels, side, "WEBP", quality=quality, method=2)


def jpeg(pixels: NDArray[np.uint8], side: int) -> bytes:
    """The same as a JPEG, for mail: not all that shows mails knows WebP."""
    return _encoded(pixels, side, "JPEG", quality=85, optimize=True)


def shrunk(pixels: NDArray[np.uint8], side: int) -> Image.Image:
    """The pixels as a picture, its long side at most `side`."""
    height, width = pixels.shape[:2]
    share = min(1.0, side / max(width, height))
    return Image.fromarray(images.resize(pixels, max(1, round(width * share)), max(1, round(height * share))))


def _encoded(pixels: NDArray[np.uint8], side: int, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    shrunk(pixels, side).save(data, kind, **options)
    return data.getvalue()
