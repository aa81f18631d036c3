"""JPEG: what its segments say, the rare kinds of it, and what is left of one that is damaged."""

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from impasto.images import coding as codings
from impasto.images.coding import Coding
from impasto.images.libvips import pyvips, source_of
from impasto.images.picture import PictureError
from impasto.images.srgb import held
from impasto.images.undecoded import Remains, Undecoded

START = b"\xff\xd8\xff"
_END = b"\xff\xd9"
_SCAN, _EXIF, _PROFILE = 0xDA, 0xE1, 0xE2
_BASELINE, _PROGRESSIVE, _LOSSLESS, _LS = (0xC0, 0xC1), 0xC2, 0xC3, 0xF7
_FRAMES = {*range(0xC0, 0xD0), _LS} - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame, each of another process: ITU-T T.81, table B.1; T.87, C.1."""

_ORIENTATION, _INTEROPERABILITY, _INDEX = 0x0112, 0xA005, 1


@dataclass(frozen=True)
class _Header:
    """What the segments before the first scan say; the process is the marker of its frame."""

    process: int
    bits: int
    width: int
    height: int
    components: int
    profile: bytes | None
    exif: Image.Exif

    @property
    def orientation(self) -> int:
        """1 to 8, how it was held."""
        turned = self.exif.get(_ORIENTATION)
        return turned if isinstance(turned, int) else 1

    @property
    def coding(self) -> Coding | None:
        """Adobe RGB, where a camera says so by the file's rules of use and adds no profile: Exif 2.3, DCF 2.0."""
        if self.profile is not None:
            return None
        try:
            says = self.exif.get_ifd(_INTEROPERABILITY).get(_INDEX)
        except KeyError:  # Pillow 12 raises it where the file has no such rules; Pillow 13 gives an empty table
            return None
        return codings.ADOBE_RGB if says == "R03" else None


def undecoded(file: BinaryIO, name: str) -> Undecoded:
    """The header of a JPEG of any kind.

    Raises:
        PictureError: it is of a kind that can't be read.
        pyvips.Error: it is damaged before its first row.
    """
    header = _header(file)
    if header is not None and (header.bits != 8 or header.process not in (*_BASELINE, _PROGRESSIVE)):
        return _rare(file, header, name)
    # it is read as any JPEG; looking for a gain map for bright screens is slow, and we have no use for one
    image = pyvips.Image.jpegload_source(source_of(file), access="sequential", fail_on="warning")
    return Undecoded.of(
        image,
        coding=header.coding if header else None,
        remains=lambda: _remains(file),
    )


def _remains(file: BinaryIO) -> Remains:
    file.seek(0)
    data = file.read() + _END  # without it, one whose rows are all there would seem cut short
    header, scans = _header(io.BytesIO(data)), _scans(data)
    coarse, finest = None, True
    if header is not None and header.process == _PROGRESSIVE:
        finest = _is_finest(scans, header.components)
        coarse = f"all of its rows are there, but coarse ({len(scans) - 1} scans)" if len(scans) > 1 else None
    strict, tolerant = (
        pyvips.Image.jpegload_buffer(data, access="sequential", fail_on=level) for level in ("warning", "none")
    )
    return Remains(strict, tolerant, coarse, finest)


def _scans(data: bytes) -> list[bytes]:
    """The headers of all scans that begin."""
    scans, at = [], 2
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 4:
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD9:  # a number's, filling, or nothing follows
            at += 1 if marker == 0xFF else 2
        else:
            if marker == _SCAN:
                scans.append(data[at + 4 : at + 2 + length])
            at += 2 + length
    return scans


def _is_finest(scans: list[bytes], components: int) -> bool:
    """Whether progressive scans bring each coefficient of each component to its last bit: T.81, B.2.3 and G.1.1."""
    missing = dict.fromkeys(range(components), 2**64 - 1)  # component → the place where it first comes
    places: dict[int, int] = {}
    for scan in scans:
        if not scan or len(scan) < 4 + 2 * scan[0]:
            return False
        first, last, bits = scan[1 + 2 * scan[0] : 4 + 2 * scan[0]]
        for component in scan[1 : 1 + 2 * scan[0] : 2]:
            place = places.setdefault(component, len(places))
            if not bits & 15 and place in missing:
                missing[place] &= ~((2 ** (last + 1) - 1) ^ (2**first - 1))
    return not any(missing.values())


def _header(file: BinaryIO) -> _Header | None:
    """The segments up to the first scan; None where there is no frame before it."""
    frame, process, exif, profile = b"", 0, Image.Exif(), {}
    for marker, data in _segments(file):
        if marker in _FRAMES:
            process, frame = marker, data
        elif marker == _EXIF and data.startswith(b"Exif\0\0"):
            with suppress(Exception):  # decoders raise whatever they please when bytes are broken
                exif.load(data)
        elif marker == _PROFILE and data.startswith(b"ICC_PROFILE\0"):
            profile[data[12:13]] = data[14:]
    if len(frame) < 6:
        return None
    bits, height, width, components = struct.unpack(">BHHB", frame[:6])
    joined = b"".join(profile[number] for number in sorted(profile)) or None
    return _Header(process, bits, width, height, components, joined, exif)


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The markers and contents of the segments before the first scan."""
    file.seek(2)
    while (marker := file.read(1)) == b"\xff":
        while marker == b"\xff":  # it may be repeated
            marker = file.read(1)
        size = file.read(2)
        if len(size) < 2 or marker[0] == _SCAN:
            return
        yield marker[0], file.read(max(0, int.from_bytes(size) - 2))


def _rare(file: BinaryIO, header: _Header, name: str) -> Undecoded:
    """JPEG-LS, and JPEG of more than 8 bits, without loss, or by arithmetic coding."""
    if header.components not in (1, 3):
        raise PictureError(f"{name} is a rare JPEG of {header.components} channels: save it as a TIFF or PNG")

    def decode() -> pyvips.Image:
        import imagecodecs  # here, because few pictures need it

        file.seek(0)
        data = file.read()
        if not data.rstrip(b"\0").endswith(_END):
            raise ValueError("it has no end, and its decoder would not say so")
        if header.process in (_LS, _LOSSLESS) and header.height > 8 * len(data):
            raise ValueError("a row takes a bit at least")  # libjpeg would take seconds to find this out
        pixels = imagecodecs.jpegls_decode(data) if header.process == _LS else imagecodecs.jpeg8_decode(data)
        pixels = np.ascontiguousarray(pixels.reshape(header.height, header.width, header.components))
        if header.bits not in (8, 16):
            wide = np.uint16 if header.bits > 8 else np.uint8
            white = np.iinfo(wide).max / (2**header.bits - 1)
            pixels = np.rint(pixels * white).astype(wide)
        names = {1: ("b-w", "grey16"), 3: ("srgb", "rgb16")}[header.components]
        return held(pixels, names[pixels.dtype == np.uint16], header.profile)

    return Undecoded(header.width, header.height, header.orientation, None, decode)
