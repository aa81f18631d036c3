"""PNG: what its chunks say of colours and frames (PNG specification, third edition); and Apple's own kind of it."""

import os
import struct
import zlib
from typing import BinaryIO

from impasto.images import coding as codings
from impasto.images.coding import Coding
from impasto.images.libvips import pyvips, source_of
from impasto.images.picture import PictureError
from impasto.images.srgb import PROFILE
from impasto.images.undecoded import FRAMES, Remains, Undecoded

START = b"\x89PNG\r\n\x1a\n"
_SMALL = 1024
"""Bytes; none of the chunks that are read here is longer."""


def undecoded(file: BinaryIO, name: str) -> Undecoded:
    """The header of a PNG of any kind.

    Raises:
        pyvips.Error: it is damaged before its first row.
    """
    chunks = _chunks(file)
    if b"CgBI" in chunks:
        return _apples(file, chunks[b"IHDR"], name)
    image, coding = _opened(file, "error"), _coding(chunks)
    frames = _integer(chunks.get(b"acTL", b""))

    def decode() -> pyvips.Image:
        if coding is None or not image.get_typeof(PROFILE):
            return image
        plain = image.copy()
        plain.remove(PROFILE)  # the numbers count before it
        return plain

    return Undecoded.of(
        image,
        decode=decode,
        coding=coding,
        notes=(FRAMES.format(frames),) if frames > 1 else (),
        remains=lambda: Remains(_opened(file, "error"), _opened(file, "none")),
    )


def _opened(file: BinaryIO, fail_on: str) -> pyvips.Image:
    return pyvips.Image.pngload_source(source_of(file), access="sequential", fail_on=fail_on)


def _chunks(file: BinaryIO) -> dict[bytes, bytes]:
    """The chunks before the pixels, by their names; of long ones nothing."""
    chunks: dict[bytes, bytes] = {}
    file.seek(len(START))
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name in (b"IDAT", b"IEND"):
            break
        chunks.setdefault(name, file.read(length) if length <= _SMALL else b"")
        file.seek(4 + (length if length > _SMALL else 0), os.SEEK_CUR)
    return chunks


def _apples(file: BinaryIO, header: bytes, name: str) -> Undecoded:
    """What iOS packs into its apps: blue before red, multiplied by alpha."""

    def decode() -> pyvips.Image:
        file.seek(0)
        data = _repacked(file.read(), name)
        image = pyvips.Image.pngload_buffer(data, access="sequential", fail_on="error")
        if image.bands < 3:
            return image
        bands = image[2].bandjoin([image[1], image[0], *([image[3]] if image.bands == 4 else [])])
        if image.bands == 4:
            bands = bands.copy(interpretation=image.interpretation).unpremultiply().rint().cast(image.format)
        return bands.copy(interpretation=image.interpretation)

    width, height = struct.unpack(">II", header[:8])
    return Undecoded(width, height, 1, None, decode)


def _coding(chunks: dict[bytes, bytes]) -> Coding | None:
    """Of several that it may have, the first counts: cICP, iCCP, sRGB, gAMA with cHRM (section 11.3.2)."""
    if len(points := chunks.get(b"cICP", b"")) == 4:
        primaries, transfer, _, full = points
        if found := codings.from_code_points(primaries, transfer, narrow=not full):
            return found
    if b"iCCP" in chunks or b"sRGB" in chunks:
        return None
    gamma, colours = _integer(chunks.get(b"gAMA", b"")), None
    if len(data := chunks.get(b"cHRM", b"")) == 32:
        (white_x, white_y), *others = ((x / 100_000, y / 100_000) for x, y in struct.iter_unpack(">II", data))
        red, green, blue = others
        colours = (red, green, blue, (white_x, white_y))
    return codings.custom(colours, 0, gamma / 100_000 if gamma else None)


def _integer(data: bytes) -> int:
    return int.from_bytes(data[:4]) if len(data) >= 4 else 0


def _repacked(data: bytes, name: str) -> bytes:
    """Apple's kind of PNG with its pixels packed as in any other, with zlib's header and sum."""
    kept, packed, at = [], [], len(START)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            packed.append(data[at + 8 : at + 8 + length])
        elif kind in (b"IHDR", b"PLTE", b"tRNS"):
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    if not kept:
        raise PictureError(f"{name} is damaged: get a whole copy of it")
    width, height = struct.unpack_from(">II", kept[0], 8)
    # a row has a byte more than its pixels, and interlaced there are seven pictures of rows
    most = 8 * (width + 8) * (height + 8) + 16 * height + 1024
    unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    rows = unpacker.decompress(b"".join(packed), most)
    return b"".join([START, *kept, _chunk(b"IDAT", zlib.compress(rows, 1)), _chunk(b"IEND", b"")])


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
