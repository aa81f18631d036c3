"""JPEG XL: imagecodecs decodes it; its header, read here, says its size and colours, which that does not.

ISO/IEC 18181-1:2024, annexes D (the image header) and E (colours); 18181-2 for the container.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from impasto.images import coding as codings
from impasto.images import jpeg
from impasto.images.coding import Coding
from impasto.images.libvips import pyvips
from impasto.images.picture import PictureError
from impasto.images.srgb import held
from impasto.images.undecoded import Undecoded

_CODESTREAM, _CONTAINER = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
_LONGEST = 65536
"""Bytes that the image header may take here."""

_GREY, _XYB = 1, 2
_D65, _CUSTOM, _EQUAL, _DCI = 1, 2, 10, 11
_WHITES = {_D65: (0.3127, 0.3290), _EQUAL: (1 / 3, 1 / 3), _DCI: (0.314, 0.351)}
_PRIMARIES = {1: 1, 9: 9, 11: 12}
"""To ITU-T H.273's code points; white is told beside them."""

_ALPHA, _SPOT, _BLACK, _SENSOR = 0, 2, 4, 5
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


@dataclass
class _Header:
    width: int = 0
    height: int = 0
    orientation: int = 1
    animated: bool = False
    bits: int = 8
    floats: bool = False
    associated: bool = False
    has_black: bool = False
    has_profile: bool = False
    coding: Coding | None = None


def is_one(head: bytes) -> bool:
    """Whether a file that begins so is a JPEG XL."""
    return head.startswith((_CODESTREAM, _CONTAINER))


def undecoded(file: BinaryIO, name: str) -> Undecoded:
    """The header of a JPEG XL.

    Raises:
        PictureError: its colours are of a sort that can't be read.
    """
    data = file.read()
    header = _header(_codestream(data))
    if header.has_black:
        raise PictureError(f"{name} is a JPEG XL of CMYK, which is not read: save it as a TIFF")
    if header.has_profile:
        return _packed_jpeg(data, name)
    turned = header.orientation > 4
    return Undecoded(
        width=header.height if turned else header.width,
        height=header.width if turned else header.height,
        orientation=1,  # the decoder turns it
        xmp=None,
        decode=lambda: _decoded(data, header),
        coding=header.coding,
        notes=("an animation; its first frame is taken",) if header.animated else (),
    )


def _packed_jpeg(data: bytes, name: str) -> Undecoded:
    """One with an ICC profile, which only the JPEG gives that it was made of."""
    import imagecodecs

    try:
        packed = imagecodecs.jpegxl_decode_jpeg(data, numthreads=1)
    except (imagecodecs.JpegxlError, ValueError) as error:
        raise PictureError(
            f"{name} is a JPEG XL with a colour profile of its own, which is not read: save it as a PNG"
        ) from error
    return jpeg.undecoded(io.BytesIO(bytes(packed)), name)


def _decoded(data: bytes, header: _Header) -> pyvips.Image:
    import imagecodecs  # here, because few pictures need it

    samples = imagecodecs.jpegxl_decode(data, 0, numthreads=1)
    if samples.ndim == 3 and samples.shape[1:] != samples.shape[:2] and samples.shape[0] < 3 < samples.shape[2]:
        samples = samples[0]  # grey, with channels that are not alpha
    samples = samples.reshape(*samples.shape[:2], -1)
    if samples.dtype.kind == "f":
        return held(np.ascontiguousarray(samples, np.float32), "b-w" if samples.shape[2] < 3 else "scrgb")
    most = np.iinfo(samples.dtype).max
    if most != 2**header.bits - 1:
        samples = np.rint(samples * (most / (2**header.bits - 1))).astype(samples.dtype)
    names = ("b-w", "grey16") if samples.shape[2] < 3 else ("srgb", "rgb16")
    image = held(np.ascontiguousarray(samples), names[samples.dtype == np.uint16])
    if header.associated and samples.shape[2] in (2, 4):
        image = image.unpremultiply().rint().cast(image.format).copy(interpretation=image.interpretation)
    return image


def _codestream(data: bytes) -> bytes:
    """The beginning of the codestream, out of its container where it is in one."""
    if data.startswith(_CODESTREAM):
        return data[:_LONGEST]
    parts, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        start, stop = at + 8, at + size if size else len(data)
        if size == 1 and at + 16 <= len(data):
            start, stop = at + 16, at + int.from_bytes(data[at + 8 : at + 16])
        if kind in (b"jxlc", b"jxlp"):
            parts.append(data[start + (4 if kind == b"jxlp" else 0) : min(stop, start + _LONGEST)])
        if stop <= at:
            break
        at = stop
    return b"".join(parts)[:_LONGEST]


