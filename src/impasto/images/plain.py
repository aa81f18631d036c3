"""Small plain PNGs, such as a data set's: Pillow reads one in a tenth of the time that libvips takes to begin."""

import io
import os
import stat
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from impasto.images.picture import MIN_SIDE, Pixels

LARGEST = 65536
"""Bytes; where decoding is what takes the time, libvips is the faster."""

_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PLAIN_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
"""Any other may say something of colour, transparency or orientation."""


def read_plain(source: Any, max_pixels: int) -> Pixels | None:
    """The pixels of a PNG of 8 bits, grey or RGB, and of nothing else: uint8, H x W x 3.

    None where the source is not one for this way of reading, or where anything is wrong with it, to be found and named
    by the other.
    """
    data = _bytes(source)
    if data is None or not data.startswith(_START) or data[24:26] not in (b"\x08\x00", b"\x08\x02"):
        return None
    width, height = struct.unpack(">II", data[16:24])
    if min(width, height) < MIN_SIDE or width * height > max_pixels or not _chunks(data) <= _PLAIN_CHUNKS:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return np.asarray(image.convert("RGB"))
    except Exception:  # damaged: decoders raise whatever they please
        return None


def _bytes(source: Any) -> bytes | None:
    if isinstance(source, bytes):
        return source if len(source) <= LARGEST else None
    if not isinstance(source, str | os.PathLike):
        return None
    try:
        path = Path(source)
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:  # a pipe can't be read twice
            return None
        return path.read_bytes()
    except (OSError, ValueError):
        return None


def _chunks(data: bytes) -> set[bytes]:
    """The names of a PNG's chunks: PNG specification, third edition, section 5.3."""
    names, at = set(), 8
    while at + 8 <= len(data):
        names.add(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    return names
