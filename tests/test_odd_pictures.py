"""Picture files of rare kinds, and what each must give: the same as others show, or its name and what to do."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import pyvips
from odd_pictures import (
    CFA,
    CIELAB,
    FLAT,
    ICCLAB,
    LINEAR,
    Array,
    by_pillow,
    chromaticities,
    flat,
    jpeg,
    page,
    png,
    psd,
    resource,
    tiff,
)
from PIL import Image

from impasto.images import PictureError, read
from impasto.images import arrays as pixel_arrays

CASES = Path(__file__).parent / "cases"
SRGB_PROFILE: bytes = pyvips.Operation.call("profile_load", "srgb")
P3_PROFILE: bytes = pyvips.Operation.call("profile_load", "p3")
IN_P3 = (191, 107, 63)
"""`FLAT` in Display P3."""

CHRM_P3 = chromaticities((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
RED_PAGE = flat((255, 0, 0))


def sixteen(numbers: Any) -> Array:
    """`FLAT` or other numbers of 0 to 255 or 0 to 1 as 16 bits."""
    scale = 257 if max(numbers) > 1 else 65535
    return flat([round(number * scale) for number in numbers], np.uint16)


def heic(numbers: Array, **colours: int) -> bytes:
    mode = "RGB;16" if numbers.dtype == np.uint16 else "RGB"
    file = io.BytesIO()
    made = pillow_heif.from_bytes(mode, (numbers.shape[1], numbers.shape[0]), numbers.tobytes())
    made.save(file, quality=-1, chroma=444, **colours)
    return file.getvalue()


def avif(numbers: Array, primaries: int, transfer: int) -> bytes:
    """One of 8 bits whose container (ISO/IEC 23000-22) says these colours."""
    eight = np.rint(numbers / 257).astype(np.uint8)
    data = by_pillow(eight, "AVIF", quality=100, subsampling="4:4:4", speed=9)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def pq(light: Any) -> Any:
    """SMPTE ST 2084, of light whose white, at 203 cd/m², is 1."""
    power = (np.asarray(light) * 203 / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg(light: Any) -> Any:
    """ARIB STD-B67, of light whose white, 75 % of the signal, is 1."""
    scene = np.asarray(light) * 0.26496256
    bright = 0.17883277 * np.log(12 * np.maximum(scene, 1 / 12) - 0.28466892) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def in_2020(light: Any) -> Array:
    """Linear light of BT.709 in BT.2020: ITU-R BT.2087-0, table 2."""
    matrix = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    return np.asarray(light) @ np.array(matrix).T


def lab(dtype: Any, form: int) -> Array:
    """`FLAT`'s CIE Lab under D50: 55.3, 39.0, 47.2."""
    lightness, a, b = 55.28, 39.0, 47.2
    if np.dtype(dtype).kind == "f":
        return flat((lightness, a, b), dtype)
    wide = np.dtype(dtype).itemsize == 2
    scale, most = (256, 65535 if form == CIELAB else 65280) if wide else (1, 255)
    shift = 0 if form == CIELAB else 128 * scale
    return flat((round(lightness / 100 * most), round(a * scale) + shift, round(b * scale) + shift), dtype)


def of_another_space(space: bytes) -> bytes:
    """sRGB's profile, which says that it is for other colours."""
    return SRGB_PROFILE[:16] + space + SRGB_PROFILE[20:]


def hdr_profile(transfer: int) -> bytes:
    """A profile that says BT.2020 and a transfer by numbers, and sRGB's curves for who does not know: ICC.1:2022."""
    (count,) = struct.unpack_from(">I", SRGB_PROFILE, 128)
    table, rest = SRGB_PROFILE[132 : 132 + 12 * count], SRGB_PROFILE[132 + 12 * count :]
    moved = b"".join(
        struct.pack(">4sII", name, offset + 12, size) for name, offset, size in struct.iter_unpack(">4sII", table)
    )
    start = 132 + 12 * (count + 1) + len(rest)
    tag = b"cicp\0\0\0\0" + bytes([9, transfer, 0, 1])
    whole = SRGB_PROFILE[4:128] + struct.pack(">I", count + 1) + moved + struct.pack(">4sII", b"cicp", start, len(tag))
    return struct.pack(">I", 4 + len(whole) + len(rest) + len(tag)) + whole + rest + tag


