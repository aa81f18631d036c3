"""Why a model says what it says, as a sheet: the picture, and what speaks for the class laid over it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from impasto.look.explanations import PATCH, Floats, Why
from impasto.look.page import DIVERGING, FAINT, MARGIN, SEQUENTIAL, WIDTH, Bytes, Page, shaded

HEAD, GAP, LINE = 100, 20, 18
GREY = 0.35
"""How much of the picture shows through what is laid over it."""


def why_sheet(found: Why) -> Any:
    """Draw it.

    Returns:
        A matplotlib Figure.
    """
    side = (WIDTH - 2 * MARGIN - 3 * GAP) // 4
    page = Page(HEAD + side + 4 * LINE + MARGIN + 24)
    others = ", ".join(f"{label} {share:.1%}" for label, share in found.others)
    page.title(
        f"{found.photo.name}: {found.label} {found.probability:.1%}",
        f"Then {others}. What speaks for {found.label}, in three ways.",
    )
    taken = found.photo.width
    grey = found.photo.pixels.mean(2, keepdims=True).repeat(3, 2)
    most = max(float(np.abs(found.covered).max()), 1e-6)
    columns: list[tuple[Bytes, tuple[str, ...]]] = [
        (found.photo.pixels, ("The picture", f"as the network takes it: {taken} × {taken}")),
        (
            _over(grey, found.cam, lambda values: shaded(values)),
            ("Grad-CAM", f"where the features of {found.layer}", "speak for the class"),
        ),
        (
            _over(
                grey, np.float32(0.5) + found.covered / np.float32(2 * most), lambda values: shaded(values, DIVERGING)
            ),
            ("Occlusion", f"what a square of {taken // PATCH} × {taken // PATCH} takes away", "from the class's share"),
        ),
        (
            _over(grey, found.gradient, lambda values: shaded(values)),
            ("Gradient", "how much the score changes", "with each pixel"),
        ),
    ]
    for place, (pixels, (name, *lines)) in enumerate(columns):
        left = MARGIN + place * (side + GAP)
        page.picture(pixels, left, HEAD, side, side)
        page.text(left, HEAD + side + 6, name, px=15, bold=True)
        for row, line in enumerate(lines):
            page.text(left, HEAD + side + 28 + LINE * row, line, px=13, color=FAINT)
        top = HEAD + side + 28 + 2 * LINE + 8
        if name == "Occlusion":
            page.scale(left + 60, top, side - 120, f"−{most:.0%}", f"+{most:.0%}", DIVERGING)
        elif place:
            page.scale(left + 20, top, side - 90, "0", "the most", SEQUENTIAL)
    return page.finished()


def _over(grey: Any, values: Floats, colors: Callable[[Floats], Bytes]) -> Bytes:
    """Colours over a grey picture."""
    laid = GREY * grey + (1 - GREY) * colors(values).astype(np.float32)
    return np.asarray(laid.round().clip(0, 255), np.uint8)
