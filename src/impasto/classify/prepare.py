"""From any picture to the pixels that a network takes: 32 × 32, or more."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto import images
from impasto.classify.images import SIDE
from impasto.images import Picture, PictureError

THING = 28
"""The longer side of what is shown, in Fashion-MNIST's pictures; a frame of black makes them 32."""
BRIGHT = 128
"""A ground brighter than this (of 255) is a white one."""
FAINT = 16
"""Less than this above the ground is ground too."""

Array = np.ndarray[Any, np.dtype[np.uint8]]


def in_colour(picture: Picture, wanted: int = SIDE) -> Array:
    """The middle square of a picture: uint8, 3 × `wanted` × `wanted`, RGB."""
    side = min(picture.width, picture.height)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.pixels[top : top + side, left : left + side]
    return np.ascontiguousarray(_smaller(square, wanted, wanted).transpose(2, 0, 1))


def on_black(picture: Picture) -> tuple[Array, bool]:
    """A thing on a plain ground, as Fashion-MNIST shows its things: grey, on black, trimmed, in the middle.

    As its authors did it (Xiao et al. 2017, section 2): trim, bring the longer side to 28, extend to a square,
    invert, convert to grey; where theirs were all on white, this looks at the picture's border first. A picture of
    28 × 28 or 32 × 32 counts as prepared, up to inverting.

    Returns:
        uint8, 1 × 32 × 32, and whether it was inverted.
    """
    grey = np.asarray(Image.fromarray(picture.pixels).convert("L"))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = int(np.median(border))
    inverted = ground > BRIGHT
    if inverted:
        grey, ground = 255 - grey, 255 - ground
    if grey.shape not in ((THING, THING), (SIDE, SIDE)):
        grey = np.where(grey > ground, grey - ground, 0).astype(np.uint8)  # the ground to black
        rows, columns = (np.flatnonzero((grey > FAINT).any(axis)) for axis in (1, 0))
        if len(rows) and len(columns):
            grey = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        scale = THING / max(grey.shape)
        height, width = (max(1, round(side * scale)) for side in grey.shape)
        grey = _smaller(grey, width, height)
    framed = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - grey.shape[0]) // 2, (SIDE - grey.shape[1]) // 2
    framed[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
    return framed[None], inverted


def prepared(picture: Picture, dark_ground: bool, side: int = SIDE) -> tuple[Array, bool]:
    """What a network takes: by :func:`on_black` if its data are on a dark ground, else by :func:`in_colour`.

    Returns:
        uint8, C × 32 × 32, or in colour 3 × `side` × `side`; and whether it was inverted.
    """
    return on_black(picture) if dark_ground else (in_colour(picture, side), False)


def read_all(paths: Sequence[Path], side: int = SIDE) -> tuple[Tensor, list[int], list[str]]:
    """Many files in colour, read by as many threads as there are processors.

    Returns:
        uint8 (N × 3 × `side` × `side`), the indices of the paths that they are, and a line for each of the others.
    """
    pixels, kept, skipped = [], [], []
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        for index, result in enumerate(threads.map(lambda path: _read_in_colour(path, side), paths)):
            if isinstance(result, PictureError):
                skipped.append(str(result).splitlines()[0])
            else:
                pixels.append(result)
                kept.append(index)
    stacked = np.stack(pixels) if pixels else np.zeros((0, 3, side, side), np.uint8)
    return torch.from_numpy(stacked), kept, skipped


def _read_in_colour(path: Path, side: int) -> Array | PictureError:
    try:
        return in_colour(images.read(path), side)
    except PictureError as error:
        return error


def _smaller(pixels: Array, width: int, height: int) -> Array:
    """Resize; large photos in two steps, of which the first is a cheap average over whole blocks."""
    picture = Image.fromarray(pixels)
    factor = min(picture.width // (2 * width), picture.height // (2 * height))
    if factor > 1:
        picture = picture.reduce(factor)
    if picture.size == (width, height):
        return np.asarray(picture)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