def camera_jpeg() -> bytes:
    """A camera's JPEG in Adobe RGB, as the rules of use say: R03, and no profile."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    return by_pillow(flat((181, 102, 57)), "JPEG", quality=100, subsampling=0, exif=exif)


def jpeg2000_with_profile() -> bytes:
    """A JP2 whose colours are a profile's and not sRGB's: ISO/IEC 15444-1, I.5.3.3."""
    data = by_pillow(flat(IN_P3), "JPEG2000")
    at = data.index(b"colr") - 4
    size = int.from_bytes(data[at : at + 4])
    box = struct.pack(">I4s", 11 + len(P3_PROFILE), b"colr") + b"\2\0\0" + P3_PROFILE
    header = data.index(b"jp2h") - 4
    longer = int.from_bytes(data[header : header + 4]) + len(box) - size
    return data[:header] + struct.pack(">I", longer) + data[header + 4 : at] + box + data[at + size :]


def bmp_with_profile() -> bytes:
    """A BMP of version 5 with a profile behind its pixels: Microsoft, BITMAPV5HEADER."""
    rows = flat(IN_P3[::-1]).tobytes()
    header = struct.pack("<IiiHHIIiiII", 124, 64, 48, 1, 24, 0, len(rows), 0, 0, 0, 0) + bytes(16)
    header += b"DEBM" + bytes(48) + struct.pack("<IIII", 4, 124 + len(rows), len(P3_PROFILE), 0)
    assert len(header) == 124
    start = struct.pack("<2sIII", b"BM", 14 + 124 + len(rows) + len(P3_PROFILE), 0, 14 + 124)
    return start + header + rows + P3_PROFILE


def ycc(red: int, green: int, blue: int) -> list[int]:
    """JFIF's YCbCr, in 12 bits."""
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    return [round(v * 4095 / 255) for v in (y, (blue - y) / 1.772 + 127.5, (red - y) / 1.402 + 127.5)]


MORE = flat((*FLAT, 0))
TWELVE = flat([round(v * 4095 / 255) for v in FLAT], np.uint16)
HALF = (229, 178, 153)

