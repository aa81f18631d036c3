"""Gram matrices as heat maps, photo beside style beside their difference, with the pairs that say most."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from impasto.look.contact_sheet import shaded_map
from impasto.look.grams import LayerGram, Matrix, Pair
from impasto.look.page import DIVERGING, FAINT, MARGIN, SEQUENTIAL, WIDTH, Page, shaded

SIDE, GAP, HEAD = 280, 22, 150
MAP_WIDTH, MAP_HEIGHT = 124, 66
BETWEEN_MAPS, BETWEEN_PAIRS = 4, 22
CAPTION, LABEL = 18, 24
CLIPPED = 0.001
"""The share of a matrix's entries that are all shown as the largest."""


def gram_sheet(grams: Sequence[LayerGram]) -> Any:
    """Draw layers below each other, units in the order in which those that fire together stand side by side.

    Colours are √G, so that small entries show; photo and style share a scale, and in the difference both signs do.

    Args:
        grams: of one photo, from :func:`impasto.look.layer_grams`.

    Returns:
        A matplotlib Figure.
    """
    photo, compared = grams[0].features.photo, grams[0].style is not None
    width, height = _map_size(photo.height / photo.width)
    groups = 3 if compared else 2
    top = HEAD if compared else HEAD - 30
    row = 34 + max(SIDE, groups * (CAPTION + height + LABEL)) + 14
    page = Page(top + row * len(grams) + MARGIN // 2)
    page.title(
        f"Gram matrices of {photo.name}" + (" and of the style" if compared else ""),
        "G[i, j] is the mean product of features i and j. A value close to 0: these two do not fire at the same place.",
    )
    page.text(
        MARGIN, 84, "Units stand in the order in which those that fire together are neighbours.", px=14, color=FAINT
    )
    _legend(page, compared)
    total = sum(gram.cost for gram in grams)
    for index, gram in enumerate(grams):
        _draw(page, gram, top + index * row, total, (width, height))
    return page.finished()


def _legend(page: Page, compared: bool) -> None:
    page.scale(WIDTH - MARGIN - 240, 30, 160, "0", "largest")
    if compared:
        for index, name in enumerate(("photo", "style", "difference")):
            page.text(MARGIN + index * (SIDE + GAP), HEAD - 24, name, px=15, bold=True)
        page.scale(WIDTH - MARGIN - 240, 60, 160, "style more", "photo more", DIVERGING)


def _draw(page: Page, gram: LayerGram, top: int, total: float, size: tuple[int, int]) -> None:
    units = len(gram.photo)
    wide = page.text(MARGIN, top, f"{gram.layer}", px=18, bold=True)
    words = f"{units} × {units}"
    if gram.style is not None:
        words += f", style cost {gram.cost:,.0f}: {gram.cost / max(total, 1e-300):.1%} of that of all layers here"
    page.text(MARGIN + wide + 12, top + 3, words, px=14, color=FAINT)
    top += 34
    order = np.ix_(gram.order, gram.order)
    shown = [gram.photo[order]] + ([gram.style[order]] if gram.style is not None else [])
    largest = max(_large(matrix) for matrix in shown)
    for index, matrix in enumerate(shown):
        _heat_map(page, shaded(np.sqrt(np.maximum(matrix, 0) / largest), SEQUENTIAL), index, top)
    left = MARGIN + SIDE + GAP
    groups: list[tuple[str, list[Pair], Callable[[float], str]]] = [
        ("fire together most (cosine)", gram.together(_fitting(left, size)), "{:.2f}".format),
        ("fire together least (cosine)", gram.apart(_fitting(left, size)), "{:.2f}".format),
    ]
    if gram.style is not None:
        difference = shown[0] - shown[1]
        signed = np.sign(difference) * np.sqrt(np.abs(difference) / _large(np.abs(difference)))
        _heat_map(page, shaded(0.5 + signed / 2, DIVERGING), 2, top)
        left = MARGIN + 3 * (SIDE + GAP)
        fit = _fitting(left, size)
        groups = [(name, pairs[:fit], form) for name, pairs, form in groups]
        groups.append(("differ most from the style (share of the cost)", gram.costliest(fit), "{:.1%}".format))
    for index, (name, pairs, form) in enumerate(groups):
        _pairs(page, gram, name, pairs, form, (left, top + index * (CAPTION + size[1] + LABEL)), size)


def _heat_map(page: Page, pixels: Any, column: int, top: int) -> None:
    page.picture(pixels, MARGIN + column * (SIDE + GAP), top, SIDE, SIDE)


def _pairs(
    page: Page,
    gram: LayerGram,
    name: str,
    pairs: Sequence[Pair],
    form: Callable[[float], str],
    at: tuple[int, int],
    size: tuple[int, int],
) -> None:
    left, top = at
    width, height = size
    page.text(left, top, name, px=13, bold=True)
    for index, (i, j, value) in enumerate(pairs):
        x, y = left + index * (2 * width + BETWEEN_MAPS + BETWEEN_PAIRS), top + CAPTION
        for place, unit in enumerate((i, j)):
            pixels = shaded_map(gram.features.maps[unit], width, height)
            page.picture(pixels, x + place * (width + BETWEEN_MAPS), y, width, height)
        page.text(x, y + height + 3, f"{i} and {j}: {form(value)}" if i != j else f"{i} alone: {form(value)}", px=12)


def _map_size(ratio: float) -> tuple[int, int]:
    """(width, height) of a pair's maps, for a photo of this ratio of height to width."""
    width = round(min(MAP_WIDTH, MAP_HEIGHT / ratio))
    return width, max(1, round(width * ratio))


def _fitting(left: int, size: tuple[int, int]) -> int:
    return (WIDTH - MARGIN - left + BETWEEN_PAIRS) // (2 * size[0] + BETWEEN_MAPS + BETWEEN_PAIRS)


def _large(matrix: Matrix) -> float:
    return max(float(np.quantile(matrix, 1 - CLIPPED)), 1e-300)
