"""A sheet of paper to put pictures, words and lines on, measured in pixels.

Hundreds of small pictures, each in axes of its own, would take matplotlib minutes; here they are pasted into one, and
words and lines are drawn over it as vectors, which stay sharp in a PDF or an SVG.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray
from PIL import Image

from impasto.look.letters import outline

WIDTH = 1400
"""Of a sheet in pixels: fits a screen of 1,440."""
A4 = (8.27, 11.69)
"""Inches. A sheet is as wide as an A4 page, and one that is no taller in proportion prints at its own size."""
DPI = WIDTH / A4[0]
TALL = round(A4[1] * DPI)
MARGIN = 28
ASCENT = 0.93
"""Of the font, in letters' heights: how far a line's top is above its baseline."""
INK, FAINT, ACCENT = "#1a1a1a", "#666666", "#d55e00"
"""The accent is the vermilion of Okabe and Ito's palette, which colour-blind people can tell apart."""
SEQUENTIAL, DIVERGING = "viridis", "berlin"
"""Colour maps: perceptually uniform and safe for the colour-blind (van der Walt and Smith 2015; Crameri 2018)."""

Bytes = NDArray[np.uint8]
Side = Literal["left", "center", "right"]


class Page:
    """A white sheet of `WIDTH` pixels by `height`; x runs to the right and y down."""

    def __init__(self, height: int) -> None:
        self.height = height
        self._pixels = np.full((height, WIDTH, 3), 255, np.uint8)
        self._figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._words: dict[str, list[Path]] = defaultdict(list)
        self._axes.set(xlim=(0, WIDTH), ylim=(height, 0))

    def finished(self) -> Figure:
        """The sheet as a figure; nothing can be put on it afterwards."""
        for color, paths in self._words.items():
            whole = Path.make_compound_path(*paths)
            # add_patch would measure every curve first.
            self._axes.add_artist(PathPatch(whole, facecolor=color, edgecolor="none", zorder=3))
        self._axes.imshow(self._pixels, extent=(0, WIDTH, self.height, 0), interpolation="nearest", zorder=0)
        return self._figure

    def picture(self, pixels: Bytes, left: int, top: int, width: int, height: int, *, smooth: bool = False) -> None:
        """Paste uint8, H × W × 3, at a size: averaged where it shrinks, its pixels visible where it grows."""
        grows = width >= pixels.shape[1]
        how = (Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST) if grows else Image.Resampling.BOX
        shown = Image.fromarray(pixels).resize((width, height), how)
        self._pixels[top : top + height, left : left + width] = np.asarray(shown)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        px: float = 13,
        color: str = INK,
        side: Side = "left",
        bold: bool = False,
    ) -> float:
        """A line of words whose top is at y, in letters of so many pixels; returns its width."""
        path, width = outline(words, px, bold)
        start = x - {"left": 0.0, "center": 0.5, "right": 1.0}[side] * width
        self._words[color].append(Path(np.asarray(path.vertices) * (1, -1) + (start, y + ASCENT * px), path.codes))
        return width

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        edge: str = "none",
        fill: str = "none",
        line: float = 2,
    ) -> None:
        """A rectangle, with an edge of so many pixels."""
        self._axes.add_patch(
            Rectangle((left, top), width, height, edgecolor=edge, facecolor=fill, linewidth=line * 72 / DPI)
        )

    def shape(self, corners: Sequence[tuple[float, float]], *, fill: str) -> None:
        """A polygon with a thin white edge."""
        self._axes.add_patch(Polygon(corners, facecolor=fill, edgecolor="white", linewidth=72 / DPI))

    def line(self, xs: Sequence[float], ys: Sequence[float], *, color: str = INK, width: float = 1) -> None:
        """A line through points."""
        self._axes.add_line(Line2D(xs, ys, color=color, linewidth=width * 72 / DPI))

    def title(self, words: str, below: str = "") -> None:
        """What the sheet shows, and a line that says how to read it."""
        self.text(MARGIN, 24, words, px=26, bold=True)
        self.text(MARGIN, 62, below, px=14, color=FAINT)

    def scale(self, left: int, top: int, width: int, low: str, high: str, colors: str = SEQUENTIAL) -> None:
        """A strip of a colour map, with what stands at its ends."""
        self.picture(shaded(np.linspace(0, 1, width)[None], colors), left, top, width, 12)
        self.text(left - 6, top - 2, low, px=12, color=FAINT, side="right")
        self.text(left + width + 6, top - 2, high, px=12, color=FAINT)


def shaded(values: NDArray[Any], colors: str = SEQUENTIAL) -> Bytes:
    """Numbers from 0 to 1 (H × W) in a colour map's colours, uint8, H × W × 3."""
    pixels: Bytes = colormaps[colors](np.clip(values, 0, 1), bytes=True)[..., :3]
    return pixels