GIVES: dict[str, tuple[Callable[[], bytes], tuple[int, int, int]]] = {
    # numbers that are neither 8 nor 16 bits, or stored in an odd way
    "floats of a profile": (
        lambda: tiff(page(flat([v / 255 for v in FLAT], np.float32), icc=SRGB_PROFILE)), FLAT,
    ),
    "floats of P3": (lambda: tiff(page(flat([v / 255 for v in IN_P3], np.float32), icc=P3_PROFILE)), FLAT),
    "floats": (lambda: tiff(page(flat(LINEAR, np.float32))), FLAT),
    "half floats": (lambda: tiff(page(flat(LINEAR, np.float16))), FLAT),
    "half floats in planes": (lambda: tiff(page(flat(LINEAR, np.float16), planar=True)), FLAT),
    "doubles": (lambda: tiff(page(flat(LINEAR, np.float64))), FLAT),
    "doubles of a profile": (
        lambda: tiff(page(flat([v / 255 for v in FLAT], np.float64), icc=SRGB_PROFILE)), FLAT,
    ),
    "floats with half of alpha": (
        lambda: tiff(page(flat((*LINEAR, 0.5), np.float32), extra=[2])), HALF,
    ),
    "floats multiplied by alpha": (
        lambda: tiff(page(flat((*(v / 2 for v in LINEAR), 0.5), np.float32), extra=[1])), HALF,
    ),
    "8 bits with a sign": (lambda: tiff(page(flat([round(v * 127 / 255) for v in FLAT], np.int8))), FLAT),
    "16 bits with a sign": (lambda: tiff(page(flat([round(v * 32767 / 255) for v in FLAT], np.int16))), FLAT),
    "32 bits": (lambda: tiff(page(flat([v * 16843009 for v in FLAT], np.uint32))), FLAT),
    "32 bits with a sign": (lambda: tiff(page(flat([v * 8421504 for v in FLAT], np.int32))), FLAT),
    "64 bits": (lambda: tiff(page(flat([v * (2**56) for v in FLAT], np.uint64))), FLAT),
    "32 bits of a profile": (
        lambda: tiff(page(flat([v * 16843009 for v in IN_P3], np.uint32), icc=P3_PROFILE)), FLAT,
    ),
    "tiles": (lambda: tiff(page(flat(FLAT), tile=16)), FLAT),
    "tiles in planes": (lambda: tiff(page(flat(FLAT), tile=16, planar=True)), FLAT),
    "16-bit tiles in planes": (lambda: tiff(page(sixteen(FLAT), tile=32, planar=True)), FLAT),
    "16-bit planes": (lambda: tiff(page(sixteen(FLAT), planar=True)), FLAT),
    "12 bits": (lambda: tiff(page(TWELVE, bits=12, compression=34712, packed=imagecodecs.jpeg2k_encode(
        TWELVE, codecformat="j2k", bitspersample=12))), FLAT),
    # samples that are no alpha, and alpha
    "a sample of no meaning": (lambda: tiff(page(MORE, extra=[0])), FLAT),
    "a sample of no meaning, in tiles": (lambda: tiff(page(MORE, extra=[0], tile=16)), FLAT),
    "a sample that is not announced": (lambda: tiff(page(MORE)), FLAT),
    "alpha after a sample of no meaning": (lambda: tiff(page(flat((*FLAT, 7, 128)), extra=[0, 2])), HALF),
    "alpha": (lambda: tiff(page(flat((*FLAT, 128)), extra=[2])), HALF),
    "alpha in 16-bit tiles": (lambda: tiff(page(sixteen((*FLAT, 128)), extra=[2], tile=16)), HALF),
    "colours multiplied by alpha": (lambda: tiff(page(flat((102, 51, 26, 128)), extra=[1])), HALF),
    "colours multiplied by alpha, in tiles": (lambda: tiff(page(flat((102, 51, 26, 128)), extra=[1], tile=16)), HALF),
    "a fourth channel of a Photoshop document": (lambda: psd(flat((*FLAT, 9))), FLAT),
    # Lab
    "Lab": (lambda: tiff(page(lab(np.uint8, CIELAB), CIELAB)), FLAT),
    "Lab of 16 bits": (lambda: tiff(page(lab(np.uint16, CIELAB), CIELAB)), FLAT),
    "ICC Lab": (lambda: tiff(page(lab(np.uint8, ICCLAB), ICCLAB)), FLAT),
    "ICC Lab of 16 bits": (lambda: tiff(page(lab(np.uint16, ICCLAB), ICCLAB)), FLAT),
    "Lab in tiles": (lambda: tiff(page(lab(np.uint16, CIELAB), CIELAB, tile=16)), FLAT),
    "Lab of floats": (lambda: tiff(page(lab(np.float32, CIELAB), CIELAB)), FLAT),
    # compressions
    "zstd": (lambda: by_pillow(flat(FLAT), "TIFF", compression="zstd"), FLAT),
    "zstd in a tile": (
        lambda: tiff(page(flat(FLAT, size=(64, 64)), tile=64, compression=50000,
                          packed=imagecodecs.zstd_encode(flat(FLAT, size=(64, 64)).tobytes()), tags={257: [48]})), FLAT,
    ),
    "LZMA": (lambda: by_pillow(flat(FLAT), "TIFF", compression="lzma"), FLAT),
    "WebP in a TIFF": (
        lambda: tiff(page(flat(FLAT), compression=50001, packed=imagecodecs.webp_encode(flat(FLAT), lossless=True))),
        FLAT,
    ),
    "LERC": (
        lambda: tiff(page(flat(FLAT), compression=34887, packed=imagecodecs.lerc_encode(flat(FLAT)),
                          tags={50674: [4, 0]})), FLAT,
    ),
    "JPEG 2000 in a TIFF": (
        lambda: tiff(page(flat(FLAT), compression=34712, packed=by_pillow(flat(FLAT), "JPEG2000", no_jp2=True))), FLAT,
    ),
    # pages
    "a thumbnail first": (lambda: tiff(page(RED_PAGE[:12, :16], kind=1), page(flat(FLAT))), FLAT),
    "a thumbnail that does not say so": (lambda: tiff(page(RED_PAGE[:12, :16]), page(flat(FLAT))), FLAT),
    "a mask first": (lambda: tiff(page(RED_PAGE[..., :1], 4, kind=4), page(flat(FLAT))), FLAT),
    "the picture below its preview": (lambda: tiff(page(RED_PAGE[:12, :16], kind=1, below=page(flat(FLAT)))), FLAT),
    "smaller copies behind": (lambda: tiff(page(flat(FLAT)), page(RED_PAGE[:24, :32], kind=1)), FLAT),
    # colours by numbers
    "P3 by nclx": (lambda: heic(flat(IN_P3), color_primaries=12, transfer_characteristics=13), FLAT),
    "P3 by nclx in an AVIF": (lambda: avif(sixteen(IN_P3), 12, 13), FLAT),
    "PQ in a HEIC": (
        lambda: heic(sixteen(pq(in_2020(LINEAR))), color_primaries=9, transfer_characteristics=16), FLAT,
    ),
    "PQ in an AVIF": (lambda: avif(sixteen(pq(in_2020(LINEAR))), 9, 16), FLAT),
    "HLG in a HEIC": (
        lambda: heic(sixteen(hlg(in_2020(LINEAR))), color_primaries=9, transfer_characteristics=18), FLAT,
    ),
    "HLG in an AVIF": (lambda: avif(sixteen(hlg(in_2020(LINEAR))), 9, 18), FLAT),
    "PQ in a PNG": (lambda: png(sixteen(pq(in_2020(LINEAR))), (b"cICP", b"\x09\x10\0\1")), FLAT),
    "P3 in a PNG by cICP": (lambda: png(flat(IN_P3), (b"cICP", b"\x0c\x0d\0\1")), FLAT),
    "sRGB by cICP before a profile": (
        lambda: png(flat(FLAT), (b"cICP", b"\1\x0d\0\1"), (b"iCCP", b"p3\0\0" + zlib.compress(P3_PROFILE))), FLAT,
    ),
    "television's black and white": (
        lambda: png(flat([round(16 + v * 219 / 255) for v in FLAT]), (b"cICP", b"\1\x0d\0\0")), FLAT,
    ),
    "PQ by a profile": (
        lambda: by_pillow(Image.fromarray(np.rint(flat(pq(in_2020(LINEAR)), float) * 255).astype(np.uint8)), "PNG",
                          icc_profile=hdr_profile(16)), FLAT,
    ),
    "P3's colours in a PNG": (lambda: png(flat(IN_P3), (b"gAMA", struct.pack(">I", 45455)), CHRM_P3), FLAT),
    "linear light in a PNG": (lambda: png(sixteen(LINEAR), (b"gAMA", struct.pack(">I", 100_000))), FLAT),
    "a gamma of 1": (lambda: png(flat(FLAT), (b"gAMA", struct.pack(">I", 100_000))), (231, 170, 124)),
    "a gamma of 1 in grey": (lambda: png(flat((204,)), (b"gAMA", struct.pack(">I", 100_000))), (231, 231, 231)),
    "a gamma of 1 with alpha": (
        lambda: png(sixteen((*LINEAR, 128 / 255)), (b"gAMA", struct.pack(">I", 100_000))), HALF,
    ),
    "the usual gamma": (lambda: png(flat(FLAT), (b"gAMA", struct.pack(">I", 45455))), FLAT),
    "gamma beside sRGB": (
        lambda: png(flat(FLAT), (b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000)), CHRM_P3), FLAT,
    ),
    "gamma beside a profile": (
        lambda: png(flat(IN_P3), (b"iCCP", b"p3\0\0" + zlib.compress(P3_PROFILE)), (b"gAMA", struct.pack(">I", 10))),
        FLAT,
    ),
    "colours that cannot be": (
        lambda: png(flat(FLAT), chromaticities((0, 0), (1, 0), (0, 1), (0, 0)), (b"gAMA", b"\0" * 4)), FLAT,
    ),
    "Adobe RGB by a camera's rules": (camera_jpeg, FLAT),
    "P3 in a JPEG 2000": (jpeg2000_with_profile, FLAT),
    "P3 in a BMP": (bmp_with_profile, FLAT),
    # profiles for other colours are passed over
    "a profile for grey": (
        lambda: by_pillow(flat(FLAT), "JPEG", quality=100, subsampling=0, icc_profile=of_another_space(b"GRAY")), FLAT,
    ),
    "a profile for Lab": (
        lambda: by_pillow(flat(FLAT), "JPEG", quality=100, subsampling=0, icc_profile=of_another_space(b"Lab ")), FLAT,
    ),
    "a profile for inks": (
        lambda: by_pillow(flat(FLAT), "JPEG", quality=100, subsampling=0, icc_profile=of_another_space(b"CMYK")), FLAT,
    ),
    # JPEG, and its kin
    "JPEG of 12 bits": (lambda: jpeg(0xC1, 12, ycc(*FLAT)), FLAT),
    "JPEG without loss": (lambda: jpeg(0xC3, 8, FLAT), FLAT),
    "JPEG of 16 bits without loss": (lambda: jpeg(0xC3, 16, [v * 257 for v in FLAT]), FLAT),
    "JPEG of 16 bits without loss, of P3": (
        lambda: jpeg(0xC3, 16, [v * 257 for v in IN_P3], icc=P3_PROFILE), FLAT,
    ),
    "JPEG-LS": (lambda: imagecodecs.jpegls_encode(flat(FLAT)), FLAT),
    "JPEG-LS of 16 bits": (lambda: imagecodecs.jpegls_encode(sixteen(FLAT)), FLAT),
    "JPEG without its end": (lambda: by_pillow(flat(FLAT), "JPEG", quality=100, subsampling=0)[:-2], FLAT),
    "progressive JPEG without its end": (
        lambda: by_pillow(flat(FLAT), "JPEG", quality=100, subsampling=0, progressive=True)[:-2], FLAT,
    ),
    # other kinds
    "JPEG XL": (lambda: bytes(imagecodecs.jpegxl_encode(flat(FLAT), lossless=True)), FLAT),
    "JPEG XL of 16 bits": (lambda: (CASES / "pq2020.jxl").read_bytes(), FLAT),
    "JPEG XL with alpha": (lambda: bytes(imagecodecs.jpegxl_encode(flat((*FLAT, 128)), lossless=True)), HALF),
    "JPEG XL in grey": (lambda: bytes(imagecodecs.jpegxl_encode(flat((204,))[..., 0], lossless=True)), (204, 204, 204)),
    "JPEG XL of P3": (lambda: (CASES / "p3.jxl").read_bytes(), FLAT),
    "JPEG XL of a JPEG": (lambda: (CASES / "packed_p3_jpeg.jxl").read_bytes(), FLAT),
    "JPEG XL that moves": (lambda: (CASES / "animation.jxl").read_bytes(), FLAT),
    "a PNG of an app": (lambda: png(flat((*FLAT[::-1], 255)), apples=True), FLAT),
    "a PNG of an app, half transparent": (lambda: png(flat((26, 51, 102, 128)), apples=True), HALF),
    "a PNG of an app, without alpha": (lambda: png(flat(FLAT[::-1]), apples=True), FLAT),
    "a Photoshop document": (lambda: psd(flat(FLAT)), FLAT),
    "a Photoshop document of P3": (lambda: psd(flat(IN_P3), resources=resource(1039, P3_PROFILE)), FLAT),
    "a texture": (lambda: by_pillow(flat(FLAT), "DDS"), FLAT),
    "QOI": (
        lambda: b"qoif" + struct.pack(">IIBB", 64, 48, 3, 0) + (b"\xfe" + bytes(FLAT)) * 3072 + bytes(7) + b"\1", FLAT,
    ),
    "grey of 16 bits, and dark": (
        lambda: b"P5 64 48 65535\n" + flat((200,), np.uint16).astype(">u2").tobytes(), (1, 1, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GIVES)
def test_an_odd_file_gives_the_colours_that_others_show(name: str) -> None:
    make, wanted = GIVES[name]
    pixels = read(make()).pixels
    assert pixels.shape == (48, 64, 3)
    most = 6 if "AVIF" in name else 3  # of 8 bits, which are few for HDR
    assert np.abs(pixels.astype(int) - wanted).max() <= most, pixels[20, 20]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a raw file": (lambda: tiff(page(flat((9,), np.uint16), CFA, tags={50706: [1, 4]})), "raw file (DNG)"),
    "a raw file with a thumbnail": (
        lambda: tiff(page(RED_PAGE, kind=1, tags={50706: [1, 4]}, below=page(flat((9,), np.uint16), CFA))), "raw file",
    ),
    "a raw file that only its compression tells": (
        lambda: tiff(page(RED_PAGE, kind=1, below=page(RED_PAGE, compression=34713))), "raw file (NEF)",
    ),
    "Canon's": (lambda: b"II*\0\x10\0\0\0CR\x02\0" + b"\0" * 99, "raw file (CR2)"),
    "Canon's new": (lambda: b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + b"\0" * 99, "raw file (CR3)"),
    "Fuji's": (lambda: b"FUJIFILMCCD-RAW 0201" + b"\0" * 99, "raw file (RAF)"),
    "OpenEXR": (lambda: b"v/1\x01\2\0\0\0channels" + b"\0" * 99, "OpenEXR"),
    "Radiance": (lambda: b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 4 +X 4\n", "Radiance"),
    "PFM": (lambda: b"Pf\n64 48\n-1.0\n" + flat((0.5,), np.float32).tobytes(), "PFM"),
    "JPEG XR": (lambda: b"II\xbc\1" + b"\0" * 99, "JPEG XR"),
    "FITS": (lambda: b"SIMPLE  =                    T" + b" " * 99, "FITS"),
    "DICOM": (lambda: b"\0" * 128 + b"DICM" + b"\0" * 99, "DICOM"),
    "GIMP": (lambda: b"gimp xcf v011\0" + b"\0" * 99, "GIMP"),
    "a large Photoshop document": (lambda: b"8BPS\0\2" + b"\0" * 99, "PSB"),
    "a Photoshop document of 16 bits": (lambda: psd(sixteen(FLAT)), "16 bits"),
    "a Photoshop document of Lab": (lambda: psd(flat(FLAT), mode=9), "Lab"),
    "a Photoshop document of layers alone": (
        lambda: psd(flat((255, 255, 255)), resources=resource(1057, b"\0\0\0\1\0" + b"\0" * 12)), "layers alone",
    ),
    "an unknown compression": (lambda: tiff(page(flat(FLAT), compression=34661)), "JBIG"),
    "JPEG XR in a TIFF": (lambda: tiff(page(flat(FLAT), compression=34934)), "JPEGXR"),
    "odd colours": (lambda: tiff(page(flat(FLAT), 10)), "ITULAB"),
    "odd inks": (lambda: tiff(page(flat((1, 2, 3, 4)), 5, tags={332: [2]})), "inks"),
    "a JPEG XL of an odd profile": (lambda: (CASES / "own_profile.jxl").read_bytes(), "JPEG XL"),
    "a JPEG of four channels": (
        lambda: jpeg(0xC3, 16, FLAT).replace(b"\0\x30\0\x40\3", b"\0\x30\0\x40\4"), "4 channels",
    ),
    "small numbers of 32 bits": (lambda: tiff(page(flat(FLAT, np.uint32))), "all of it is black"),
    "small floats": (lambda: tiff(page(flat((1e-5, 1e-5, 1e-5), np.float32))), "all of it is black"),
    "large floats": (lambda: tiff(page(flat(FLAT, np.float32))), "most of it is white"),
    "NaN of a profile": (lambda: tiff(page(flat((np.nan, 0, 0), np.float32), icc=SRGB_PROFILE)), "NaN"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_called_by_its_name_with_what_to_do(name: str) -> None:
    make, word = REFUSED[name]
    with pytest.raises(PictureError) as caught:
        read(make(), name="IMG_1")
    message = str(caught.value)
    assert message.startswith("IMG_1 ")
    assert word in message
    assert ": " in message
    for wrong in ("damaged", "no picture", "\n"):
        assert wrong not in message


def frames(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (64, 48), colour) for colour in (FLAT, "lime", "blue")[:count]]


def moving(kind: str, count: int = 3) -> bytes:
    first, *more = frames(count)
    return by_pillow(first, kind, save_all=True, append_images=more, duration=100)


def two_pictures() -> bytes:
    made, file = pillow_heif.from_pillow(frames(1)[0]), io.BytesIO()
    made.add_from_pillow(frames(2)[1])
    made.save(file, quality=100, chroma=444)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: moving("GIF"), "animation of 3 frames"),
        (lambda: moving("WEBP"), "animation of 3 frames"),
        (lambda: moving("PNG"), "animation of 3 frames"),
        (lambda: moving("AVIF"), "animation"),
        (lambda: (CASES / "animation.jxl").read_bytes(), "animation"),
        (lambda: moving("TIFF"), "3 pages"),
        (two_pictures, "2 pictures"),
    ],
)
def test_of_several_pictures_one_is_taken_and_the_person_told(make: Callable[[], bytes], word: str) -> None:
    picture = read(make())
    assert np.abs(picture.pixels.astype(int) - FLAT).max() <= 8
    (note,) = picture.notes
    assert word in note
    assert "taken" in note


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_one_picture_nothing_is_told(kind: str) -> None:
    assert read(moving(kind, 1)).notes == ()
    for data in (
        tiff(page(RED_PAGE[:12, :16], kind=1), page(flat(FLAT)), page(RED_PAGE[..., :1], 4, kind=4)),
        heic(flat(IN_P3), color_primaries=12, transfer_characteristics=13),
    ):
        assert read(data).notes == ()


