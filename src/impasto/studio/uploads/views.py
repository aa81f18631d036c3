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


def _encoded(pixels: NDArray[np.uint8], side: int, kind: str, **options: Any) -> bytes:
    height, width = pixels.shape[:2]
    share = min(1.0, side / max(width, height))
    small = images.resize(pixels, max(1, round(width * share)), max(1, round(height * share)))
    data = io.BytesIO()
    Image.fromarray(small).save(data, kind, **options)
    return data.getvalue()
