"""A network as a diagram: block by block, what a picture becomes, what each layer holds, and how much it sees."""

import math
from collections.abc import Sequence
from typing import Any

from impasto.convolution.misfits import Shape
from impasto.convolution.shapes import LayerShape
from impasto.look.page import ACCENT, FAINT, INK, MARGIN, WIDTH, Page

HEAD, LINE, GAP = 128, 25, 26
SOLID, TABLE, SEEN = 90, 300, WIDTH - MARGIN - 160
COLUMNS = (("layer", 0, "left"), ("", 96, "left"), ("output", 470, "right"), ("parameters", 610, "right"),
           ("multiply-adds", 770, "right"), ("sees", 870, "right"))  # fmt: skip
TALLEST, SMALLEST = 120, 10
"""Pixels: of the solid that stands for the input, and of any."""
FACES = ("#cfe1f2", "#93b8dc", "#6d9bc9")
"""Of a solid: the top, the front, the side; light blues that print."""


def network_sheet(rows: Sequence[LayerShape], name: str) -> Any:
    """Draw a network's blocks below each other; a pooling ends a block, and linear layers are one.

    Args:
        rows: from :func:`impasto.convolution.shapes.shapes`.
        name: what the network is called.

    Returns:
        A matplotlib Figure.
    """
    grouped = blocks(rows)
    heights = [max(TALLEST + 70, 44 + LINE * len(block)) for block in grouped]
    page = Page(HEAD + sum(heights) + GAP * len(heights) + 10)
    side = rows[0].input[-1]
    parameters, costs = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    page.title(
        f"{name}, for a picture of {rows[0].input[-2]} × {side}",
        f"{len(rows)} layers, {parameters:,} parameters, {costs:,} multiply-adds. Solids: height and width of the "
        "features, and how many there are (not to scale).",
    )
    for title, x, at in COLUMNS:
        page.text(TABLE + x, HEAD - 26, title, px=14, bold=True, side=at)  # type: ignore[arg-type]
    page.text(SEEN + 60, HEAD - 26, "of the picture", px=14, bold=True, side="center")
    top = HEAD
    for index, (block, height) in enumerate(zip(grouped, heights, strict=True)):
        page.box(MARGIN, top, WIDTH - 2 * MARGIN, height, fill="#f5f5f5")
        _solid(page, block[-1].output if len(block) == 1 else block[0].output, rows[0].input, top)
        _table(page, block, index + 1, top)
        _seen(page, block[-1], side, top)
        if index:
            page.line((SOLID + 50, SOLID + 50), (top - GAP + 4, top - 4), color=FAINT, width=2)
            page.line((SOLID + 44, SOLID + 50, SOLID + 56), (top - 11, top - 4, top - 11), color=FAINT, width=2)
        top += height + GAP
    return page.finished()


def blocks(rows: Sequence[LayerShape]) -> list[list[LayerShape]]:
    """The layers in blocks: a pooling ends one, and the first linear layer begins another."""
    found: list[list[LayerShape]] = [[]]
    for row in rows:
        before = found[-1][-1] if found[-1] else None
        if before and (len(before.output) != len(row.output) or "Pool" in before.kind):
            found.append([])
        found[-1].append(row)
    return found


def _solid(page: Page, shape: Shape, given: Shape, top: int) -> None:
    """Features as a solid: as high as the root of their height, as thick as the logarithm of their number."""
    channels, height, width = shape if len(shape) == 3 else (shape[0], 1, 1)
    tall, deep = (max(SMALLEST, TALLEST * math.sqrt(side / given[-2])) for side in (height, width))
    thick = 8 * math.log2(channels + 1)
    dx, dy = 0.32 * deep, 0.22 * deep
    left, bottom = SOLID + 60 - (thick + dx) / 2, top + 14 + TALLEST + 0.2 * TALLEST
    x0, x1, y0, y1 = left, left + thick, bottom - tall, bottom
    page.shape(((x0, y0), (x0 + dx, y0 - dy), (x1 + dx, y0 - dy), (x1, y0)), fill=FACES[0])
    page.shape(((x1, y0), (x1 + dx, y0 - dy), (x1 + dx, y1 - dy), (x1, y1)), fill=FACES[2])
    page.shape(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), fill=FACES[1])
    page.text(SOLID + 60, bottom + 6, " × ".join(map(str, shape)), px=13, side="center")


def _table(page: Page, block: Sequence[LayerShape], number: int, top: int) -> None:
    page.text(TABLE, top + 12, f"block {number}", px=14, color=FAINT)
    for index, row in enumerate(block):
        unseen = "everything" if row.followed else "not known"
        field = unseen if row.field is None else f"{row.field.size} px"
        cells = (row.name, row.kind, " × ".join(map(str, row.output)), f"{row.parameters:,}" if row.parameters else "–",
                 f"{row.multiply_adds:,}" if row.multiply_adds else "–", field)  # fmt: skip
        for (_, x, at), cell in zip(COLUMNS, cells, strict=True):
            page.text(TABLE + x, top + 36 + index * LINE, cell, px=14, side=at)  # type: ignore[arg-type]


def _seen(page: Page, last: LayerShape, side: int, top: int) -> None:
    """The picture, and in its middle what one output of a block's last layer sees of it."""
    whole = 120
    seen = whole if last.field is None else min(whole, whole * last.field.size / side)
    page.box(SEEN, top + 16, whole, whole, edge=INK, fill="white", line=1)
    page.box(SEEN + (whole - seen) / 2, top + 16 + (whole - seen) / 2, seen, seen, fill=ACCENT)
    unseen = "everything" if last.followed else "not known"
    words = unseen if last.field is None else f"{last.field.size} px, in steps of {last.field.jump}"
    page.text(SEEN + 60, top + 142, words, px=13, side="center")