@pytest.mark.parametrize("name", [name for name in GIVES if name.startswith(("PQ", "HLG"))] + ["JPEG XL of 16 bits"])
def test_hdr_is_said_once(name: str) -> None:
    (note,) = read(GIVES[name][0]()).notes
    assert "HDR" in note
    assert "SDR" in note


def test_what_is_brighter_than_white_keeps_its_order_and_what_is_darker_its_place() -> None:
    """Light from black to 1000 cd/m², from left to right."""
    light = np.linspace(0, 1000 / 203, 256)
    steps = np.broadcast_to(light[None, :, None], (32, 256, 3))
    rows = read(png(np.rint(pq(steps) * 65535).astype(np.uint16), (b"cICP", b"\x09\x10\0\1"))).pixels[16].astype(int)
    assert (rows == rows[:, :1]).all()  # grey stays grey
    shown = rows[:, 0]
    assert (np.diff(shown) >= 0).all()
    assert shown[-1] == 255
    assert 225 < shown[np.searchsorted(light, 1.0)] < 255  # white leaves room above it
    assert len(set(shown[np.searchsorted(light, 1.0) :])) > 10  # clouds are no white hole
    half = np.searchsorted(light, 0.2)
    assert abs(shown[half] - 255 * (1.055 * light[half] ** (1 / 2.4) - 0.055)) <= 3


