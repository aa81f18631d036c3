"""Every house style on every photo of a folder, as one contact sheet to look at square by square.

    python benchmarks/sheet.py PHOTOS SHEET.jpg [--size 384] [--quality standard] [--square 256]

One row a style, one column a photo; the photos themselves come first.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

import impasto
from impasto import images
from impasto.painter.styles import HOUSE_STYLES

LABEL = 18


def main() -> None:
    """Paint, and put the sheet together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--square", type=int, default=256)
    asked = parser.parse_args()
    photos = sorted(path for path in asked.photos.iterdir() if path.suffix.lower() in images.PICTURE_SUFFIXES)
    side = asked.square
    sheet = Image.new("RGB", (side * len(photos), (side + LABEL) * (len(HOUSE_STYLES) + 1)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, style in enumerate([None, *HOUSE_STYLES]):
        top = row * (side + LABEL)
        draw.text((4, top + 3), style or "the photos", fill="black")
        for column, path in enumerate(photos):
            if style is None:
                square = Image.fromarray(images.read(path).pixels)
            else:
                square = impasto.paint(path, style, size=asked.size, quality=asked.quality).image()
            square = ImageOps.pad(square, (side, side), color="white")
            sheet.paste(square, (side * column, top + LABEL))
        print(style or "the photos", flush=True)
        sheet.save(asked.sheet)


if __name__ == "__main__":
    main()
