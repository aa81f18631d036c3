"""Words as outlines, all of a sheet's in a few paths.

A sheet has hundreds of short labels; as one path they are drawn in a tenth of the time that matplotlib takes for as
many texts.
"""

from functools import cache
from typing import Any

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.path import Path
from numpy.typing import NDArray

from impasto.images.picture import printable

EM = 100
"""Pixels at which outlines are taken from the font."""


def outline(words: str, px: float, bold: bool = False) -> tuple[Path, float]:
    """The outline of one line of words in letters of so many pixels, and its width; its baseline begins at (0, 0)."""
    vertices, codes, at = [np.zeros((0, 2))], [np.zeros(0, Path.code_type)], 0.0
    for letter in printable(words):
        shape, kinds, advance = _glyph(letter, bold)
        vertices.append(np.add(shape, (at, 0)))
        codes.append(kinds)
        at += advance
    return Path(np.concatenate(vertices) * (px / EM), np.concatenate(codes)), at * px / EM


@cache
def _glyph(letter: str, bold: bool) -> tuple[NDArray[np.float64], Any, float]:
    font = get_font(findfont(FontProperties(weight="bold" if bold else "normal")))
    font.set_size(EM, 72)
    known = letter if font.get_char_index(ord(letter)) else "?"
    glyph = font.load_char(ord(known), flags=LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    return (
        np.asarray(vertices, np.float64).reshape(-1, 2),
        np.asarray(codes, Path.code_type),
        glyph.linearHoriAdvance / 65536,
    )