def test_a_glint_does_not_darken_a_picture() -> None:
    numbers = flat(pq(in_2020(LINEAR)), float)
    numbers[0, :3] = 1  # 10 000 cd/m² at three pixels of 3072
    pixels = read(png(np.rint(numbers * 65535).astype(np.uint16), (b"cICP", b"\x09\x10\0\1"))).pixels
    assert np.abs(pixels[24].astype(int) - FLAT).max() <= 2
    assert (pixels[0, :3] == 255).all()


@pytest.mark.parametrize("name", ["PQ in a PNG", "a gamma of 1 with alpha", "floats of P3", "Lab of 16 bits", "tiles",
                                  "16-bit tiles in planes", "a sample of no meaning, in tiles"])  # fmt: skip
def test_a_large_odd_file_is_worked_on_in_strips(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = GIVES[name][0]()
    whole = read(data).pixels
    monkeypatch.setattr(pixel_arrays, "AT_ONCE", 700)
    monkeypatch.setattr(pixel_arrays, "IN_MEMORY", 1000)
    np.testing.assert_array_equal(read(data).pixels, whole)


def test_a_jpeg_without_rules_of_use_is_read_where_pillow_raises_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow 12 raises KeyError for a table that Exif does not have, and Pillow 13 gives an empty one."""

    def raising(*_: object) -> dict[int, Any]:
        raise KeyError(0xA005)

    exif = Image.Exif()
    exif[0x0112] = 1
    data = by_pillow(flat((204, 102, 51)), "JPEG", quality=100, subsampling=0, exif=exif)
    monkeypatch.setattr(Image.Exif, "get_ifd", raising)
    assert np.abs(read(data).pixels.astype(int) - (204, 102, 51)).max() <= 2
