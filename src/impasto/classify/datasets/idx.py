"""The IDX format of MNIST and its successors: two zeros, a type, the number of axes, their lengths, the bytes.

The format is described at the end of http://yann.lecun.com/exdb/mnist/; all numbers are big-endian.
"""

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from impasto.classify.images import DataError, Part
from impasto.images.names import is_file

UNSIGNED_BYTES = 8
STEMS: dict[Part, str] = {"train": "train", "test": "t10k"}
LARGEST = 1_000_000_000
"""Bytes. Of a file that holds more, packed or not, no more is read."""
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def has_idx(folder: Path) -> bool:
    """Whether a folder holds such a data set."""
    return any(_find(folder, f"{stem}-images-idx3-ubyte") is not None for stem in STEMS.values())


def read_pair(folder: Path, part: Part) -> tuple[Bytes, Bytes]:
    """The pictures (N × H × W) and their labels (N).

    Raises:
        DataError: a file is missing, broken or of another kind, or their numbers differ.
    """
    pixels = _read(folder, f"{STEMS[part]}-images-idx3-ubyte", 3)
    labels = _read(folder, f"{STEMS[part]}-labels-idx1-ubyte", 1)
    if len(pixels) != len(labels):
        raise DataError(f"{folder} has {len(pixels)} pictures and {len(labels)} labels: get both from one source")
    return pixels, labels


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / f"{name}.gz", folder / name) if is_file(path)), None)


def _read(folder: Path, name: str, axes: int) -> Bytes:
    path = _find(folder, name)
    if path is None:
        raise DataError(f"{folder} has no {name}, nor with .gz: put it there")
    broken = f"{path} is broken or no IDX file of {'pictures' if axes == 3 else 'labels'}: get it again"
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(broken) from error
    start = 4 + 4 * axes
    if len(data) < start or tuple(data[:4]) != (0, 0, UNSIGNED_BYTES, axes):
        raise DataError(broken)
    if len(data) > LARGEST:
        raise DataError(f"{path} holds more than {LARGEST / 1e9:.0f} GB: give a smaller data set")
    lengths = np.frombuffer(data, ">u4", count=axes, offset=4).astype(int)
    if len(data) != start + lengths.prod():
        raise DataError(broken)
    return np.frombuffer(data, np.uint8, offset=start).reshape(lengths)
