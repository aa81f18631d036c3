"""Feature maps as a contact sheet: one column a layer, scale beside scale."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from impasto.look.features import FeatureMaps, Floats
from impasto.look.layers import LookError, Order
from impasto.look.page import ACCENT, DIVERGING, FAINT, MARGIN, SEQUENTIAL, TALL, WIDTH, Page, shaded

TOP = 64
CLIPPED = 0.005
"""The share of a map's positions that are all shown as light as can be: a few peaks would leave the rest dark."""
HEAD, GAP, COLUMN_GAP, LABEL = 100, 8, 22, 34
LINES = 84
"""Pixels of the lines under a layer's name."""
NARROWEST = 78
"""Pixels; a label fits below a map as narrow as this."""


def feature_sheet(features: Sequence[FeatureMaps], top: int = TOP, order: Order = "energy") -> Any:
    """Draw layers side by side: their size, what one output sees of the photo, and their maps.

    Args:
        features: of one photo, from :func:`impasto.look.feature_maps`.
        top: how many maps a layer.
        order: the maps with the most energy first, or by number.

    Returns:
        A matplotlib Figure.

    Raises:
        LookError: no map is asked for.
    """
    if top < 1:
        raise LookError(f"{top} maps are nothing to look at; give 1 or more")
    photo = features[0].photo
    column = (WIDTH - 2 * MARGIN - COLUMN_GAP * (len(features) - 1)) // len(features)
    ratio = photo.height / photo.width
    most = max(min(top, len(layer.maps)) for layer in features)
    thumb = (min(column, 260), round(min(column, 260) * ratio))
    first = HEAD + 26 + LINES + thumb[1] + 20
    across = _across(column, ratio, most, TALL - first)
    wide = (column - GAP * (across - 1)) // across
    high = max(1, round(wide * ratio))
    page = Page(first + -(-most // across) * (high + LABEL) + MARGIN)
    signed = any(layer.maps.min() < 0 for layer in features)
    page.title(
        f"Feature maps of {photo.name}, {photo.width} × {photo.height}",
        ("" if signed else "After the ReLU. ")
        + "Below each map: its layer and unit; its range, and the share of it that is zero.",
    )
    page.scale(WIDTH - MARGIN - 240, 30, 160, "0", "its highest")
    if signed:
        page.scale(WIDTH - MARGIN - 240, 52, 160, "below 0", "above 0", DIVERGING)
    for index, layer in enumerate(features):
        left = MARGIN + index * (column + COLUMN_GAP)
        _head(page, layer, left, HEAD, thumb)
        for place, unit in enumerate(layer.ordered(order)[:top]):
            x = left + place % across * (wide + GAP)
            y = first + place // across * (high + LABEL)
            page.picture(shaded_map(layer.maps[unit], wide, high), x, y, wide, high)
            page.text(x, y + high + 2, f"{layer.layer}:{unit}", px=12)
            page.text(x, y + high + 16, _numbers(layer, unit), px=12, color=FAINT)
    return page.finished()


def shaded_map(features: Floats, width: int, height: int) -> Any:
    """One map at a size, from 0 to where its highest half per cent begins; uint8, height × width × 3.

    A map with numbers below 0 has 0 in the middle of its colours.
    """
    how = Image.Resampling.NEAREST if width >= features.shape[1] else Image.Resampling.BOX
    shown = np.asarray(Image.fromarray(features).resize((width, height), how))
    if features.min() < 0:
        return shaded(0.5 + shown / (2 * max(float(np.quantile(abs(shown), 1 - CLIPPED)), 1e-12)), DIVERGING)
    return shaded(shown / max(float(np.quantile(shown, 1 - CLIPPED)), 1e-12), SEQUENTIAL)


def _head(page: Page, layer: FeatureMaps, left: int, top: int, thumb: tuple[int, int]) -> None:
    units, height, width = layer.maps.shape
    field, photo = layer.field, layer.photo
    page.text(left, top, layer.layer, px=18, bold=True)
    lines = (f"{units} maps", f"{height} × {width}", f"sees {field.size} px", f"in steps of {field.jump}")
    for row, words in enumerate(lines):
        page.text(left, top + 28 + row * 18, words, px=13, color=FAINT)
    y, scale = top + 26 + LINES, thumb[0] / photo.width
    page.picture(photo.pixels, left, y, *thumb)
    side = field.size * scale
    # Around the middle position; what sticks out of the photo sees padding.
    across = (width // 2 * field.jump - field.margin) * scale
    down = (height // 2 * field.jump - field.margin) * scale
    x0, x1 = max(across, 0), min(across + side, thumb[0])
    y0, y1 = max(down, 0), min(down + side, thumb[1])
    page.box(left + x0, y + y0, max(x1 - x0, 3), max(y1 - y0, 3), edge="white", line=5)
    page.box(left + x0, y + y0, max(x1 - x0, 3), max(y1 - y0, 3), edge=ACCENT, line=2.5)


def _numbers(layer: FeatureMaps, unit: int) -> str:
    low, high = layer.maps[unit].min(), layer.maps[unit].max()
    places = 0 if max(-low, high) >= 10 else 1
    between = " to " if low < 0 else "–"
    return f"{low:.{places}f}{between}{high:.{places}f}, {layer.silence[unit]:.0%}".replace("-", "−")


def _across(column: int, ratio: float, maps: int, room: int) -> int:
    """How many maps stand side by side: as few as fit the height that is left, unless they would get too narrow."""
    most = max(1, (column + GAP) // (NARROWEST + GAP))
    for across in range(1, most):
        wide = (column - GAP * (across - 1)) / across
        if -(-maps // across) * (wide * ratio + LABEL) <= room:
            return across
    return most
