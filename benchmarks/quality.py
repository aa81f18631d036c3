"""What an outside judge says of paintings, beside the photo and the style themselves.

    python benchmarks/quality.py PAINTING... --photo PHOTO --style STYLE [--shrink 512] [--json OUT.json]

STYLE is a file or the name of a house style. Needs the extra `bench`. Read at one size, all pictures shrunk to 512 px
along their longer side (--shrink), or to the smallest painting's:

    magenta    distance of the style vectors of Magenta's predictor to the style's, crops of three sizes; 0 is best
    CFSD       distance of VGG19's self-similarity at conv3_3 from the photo's; 0 is best
    colours    sliced Wasserstein distance of colours to the style's, ΔE; 0 is best
    L* a* b*   the mean colour, and the mean chroma
    scale      of the strokes, in thousandths of the longer side; how parallel they are; their angle
               (only likenesses: two sizes of one painting should agree)

Read from a painting's own pixels, since shrinking takes it away. The rows of the photo and of the style are read at the
first painting's size, or their own if that is smaller:

    period 2   power at a period of 2 px over its neighbours'
    axis       power at periods of 2 to 3 px along rows and columns, over the style's
    outliers   pixels that differ from the median of their 3 × 3 by more than ΔE = 10, in percent
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

try:
    import readings
except ModuleNotFoundError as missing:
    sys.exit(f"quality.py needs {missing.name}; install it with: pip install -c constraints.txt -e .[bench]")
from readings import Pixels

from impasto import images
from impasto.styles import HOUSE_STYLES, render


@dataclass(frozen=True)
class Judgement:
    """One row of the table; the fields are named in the module's docstring."""

    name: str
    size: str
    magenta: float
    cfsd: float
    colors: float
    period_two: float
    axis: float
    outliers: float
    lightness: float
    a: float
    b: float
    chroma: float
    scale: float
    coherence: float
    angle: float


class Judge:
    """Reads pictures beside one photo and one style.

    Args:
        photo, style: H × W × 3 pixels of any size.
        longest: pixels of the longer side at which pictures are read.
    """

    def __init__(self, photo: Pixels, style: Pixels, longest: int) -> None:
        self.longest = longest
        self.photo, self.style = photo, style
        self.small_style = readings.fitted(style, longest)
        self.vectors = readings.style_vectors(self.small_style)

    def judge(self, name: str, pixels: Pixels) -> Judgement:
        """A picture's row."""
        small = readings.fitted(pixels, self.longest)
        # The photo may be larger than a painting, or its size may have been rounded otherwise.
        photo = images.resize(readings.fitted(self.photo, self.longest), small.shape[1], small.shape[0])
        lines = readings.axis_power(readings.fitted(self.style, max(pixels.shape[:2])))
        return Judgement(
            name,
            f"{pixels.shape[1]} × {pixels.shape[0]}",
            readings.style_distance(readings.style_vectors(small), self.vectors),
            readings.structure_distance(readings.structure(small), readings.structure(photo)),
            readings.color_distance(small, self.small_style),
            readings.period_two(pixels),
            readings.axis_power(pixels) / lines,
            100 * readings.outliers(pixels),
            *readings.mean_color(small),
            *readings.strokes(small),
        )


def picture(name: str, size: tuple[int, int]) -> Pixels:
    """A file's pixels, or a house style's at a width and height."""
    return render(name, *size) if name in HOUSE_STYLES else images.read(Path(name)).pixels


def row(of: Judgement) -> str:
    """A row of the table."""
    return (
        f"| {of.name} | {of.size} | {of.magenta:.3f} | {of.cfsd:.3f} | {of.colors:.1f} | {of.period_two:.2f} "
        f"| {of.axis:.2f} | {of.outliers:.2f} | {of.lightness:.1f} {of.a:+.1f} {of.b:+.1f} | {of.chroma:.1f} "
        f"| {of.scale:.2f} | {of.coherence:.2f} | {of.angle:.0f}° |"
    )


COLUMNS = "picture|size|magenta|CFSD|colours|period 2|axis|outliers %|L* a* b*|chroma|scale|parallel|angle"
HEAD = f"| {COLUMNS.replace('|', ' | ')} |\n{'|---' * (COLUMNS.count('|') + 1)}|"


def main() -> None:
    """Read, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paintings", type=Path, nargs="+", metavar="PAINTING")
    parser.add_argument("--photo", required=True)
    parser.add_argument("--style", required=True)
    parser.add_argument("--shrink", type=int, default=512)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    paintings = {str(path): images.read(path).pixels for path in asked.paintings}
    first = max(next(iter(paintings.values())).shape[:2])
    longest = min(asked.shrink, *(max(pixels.shape[:2]) for pixels in paintings.values()))
    photo, style = picture(asked.photo, (1024, 768)), picture(asked.style, (1024, 768))
    judge = Judge(photo, style, longest)
    ends = {"the photo": readings.fitted(photo, first), "the style": readings.fitted(style, first)}
    print(f"Read at {longest} px, artefacts at each painting's own size.\n\n{HEAD}")
    rows = []
    for name, pixels in {**ends, **paintings}.items():
        rows.append(judge.judge(name, pixels))
        print(row(rows[-1]), flush=True)
    if asked.json:
        found = {"read at": longest, "rows": [asdict(one) for one in rows]}
        asked.json.write_text(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
