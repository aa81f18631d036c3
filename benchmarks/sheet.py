"""Every house style on every photo of a folder, as one contact sheet to look at square by square.

    python benchmarks/sheet.py PHOTOS SHEET.jpg [--size 384] [--quality standard] [--square 256]

One row a style, one column a photo; the photos themselves come first. It takes hours: squares that are painted are kept
in SHEET.squares, and a run that was stopped goes on with those that are missing.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

import impasto
from impasto import images
from impasto.styles import HOUSE_STYLES

LABEL = 18


def square(path: Path, style: str | None, kept: Path, asked: argparse.Namespace) -> Image.Image:
    """A photo in a style, or as it is, on a white square."""
    if style is None:
        picture = Image.fromarray(images.read(path).pixels)
    elif kept.exists():
        picture = Image.open(kept)
    else:
        picture = impasto.paint(path, style, size=asked.size, quality=asked.quality).image()
        images.write(kept, images.read(picture).pixels)
    return ImageOps.pad(picture, (asked.square, asked.square), color="white")


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
    squares = asked.sheet.with_suffix(".squares")
    squares.mkdir(exist_ok=True)
    side = asked.square
    sheet = Image.new("RGB", (side * len(photos), (side + LABEL) * (len(HOUSE_STYLES) + 1)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, style in enumerate([None, *HOUSE_STYLES]):
        top = row * (side + LABEL)
        draw.text((4, top + 3), style or "the photos", fill="black")
        for column, path in enumerate(photos):
            kept = squares / f"{style}-{path.stem}.png"
            sheet.paste(square(path, style, kept, asked), (side * column, top + LABEL))
        print(style or "the photos", flush=True)
        sheet.save(asked.sheet)


if __name__ == "__main__":
    main()
