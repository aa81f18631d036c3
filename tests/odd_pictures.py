"""Writers of odd picture files, byte by byte where no library writes them: what is in them is known without reading."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray[Any, np.dtype[Any]]

FLAT = (204, 102, 51)
LINEAR = (0.603827, 0.132868, 0.033105)
"""`FLAT` as linear light, by IEC 61966-2-1."""

RGB, CIELAB, ICCLAB, CFA = 2, 8, 9, 32803


def flat(numbers: Sequence[float], dtype: Any = np.uint8, size: tuple[int, int] = (64, 48)) -> Array:
    """Height x width x samples, the same everywhere."""
    return np.full((size[1], size[0], len(numbers)), numbers, dtype)


def photo(width: int = 320, height: int = 240) -> Array:
    """So much detail that no file of it is short."""
    noise = np.random.default_rng(0).integers(0, 60, (height, width, 3))
    y, x = np.mgrid[:height, :width]
    return (np.stack([x * 190 // width, y * 190 // height, (x + y) // 4 % 190], 2) + noise).astype(np.uint8)


def by_pillow(image: Image.Image | Array, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind, **options)
    return file.getvalue()


# ------------------------------------------------------------------------------------------------------------- TIFF


def page(samples: Array, photometric: int = RGB, **given: Any) -> dict[str, Any]:
    """A page for `tiff`.

    Args:
        samples: height x width x samples.
        photometric: TIFF 6.0's photometric interpretation.
        given: `extra` (ExtraSamples), `tile` (side), `planar`, `kind` (NewSubfileType), `icc`, `tags` {code: shorts},
            `compression` and `packed` (the only segment), `bits`, `below` (a page in SubIFDs).
    """
    return {"samples": samples, "photometric": photometric, **given}


def tiff(*pages: dict[str, Any]) -> bytes:
    """A TIFF, little-endian, uncompressed but where a page brings its own segment."""
    out = bytearray(struct.pack("<2sHI", b"II", 42, 0))
    link = 4
    for one in pages:
        link = _directory(out, one, link)
    return bytes(out)


def _directory(out: bytearray, one: dict[str, Any], link: int) -> int:
    samples, tile, planar = one["samples"], one.get("tile"), one.get("planar", False)
    height, width, count = samples.shape
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    bits = one.get("bits", 8 * samples.dtype.itemsize)
    below = None
    if "below" in one:
        at = len(out)
        out += b"\0" * 4  # a link that nothing follows
        _directory(out, one["below"], at)
        (below,) = struct.unpack_from("<I", out, at)
    planes = [samples[..., i : i + 1] for i in range(count)] if planar else [samples]
    segments = [one["packed"]] if "packed" in one else [data for plane in planes for data in _segments(plane, tile)]
    places = []
    for data in segments:
        places.append(len(out))
        out += data + b"\0" * (len(data) % 2)
    tags: dict[int, tuple[int, Sequence[int] | bytes]] = {
        254: (4, [one.get("kind", 0)]), 256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * count),
        259: (3, [one.get("compression", 1)]), 262: (3, [one["photometric"]]), 277: (3, [count]),
        284: (3, [2 if planar else 1]), 339: (3, [kind] * count),
    }  # fmt: skip
    lengths = [len(data) for data in segments]
    if tile:
        tags |= {322: (3, [tile]), 323: (3, [tile]), 324: (4, places), 325: (4, lengths)}
    else:
        tags |= {273: (4, places), 278: (4, [height]), 279: (4, lengths)}
    if "extra" in one:
        tags[338] = (3, one["extra"])
    if "icc" in one:
        tags[34675] = (7, one["icc"])
    if below:
        tags[330] = (4, [below])
    tags |= {code: (3, values) for code, values in one.get("tags", {}).items()}
    entries = bytearray()
    for code, (form, values) in sorted(tags.items()):
        data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{'HI'[form == 4]}", *values)
        if len(data) > 4:
            place = len(out)
            out += data + b"\0" * (len(data) % 2)
            data = struct.pack("<I", place)
        entries += struct.pack("<HHI4s", code, form, len(values), data)
    struct.pack_into("<I", out, link, len(out))
    out += struct.pack("<H", len(tags)) + entries + b"\0" * 4
    return len(out) - 4


def _segments(plane: Array, tile: int | None) -> list[bytes]:
    if not tile:
        return [plane.tobytes()]
    height, width, _ = plane.shape
    padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)))
    return [padded[y : y + tile, x : x + tile].tobytes() for y in range(0, height, tile) for x in range(0, width, tile)]


# -------------------------------------------------------------------------------------------------------------- PNG


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(samples: Array, *before: tuple[bytes, bytes], apples: bool = False) -> bytes:
    """A PNG of 8 or 16 bits with chunks before its pixels; as iOS packs them into apps, where that is asked."""
    height, width, count = samples.shape
    depth = 8 * samples.dtype.itemsize
    header = struct.pack(">IIBBBBB", width, height, depth, {1: 0, 2: 4, 3: 2, 4: 6}[count], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes() for row in samples)
    packed = zlib.compress(rows)
    if apples:
        packed = packed[2:-4]  # without zlib's header and sum
    chunks = [(b"IHDR", header), *before, (b"IDAT", packed), (b"IEND", b"")]
    if apples:
        chunks.insert(0, (b"CgBI", b"\x50\0\x20\2"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


def chromaticities(*points: tuple[float, float]) -> tuple[bytes, bytes]:
    """cHRM, of white, red, green and blue."""
    return b"cHRM", struct.pack(">8I", *(round(100_000 * value) for point in points for value in point))


# ------------------------------------------------------------------------------------------------------------- JPEG


def jpeg(process: int, bits: int, numbers: Sequence[int], size: tuple[int, int] = (64, 48), icc: bytes = b"") -> bytes:
    """A flat JPEG of three components: sequential with DCT (0xC1), or without loss (0xC3).

    The numbers are the samples', which a decoder takes for YCbCr where there is a DCT.
    """
    width, height = size
    lossless = process == 0xC3
    frame = struct.pack(">BHHB", bits, height, width, 3) + b"".join(bytes([i, 0x11, 0]) for i in (1, 2, 3))
    # codes of five bits for the sizes of a difference, and of one bit for "no more"
    most = 17 if lossless else 16
    sizes = bytes([0, 0, 0, 0, most, *[0] * 11]) + bytes(range(most))
    no_more = bytes([1, *[0] * 15, 0])
    scan = b"\x03" + b"".join(bytes([i, 0x00]) for i in (1, 2, 3)) + (b"\1\0\0" if lossless else b"\0\x3f\0")
    written = ""
    for unit in range(width * height if lossless else -(-width // 8) * -(-height // 8)):
        for number in numbers:
            middle = 1 << (bits - 1)
            written += _difference((number - middle) * (1 if lossless else 8) if unit == 0 else 0)
            written += "" if lossless else "0"
    written += "1" * (-len(written) % 8)
    data = bytes(int(written[i : i + 8], 2) for i in range(0, len(written), 8)).replace(b"\xff", b"\xff\0")
    parts = [(0xE2, b"ICC_PROFILE\0\1\1" + icc)] if icc else []
    parts += [(0xDB, bytes([0x00] + [1] * 64)), (process, frame), (0xC4, b"\x00" + sizes), (0xC4, b"\x10" + no_more)]
    segments = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", 2 + len(body)) + body for marker, body in parts)
    return b"\xff\xd8" + segments + b"\xff\xda" + struct.pack(">H", 2 + len(scan)) + scan + data + b"\xff\xd9"


def _difference(value: int) -> str:
    """A difference: how many bits it has, and those (T.81, F.1.2.1)."""
    size = abs(value).bit_length()
    if not size:
        return "00000"
    return f"{size:05b}" + f"{value if value > 0 else value + (1 << size) - 1:0{size}b}"


# -------------------------------------------------------------------------------------------------------- Photoshop


def psd(samples: Array, mode: int = 3, resources: bytes = b"") -> bytes:
    """A Photoshop document's flat picture, without layers."""
    height, width, count = samples.shape
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, count, height, width, 8 * samples.dtype.itemsize, mode)
    planes = np.moveaxis(samples, 2, 0).astype(samples.dtype.newbyteorder(">")).tobytes()
    return header + struct.pack(">I", 0) + struct.pack(">I", len(resources)) + resources + b"\0" * 4 + b"\0\0" + planes


def resource(number: int, data: bytes) -> bytes:
    """An image resource without a name."""
    return struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
