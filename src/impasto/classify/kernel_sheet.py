"""One picture under several kernels, side by side, each with its kernel's numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.convolution.geometry import Padding
from impasto.convolution.kernels import KERNELS, Matrix, convolve
from impasto.images import Picture, resize

LONGEST, GAP, BAND, COLUMNS = 320, 12, 68, 4
SIGNED = ("sobel-x", "sobel-y", "laplacian")
"""Kernels of sum 0, whose answers have a sign: shown around mid-grey."""
Array = np.ndarray[Any, np.dtype[np.uint8]]


def sheet(
    picture: Picture, names: Sequence[str], padding: tuple[Padding, Padding], stride: int, dilation: int
) -> Array:
    """Draw it: the photo first, and then what each kernel makes of it.

    Args:
        picture: made smaller first, to a long side of at most 320, so that single pixels can be seen.
        names: of `KERNELS`.
        padding: for the rows, and for the columns.
        stride: how far the kernels move at each step.
        dilation: how far their numbers are apart.

    Returns:
        uint8, height × width × 3.

    Raises:
        GeometryError: a kernel does not fit.
    """
    scale = min(1.0, LONGEST / max(picture.width, picture.height))
    width, height = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    pixels = resize(picture.pixels, width, height)
    shown: list[tuple[str, Matrix | None, Array]] = [("the picture", None, pixels)]
    shown += [(name, KERNELS[name], apply(pixels, name, padding, stride, dilation)) for name in names]
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    wide = max(array.shape[1] for _, _, array in shown)
    high = max(array.shape[0] for _, _, array in shown)
    cell = (max(wide, 150) + GAP, high + BAND + GAP)
    whole = Image.new("RGB", (columns * cell[0] + GAP, rows * cell[1] + GAP), "white")
    draw = ImageDraw.Draw(whole)
    for index, (name, kernel, array) in enumerate(shown):
        left, top = GAP + index % columns * cell[0], GAP + index // columns * cell[1]
        whole.paste(Image.fromarray(array), (left, top))
        _label(draw, left, top + array.shape[0] + 4, name, kernel, array)
    return np.asarray(whole)


def apply(pixels: Array, name: str, padding: tuple[Padding, Padding], stride: int = 1, dilation: int = 1) -> Array:
    """A picture under a named kernel, channel by channel; kernels of edges look at its grey.

    Returns:
        uint8; what falls outside 0–255 is clipped. Edges: 128 is none, brighter and darker the two directions.
    """
    if name in SIGNED:
        grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float64)
        answer = 128 + convolve(grey, KERNELS[name], padding, stride, dilation) / (2 if name != "laplacian" else 1)
        channels = [answer] * 3
    else:
        channels = [
            convolve(pixels[..., c].astype(np.float64), KERNELS[name], padding, stride, dilation) for c in range(3)
        ]
    return np.rint(np.clip(np.stack(channels, 2), 0, 255)).astype(np.uint8)


def _label(draw: ImageDraw.ImageDraw, left: int, top: int, name: str, kernel: Matrix | None, array: Array) -> None:
    draw.text((left, top), name, fill="black", font=ImageFont.load_default(16))
    size = f"{array.shape[0]} x {array.shape[1]}"
    draw.text((left, top + 22), size, fill="#666666", font=ImageFont.load_default(13))
    if kernel is None:
        return
    sixteenths = name == "blur"
    for row, numbers in enumerate(kernel * (16 if sixteenths else 1)):
        for column, number in enumerate(numbers):
            at = (left + 110 + 24 * column, top + 12 + 18 * row)
            draw.text(at, f"{number:g}", fill="black", font=ImageFont.load_default(14), anchor="rm")
    if sixteenths:
        draw.text((left + 176, top + 30), "/ 16", fill="black", font=ImageFont.load_default(14), anchor="lm")
