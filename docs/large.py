"""A large painting for the docs: the whole, and a detail in full size beside the same detail of a small one, enlarged.

impasto paint PHOTO --style night --size 4032 --memory 4G -o large.png
impasto paint PHOTO --style night --size 1008 -o small.png
python docs/large.py large.png small.png
"""

import sys
from pathlib import Path

from PIL import Image

WIDTH, GAP = 1200, 8
# Where the detail is: the shares of the width and the height at which it begins.
LEFT, TOP = 0.35, 0.36


def main() -> None:
    """Put the three pictures together."""
    large, small = (Image.open(name).convert("RGB") for name in sys.argv[1:3])
    height = round(WIDTH / large.width * large.height)
    side = (WIDTH - GAP) // 2
    left, top = round(LEFT * large.width), round(TOP * large.height)
    box = (left, top, left + side, top + side)
    shrunk = small.width / large.width
    page = Image.new("RGB", (WIDTH, height + GAP + side), "white")
    page.paste(large.resize((WIDTH, height), Image.Resampling.LANCZOS))
    page.paste(large.crop(box), (0, height + GAP))
    enlarged = small.resize((side, side), Image.Resampling.BICUBIC, box=tuple(edge * shrunk for edge in box))
    page.paste(enlarged, (side + GAP, height + GAP))
    page.save(Path(__file__).parent / "large.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
