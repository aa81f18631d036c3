"""Sheets of pictures in rows, each above its lines: reconstructions, visualised units, patches, a grid of paintings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from impasto.images import Picture
from impasto.look.balance_grid import DEPTHS, RATIOS
from impasto.look.layers import Unit, field_of
from impasto.look.page import FAINT, INK, MARGIN, WIDTH, Bytes, Page
from impasto.look.patches import Patch
from impasto.look.reconstruct import FIGURE_1, Kept

GAP, HEAD, LINE, BELOW = 14, 100, 17, 12
LARGEST = 2.5
"""A picture is enlarged so many times at most."""


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture with what stands below it.

    Attributes:
        pixels: uint8, H × W × 3.
        lines: the first is dark, the others fainter.
    """

    pixels: Bytes
    lines: tuple[str, ...] = ()


def picture_sheet(tiles: Sequence[Tile], columns: int, title: str, below: str = "") -> Any:
    """Draw pictures in rows of so many, all in cells of the first one's proportions.

    Returns:
        A matplotlib Figure.
    """
    height, width = tiles[0].pixels.shape[:2]
    wide = min((WIDTH - 2 * MARGIN - GAP * (columns - 1)) // columns, round(LARGEST * width))
    high = max(1, round(wide * height / width))
    row = high + LINE * max(len(tile.lines) for tile in tiles) + BELOW
    page = Page(HEAD + row * -(-len(tiles) // columns) + MARGIN // 2)
    page.title(title, below)
    for index, tile in enumerate(tiles):
        left, top = MARGIN + index % columns * (wide + GAP), HEAD + index // columns * row
        page.picture(tile.pixels, left, top, wide, high, smooth=True)
        for place, words in enumerate(tile.lines):
            page.text(left, top + high + 4 + LINE * place, words, px=13, color=FAINT if place else INK)
    return page.finished()


def reconstruction_sheet(photo: Picture, kept: Kept, pixels: Bytes) -> Any:
    """A photo beside what some layers keep of it."""
    tiles = [Tile(photo.pixels, (photo.name,)), Tile(pixels, (str(kept),))]
    return picture_sheet(tiles, 2, f"What is kept of {photo.name}", "Grown from noise until these layers can't tell.")


def figure_1_sheet(name: str, pixels: Sequence[Bytes]) -> Any:
    """The reconstructions of `FIGURE_1`, in its order: content in the upper row, style in the lower one."""
    words = [f"content of {kept.content[0]}" if kept.content else f"style of {_span(kept.style)}" for kept in FIGURE_1]
    tiles = [Tile(picture, (line,)) for picture, line in zip(pixels, words, strict=True)]
    return picture_sheet(
        tiles,
        len(FIGURE_1) // 2,
        f"What the layers keep of {name}",
        "Each is grown from noise: above from the content of one layer, below from the style of a growing set.",
    )


def unit_sheet(units: Sequence[Unit], pixels: Sequence[Bytes]) -> Any:
    """Pictures that excite units most, each with its unit."""
    columns = min(len(units), 5 if len(units) <= 25 else 16)
    layers = sorted({unit.layer for unit in units})
    fields = sorted({field_of(layer).size for layer in layers})
    tiles = [Tile(picture, (str(unit),)) for unit, picture in zip(units, pixels, strict=True)]
    side = pixels[0].shape[0]
    return picture_sheet(
        tiles,
        columns,
        f"What units of {_span(layers)} look for",
        f"{side} × {side} px each, of which a unit sees {', '.join(map(str, fields))} px.",
    )


def patch_sheet(unit: Unit, patches: Sequence[Patch]) -> Any:
    """The patches that excite a unit most, the strongest first."""
    tiles = [Tile(patch.pixels, (patch.picture, f"answers {patch.answer:,.0f}")) for patch in patches]
    side = field_of(unit.layer).size
    return picture_sheet(
        tiles,
        min(len(tiles), 6),
        f"What excites {unit} most",
        f"What the unit sees of each picture, {side} × {side} px; grey is outside it.",
    )


def balance_sheet(photo: str, style: str, pixels: Sequence[Bytes]) -> Any:
    """The paintings of :func:`impasto.look.balance`: α / β across, style layers down."""
    tiles = [
        Tile(
            picture, (f"α / β = {RATIOS[index % len(RATIOS)]:,.0f}", f"style of {_span(DEPTHS[index // len(RATIOS)])}")
        )
        for index, picture in enumerate(pixels)
    ]
    return picture_sheet(
        tiles,
        len(RATIOS),
        f"{photo} in the style of {style}",
        "To the right more of the photo counts. Downwards the style is compared at deeper layers too.",
    )


def _span(layers: Sequence[str]) -> str:
    return ", ".join(layers) if len(layers) < 3 else f"{layers[0]} … {layers[-1]}"
