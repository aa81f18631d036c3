"""Paint the pictures that the studio's first page shows its house styles with: the sample photo in each of them.

    python docs/gallery.py [STYLE ...]

Takes a quarter of an hour on two cores; with names, only those.
"""

import io
import sys
from pathlib import Path

from PIL import Image

import impasto
from impasto.styles import HOUSE_STYLES

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "examples" / "cat.jpg"
GALLERY = ROOT / "src" / "impasto" / "studio" / "web" / "static" / "gallery"
WIDTH, HEIGHT = 288, 192
LIMIT = 14_000  # bytes a picture: the page shows them all


def small(picture: Image.Image) -> bytes:
    """A WebP of the size that the page shows, as good as fits the limit."""
    picture = picture.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    for quality in range(82, 0, -4):
        data = io.BytesIO()
        picture.save(data, "WEBP", quality=quality, method=6)
        if data.tell() <= LIMIT:
            break
    return data.getvalue()


def main(names: list[str]) -> None:
    """Write the photo as photo.webp and each painting under its style's name."""
    GALLERY.mkdir(exist_ok=True)
    (GALLERY / "photo.webp").write_bytes(small(Image.open(PHOTO)))
    for name in names or HOUSE_STYLES:
        (GALLERY / f"{name}.webp").write_bytes(small(impasto.paint(PHOTO, name, size=320).image()))
        print(GALLERY / f"{name}.webp", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