class _Bits:
    """The header's numbers, which begin at any bit, the lowest of a byte first; beyond the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, bits: int) -> int:
        self._left -= bits
        if self._left < 0:
            raise ValueError("the header is cut short")
        value = self._value & ((1 << bits) - 1)
        self._value >>= bits
        return value

    def flag(self) -> bool:
        return self.take(1) == 1

    def choice(self, *ways: tuple[int, int]) -> int:
        """One of four: so many bits, and what is added to them (D.2.4, U32)."""
        bits, offset = ways[self.take(2)]
        return self.take(bits) + offset

    def named(self) -> int:
        """One of a list (D.2.7, Enum)."""
        return self.choice((0, 0), (0, 1), (4, 2), (6, 18))


def _header(codestream: bytes) -> _Header:
    bits, header = _Bits(codestream[2:]), _Header()
    header.width, header.height = _size(bits, _sides)
    if bits.flag():  # all as usual
        return header
    extra = bits.flag()
    if extra:
        header.orientation = 1 + bits.take(3)
        if bits.flag():  # a size to show it at
            _size(bits, _sides)
        if bits.flag():  # a preview
            _size(bits, _preview_sides)
        header.animated = bits.flag()
        if header.animated:
            bits.choice((0, 100), (0, 1000), (10, 1), (30, 1))
            bits.choice((0, 1), (0, 1001), (8, 1), (10, 1))
            bits.choice((0, 0), (3, 0), (16, 0), (32, 0))
            bits.flag()
    header.floats, header.bits = _depth(bits)
    bits.flag()
    for _ in range(bits.choice((0, 0), (0, 1), (4, 2), (12, 1))):
        _channel(bits, header)
    bits.flag()
    _colours(bits, header)
    return header


def _size(bits: _Bits, sides: Callable[[_Bits, bool], int]) -> tuple[int, int]:
    by_eight = bits.flag()
    height = sides(bits, by_eight)
    ratio = bits.take(3)
    if not ratio:
        return sides(bits, by_eight), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _sides(bits: _Bits, by_eight: bool) -> int:
    return 8 * (1 + bits.take(5)) if by_eight else bits.choice((9, 1), (13, 1), (18, 1), (30, 1))


def _preview_sides(bits: _Bits, by_eight: bool) -> int:
    if by_eight:
        return 8 * bits.choice((0, 16), (0, 32), (5, 1), (9, 33))
    return bits.choice((6, 1), (8, 65), (10, 321), (12, 1345))


def _depth(bits: _Bits) -> tuple[bool, int]:
    if bits.flag():
        many = bits.choice((0, 32), (0, 16), (0, 24), (6, 1))
        bits.take(4)
        return True, many
    return False, bits.choice((0, 8), (0, 10), (0, 12), (6, 1))


def _channel(bits: _Bits, header: _Header) -> None:
    """A channel that is not colour."""
    if bits.flag():  # alpha, as usual
        return
    kind = bits.named()
    _depth(bits)
    bits.choice((0, 0), (0, 3), (0, 4), (3, 1))
    bits.take(8 * bits.choice((0, 0), (4, 0), (5, 16), (10, 48)))  # its name
    if kind == _ALPHA:
        header.associated |= bits.flag()
    elif kind == _SPOT:
        bits.take(4 * 16)
    elif kind == _SENSOR:
        bits.choice((0, 1), (2, 0), (4, 3), (8, 19))
    header.has_black |= kind == _BLACK


def _colours(bits: _Bits, header: _Header) -> None:
    if bits.flag():  # sRGB
        return
    header.has_profile = bits.flag()
    space = bits.named()
    if header.has_profile:
        return
    white, primaries = _WHITES[_D65], None
    if space != _XYB:
        named = bits.named()
        white = _point(bits) if named == _CUSTOM else _WHITES.get(named, white)
        if space != _GREY:
            named = bits.named()
            known = codings.PRIMARIES[_PRIMARIES.get(named, 1)]
            primaries = (_point(bits), _point(bits), _point(bits)) if named == _CUSTOM else known[:3]
    gamma, curve = None, 0
    if bits.flag():
        gamma = bits.take(24) / 1e7
    else:
        curve = bits.named()
    header.coding = codings.custom((*(primaries or codings.PRIMARIES[1][:3]), white), curve, gamma)


def _point(bits: _Bits) -> tuple[float, float]:
    """A chromaticity, x and y: millionths, with their sign in the lowest bit."""
    ways = ((19, 0), (19, 524_288), (20, 1_048_576), (21, 2_097_152))
    x, y = (bits.choice(*ways) for _ in range(2))
    return (x >> 1 ^ -(x & 1)) / 1e6, (y >> 1 ^ -(y & 1)) / 1e6
