"""Pictures in and out, as a person or a program gives and gets them."""

import io
import json
import mmap
import os
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pillow_heif
import pytest
import pyvips
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin

from impasto.images import (
    FORMATS,
    MIN_SIDE,
    PICTURE_SUFFIXES,
    Picture,
    PictureError,
    check_target,
    encode,
    read,
    read_settings,
    resample,
    resize,
    write,
)
from impasto.images import arrays as pixel_arrays

Array = np.ndarray[Any, np.dtype[Any]]

EACH_FORMAT = ["jpg", "png", "webp", "avif", "tiff"]
GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def smooth(width: int = 48, height: int = 32, seed: int = 0) -> Array:
    """A picture without hard edges, so that lossy formats keep it nearly as it is."""
    coarse = np.random.default_rng(seed).integers(40, 216, (4, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def by_pillow(pixels: Array | Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file that Pillow, not we, made."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def heic(pixels: Array, mode: str = "RGB", **info: Any) -> bytes:
    file = io.BytesIO()
    made = pillow_heif.from_bytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    made[0].info.update(info)
    made.save(file, quality=100, chroma=444)
    return file.getvalue()


def by_vips(pixels: Array, interpretation: str, suffix: str, profile: bytes | None = None, **options: Any) -> bytes:
    """The bytes of a file of a kind that Pillow can't make: 16 bits of colour, floats."""
    kind = {"uint8": "uchar", "uint16": "ushort", "float32": "float", "int32": "int"}[pixels.dtype.name]
    bands = pixels.shape[2] if pixels.ndim == 3 else 1
    image = pyvips.Image.new_from_memory(pixels.tobytes(), pixels.shape[1], pixels.shape[0], bands, kind)
    image = image.copy(interpretation=interpretation)
    if profile:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    data: bytes = image.write_to_buffer(suffix, **options)
    return data


def words(text: str) -> PngImagePlugin.PngInfo:
    """A chunk of text for a PNG."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", text)
    return info


def distance(one: Array, other: Array) -> float:
    """The mean distance of two pictures of the same size."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(float) - other).mean())


def plain(run: Callable[[], object], *words: str) -> str:
    """The message of the refusal, which is one line, ends with a fix and holds the words."""
    with pytest.raises(PictureError) as caught:
        run()
    message = str(caught.value)
    assert "\n" not in message
    assert ": " in message
    for word in words:
        assert word in message
    return message


# ---------------------------------------------------------------------------------------------------- reading files

KINDS: dict[str, Callable[[Array], bytes]] = {
    "photo.jpg": lambda pixels: by_pillow(pixels, "JPEG", quality=95),
    "progressive.jpeg": lambda pixels: by_pillow(pixels, "JPEG", quality=95, progressive=True),
    "photo.png": lambda pixels: by_pillow(pixels, "PNG"),
    "photo.webp": lambda pixels: by_pillow(pixels, "WEBP", quality=95),
    "lossless.webp": lambda pixels: by_pillow(pixels, "WEBP", lossless=True),
    "photo.tif": lambda pixels: by_pillow(pixels, "TIFF"),
    "packed.tiff": lambda pixels: by_pillow(pixels, "TIFF", compression="tiff_lzw"),
    "tiled.tif": lambda pixels: by_vips(pixels, "srgb", ".tif", tile=True, tile_width=16, tile_height=16),
    "photo.avif": lambda pixels: by_pillow(pixels, "AVIF", quality=95),
    "photo.heic": heic,
    "photo.gif": lambda pixels: by_pillow(pixels, "GIF"),
    "photo.bmp": lambda pixels: by_pillow(pixels, "BMP"),
    "photo.ppm": lambda pixels: by_pillow(pixels, "PPM"),
    "photo.jp2": lambda pixels: by_pillow(pixels, "JPEG2000"),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_file_is_read_from_a_path_bytes_and_a_stream(tmp_path: Path, name: str) -> None:
    pixels = smooth()
    path = tmp_path / name
    path.write_bytes(KINDS[name](pixels))
    picture = read(path)
    assert picture.pixels.dtype == np.uint8
    assert distance(picture.pixels, pixels) < 8
    assert (picture.width, picture.height) == (48, 32)
    assert picture.name == path.stem
    assert path.suffix in PICTURE_SUFFIXES
    with path.open("rb") as stream:
        for same in (read(str(path)), read(path.read_bytes()), read(io.BytesIO(path.read_bytes())), read(stream)):
            assert same.digest == picture.digest
        assert read(stream.name).name == path.stem


@given(arrays(np.uint8, st.tuples(st.integers(16, 40), st.integers(16, 40), st.sampled_from([1, 3]))), st.booleans())
def test_a_small_plain_png_is_read_as_any_other_png(pixels: Array, interlaced: bool) -> None:
    grey = pixels.shape[2] == 1
    plain_one = by_vips(pixels, "b-w" if grey else "srgb", ".png", interlace=interlaced, strip=True)
    with_words = by_pillow(Image.open(io.BytesIO(plain_one)), "PNG", pnginfo=words("nothing of colour"))
    assert b"tEXt" in with_words
    assert b"tEXt" not in plain_one
    for data in (plain_one, with_words):
        np.testing.assert_array_equal(read(data).pixels, np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_a_photo_is_turned_upright(kind: str, orientation: int) -> None:
    pixels = smooth(40, 24)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    finest: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": "4:4:4"}
    data = heic(pixels, exif=exif.tobytes()) if kind == "HEIC" else by_pillow(pixels, kind, exif=exif, **finest)
    upright = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: np.rot90(pixels, 2).transpose(1, 0, 2),
        8: np.rot90(pixels),
    }[orientation]
    assert distance(read(data).pixels, upright) < 1.5
    if kind != "HEIC":
        assert distance(read(Image.open(io.BytesIO(data))).pixels, upright) < 1.5


P3: bytes = pyvips.Operation.call("profile_load", "p3")
CMYK: bytes = pyvips.Operation.call("profile_load", "cmyk")


def from_display_p3(pixels: Array) -> Array:
    """Display P3 to sRGB by the textbook: the same curve, and a matrix on linear light."""
    encoded = pixels / 255
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    matrix = [[1.22494, -0.22494, 0.0], [-0.04206, 1.04206, 0.0], [-0.01964, -0.07864, 1.09827]]
    light = np.clip(light @ np.array(matrix).T, 0, 1)
    return np.asarray(255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055))


def test_a_colour_profile_is_converted_to_srgb() -> None:
    pixels = 90 + smooth() // 3  # of no colour that sRGB lacks
    wide = from_display_p3(pixels)
    assert distance(pixels, wide) > 1.5
    image = Image.fromarray(pixels)
    image.info["icc_profile"] = P3
    for source in (
        by_pillow(pixels, "PNG", icc_profile=P3),
        by_pillow(pixels, "TIFF", icc_profile=P3),
        by_vips(pixels.astype(np.uint16) * 257, "rgb16", ".png", P3),
        image,
    ):
        assert np.abs(read(source).pixels - wide).max() <= 1.2
    for data in (
        by_pillow(pixels, "JPEG", quality=100, subsampling=0, icc_profile=P3),
        heic(pixels, icc_profile=P3, icc_profile_type="prof"),
    ):
        assert distance(read(data).pixels, wide) < 1


def test_a_profile_that_is_broken_or_of_another_kind_is_passed_over() -> None:
    pixels = smooth()
    for profile in (b"no profile at all" * 20, CMYK):
        assert distance(read(by_pillow(pixels, "PNG", icc_profile=profile)).pixels, pixels) == 0


@pytest.mark.parametrize("profile", [None, CMYK])
def test_cmyk_is_converted_by_its_profile_or_a_usual_one(profile: bytes | None) -> None:
    flat = ImageCms.ImageCmsProfile(io.BytesIO(CMYK)), ImageCms.createProfile("sRGB")
    for ink in [(0, 0, 0, 0), (0, 200, 180, 0), (120, 20, 60, 90), (0, 0, 0, 255)]:
        image = Image.new("CMYK", (32, 32), ink)
        wanted = ImageCms.profileToProfile(
            image,
            *flat,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        image.info["icc_profile"] = profile
        jpeg = by_pillow(image, "JPEG", quality=100, icc_profile=profile)
        for source in (jpeg, by_pillow(image, "TIFF", icc_profile=profile), image):
            assert np.abs(read(source).pixels - np.asarray(wanted).astype(float)).max() <= 2


def test_grey_bilevel_palette_and_16_bit_files_are_accepted() -> None:
    pixels = smooth()
    grey = pixels[..., 0].copy()
    greys = np.repeat(grey[..., None], 3, axis=2)
    assert distance(read(by_pillow(grey, "PNG")).pixels, greys) == 0
    assert distance(read(by_pillow(grey, "JPEG", quality=100)).pixels, greys) < 1
    assert distance(read(heic(grey, "L")).pixels, greys) < 1
    assert distance(read(by_vips(grey.astype(np.uint16) * 257, "grey16", ".png")).pixels, greys) == 0
    sixteen = pixels.astype(np.uint16) * 257
    assert distance(read(by_vips(sixteen, "rgb16", ".png")).pixels, pixels) == 0
    assert distance(read(by_vips(sixteen, "rgb16", ".tif")).pixels, pixels) == 0
    assert distance(read(heic(sixteen, "RGB;16")).pixels, pixels) < 2
    assert distance(read(by_vips(sixteen, "rgb16", ".avif", Q=100, bitdepth=10)).pixels, pixels) < 2
    bilevel = Image.fromarray(grey).convert("1")
    black_and_white = np.asarray(bilevel.convert("RGB"))
    for kind in ("PNG", "TIFF"):
        assert distance(read(by_pillow(bilevel, kind)).pixels, black_and_white) == 0
    palette = Image.fromarray(pixels).quantize(16)
    assert distance(read(by_pillow(palette, "PNG")).pixels, np.asarray(palette.convert("RGB"))) == 0


def test_a_tiff_of_floats_is_linear_light_in_colour_and_in_grey() -> None:
    half = np.full((32, 32, 3), 0.5, np.float32)
    for source in (by_vips(half, "scrgb", ".tif"), by_vips(half[..., 0].copy(), "b-w", ".tif")):
        assert np.abs(read(source).pixels.astype(int) - 188).max() <= 1
    half[3, 3] = np.nan
    plain(lambda: read(by_vips(half, "scrgb", ".tif")), "NaN")


def test_what_is_transparent_lies_on_white() -> None:
    pixels = smooth()
    alpha = np.linspace(0, 255, 32 * 48).reshape(32, 48, 1).round().astype(np.uint8)
    rgba = np.concatenate([pixels, alpha], axis=2)
    wanted = pixels * (alpha / 255) + 255 * (1 - alpha / 255)
    image = Image.fromarray(rgba)
    sixteen = rgba.astype(np.uint16) * 257
    for source in (
        by_pillow(image, "PNG"),
        by_pillow(image, "WEBP", lossless=True, exact=True),
        by_pillow(image, "TIFF"),
        by_vips(sixteen, "rgb16", ".png"),
        image,
        rgba,
        sixteen,
        (rgba / 255).astype(np.float32),
        torch.from_numpy(rgba).permute(2, 0, 1),
    ):
        assert np.abs(read(source).pixels - wanted).max() <= 0.502
    assert np.abs(read(by_vips(rgba, "srgb", ".tif", premultiply=True)).pixels - wanted)[alpha[..., 0] > 100].max() <= 2
    assert distance(read(heic(rgba, "RGBA")).pixels, wanted) < 2


def test_channels_beyond_colour_and_alpha_are_left_aside() -> None:
    pixels = smooth()
    clear, mask = np.full((32, 48, 1), 255, np.uint8), np.zeros((32, 48, 1), np.uint8)
    for more in ([clear, mask], [clear, mask, mask]):
        assert distance(read(by_vips(np.concatenate([pixels, *more], axis=2), "srgb", ".tif")).pixels, pixels) == 0


@pytest.mark.parametrize("mode", ["P", "PA", "LA", "La", "RGBa", "1", "L", "YCbCr", "HSV", "I", "F", "CMYK"])
def test_a_pil_image_of_any_mode_looks_as_pil_shows_it(mode: str) -> None:
    pixels = smooth()
    rgba = Image.fromarray(np.dstack([pixels, np.full(pixels.shape[:2], 128, np.uint8)]))
    rgb = Image.fromarray(pixels)
    made = {
        "P": lambda: rgba.quantize(256),
        "PA": lambda: rgb.quantize(256).convert("PA"),
        "LA": lambda: rgba.convert("LA"),
        "La": lambda: rgba.convert("LA").convert("La"),
        "RGBa": lambda: rgba.convert("RGBa"),
    }
    image = made.get(mode, lambda: rgb.convert(mode))()
    if mode in ("LA", "La"):
        grey = rgba.convert("LA").getchannel("L")
        wanted = np.asarray(Image.blend(Image.new("L", grey.size, 255), grey, 128 / 255).convert("RGB"))
    elif mode in ("P", "RGBa"):
        white = Image.new("RGBA", image.size, "white")
        wanted = np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))
    elif mode == "CMYK":
        wanted = read(by_pillow(image, "TIFF")).pixels
    else:
        wanted = np.asarray(image.convert("L" if mode in ("I", "F") else "RGB").convert("RGB"))
    assert image.mode == mode
    assert np.abs(read(image).pixels - wanted.astype(float)).max() <= 2


def test_pil_images_of_16_bits_keep_their_white_and_black() -> None:
    ramp = np.linspace(0, 65535, 32 * 48).reshape(32, 48).astype(np.uint16)
    wanted = np.rint(ramp / 257)[..., None].repeat(3, axis=2)
    for image in (Image.fromarray(ramp), Image.fromarray(ramp.astype(np.int32))):
        assert np.abs(read(image).pixels - wanted).max() == 0
    assert distance(read(by_pillow(Image.fromarray(ramp), "PNG")).pixels, wanted) == 0
    plain(lambda: read(Image.fromarray(ramp.astype(np.int32) - 5)), "0 to 65535")
    plain(lambda: read(Image.new("F", (32, 32), float("nan"))), "NaN")
    plain(lambda: read(Image.new("LAB", (32, 32))), "RGB")


def test_of_an_animation_the_first_frame_is_read() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = by_pillow(frames[0], kind, save_all=True, append_images=frames[1:])
        assert distance(read(data).pixels, np.asarray(frames[0])) < 2


def test_a_phones_jpeg_with_a_gain_map_is_read_as_a_jpeg() -> None:
    if not pyvips.type_find("VipsOperation", "uhdrsave"):
        pytest.skip("this libvips can't make one")
    light = np.full((64, 64, 3), 0.5, np.float32)
    image = pyvips.Image.new_from_memory(light.tobytes(), 64, 64, 3, "float").copy(interpretation="scrgb")
    data = image.uhdrsave_buffer()
    assert distance(read(data).pixels, np.asarray(Image.open(io.BytesIO(data)))) < 2


def test_a_file_that_changed_is_read_anew_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    for seed in range(8):
        pixels = smooth(seed=seed)
        write(path, pixels)
        assert distance(read(path).pixels, pixels) == 0
    if Path("/proc/self/fd").is_dir():
        held = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        assert not [name for name in held if str(tmp_path) in name]


# ---------------------------------------------------------------------------- arrays, tensors, names and digests


@settings(max_examples=30, deadline=None)
@given(
    pixels=arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(16, 40), st.integers(16, 40), st.sampled_from([1, 3])),
    )
)
def test_arrays_and_tensors_of_one_picture_are_one_picture(pixels: Array) -> None:
    most = np.iinfo(pixels.dtype).max
    exact = np.rint(pixels * (255 / most)).repeat(3 // pixels.shape[2], axis=2)
    picture = read(pixels)
    assert np.array_equal(picture.pixels, exact)
    chw = pixels.transpose(2, 0, 1)
    forms: list[Any] = [
        np.asfortranarray(pixels),
        pixels.astype(pixels.dtype.newbyteorder()),
        (pixels / most).astype(np.float64),
        (pixels / most).astype(np.float32),
        torch.from_numpy((chw / most).astype(np.float32)),
        torch.from_numpy((chw / most)[None]).requires_grad_(),
    ]
    if most == 255:
        forms += [torch.from_numpy(chw), torch.from_numpy(chw)[None], (pixels / 255).astype(np.float16)]
    if pixels.shape[2] == 1:
        forms += [pixels[..., 0]]
    for form in forms:
        same = read(form)
        assert same.digest == picture.digest
        assert same.name == "photo"


def test_bfloat16_tensors_are_read() -> None:
    tensor = torch.linspace(0, 1, 3 * 32 * 32).reshape(3, 32, 32)
    exact = tensor.permute(1, 2, 0).numpy() * 255
    assert np.abs(read(tensor.bfloat16()).pixels - exact).max() < 1.6


def test_floats_a_hair_outside_the_range_are_rounding_and_others_are_not() -> None:
    fine = np.full((32, 32, 3), 1.0000002)
    assert (read(fine).pixels == 255).all()
    plain(lambda: read(fine * 255), "255", "scale them to 0 to 1")
    plain(lambda: read(fine - 2), "-1", "scale them to 0 to 1")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_arrays_and_tensors_that_are_not_finite_are_refused(wrong: float) -> None:
    array = np.full((32, 32, 3), 0.5)
    array[7, 8, 1] = wrong
    plain(lambda: read(array, name="scan"), "scan", "NaN or infinity")
    plain(lambda: read(torch.from_numpy(array).permute(2, 0, 1)), "NaN or infinity")


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (np.zeros((3, 32, 32), np.uint8), "3 x 32 x 32"),
        (np.zeros((1, 3, 32, 32), np.uint8), "height x width"),
        (np.zeros(32, np.uint8), "height x width"),
        (np.zeros((32, 32, 3), np.int64), "int64"),
        (np.zeros((32, 32, 3), bool), "bool"),
        (np.zeros((32, 32, 3), complex), "complex"),
        (torch.zeros(32, 32, 3), "3 x height x width"),
        (torch.zeros(2, 3, 32, 32), "2 x 3 x 32 x 32"),
        (torch.zeros(3, 32, 32, dtype=torch.int64), "int64"),
        (np.zeros((0, 32, 3)), "32 x 0"),
        (torch.zeros(3, 32, 0), "0 x 32"),
        ([1, 2, 3], "list"),
        (None, "NoneType"),
        (io.StringIO("text"), "binary"),
    ],
)
def test_what_is_no_picture_says_what_one_is(source: object, word: str) -> None:
    plain(lambda: read(source), word)


def test_a_picture_is_given_back_and_does_not_change_with_the_array_it_came_from() -> None:
    pixels = smooth().copy()
    picture = read(pixels)
    assert read(picture) is picture
    digest = read(pixels).digest
    pixels[:] = 0
    assert picture.digest == digest


def test_the_digest_is_of_the_shape_and_the_pixels_alone(tmp_path: Path) -> None:
    pixels = smooth()
    write(tmp_path / "one.png", pixels)
    write(tmp_path / "two.tiff", pixels)
    one, two = read(tmp_path / "one.png"), read(tmp_path / "two.tiff")
    assert one.digest == two.digest == Picture(pixels, "three").digest
    assert len(one.digest) == 64
    assert Picture(pixels.reshape(48, 32, 3)).digest != one.digest
    assert read(255 - pixels).digest != one.digest
    plain(lambda: Picture(pixels.astype(float)), "float64")


def test_names_come_from_where_the_picture_came_from(tmp_path: Path) -> None:
    path = tmp_path / "the great.wave.PNG"
    write(path, smooth())
    assert read(path).name == "the great.wave"
    assert read(Image.open(path)).name == "the great.wave"
    assert read(path, name="wave").name == "wave"
    assert read(path.read_bytes()).name == "photo"
    assert read(smooth(), name="mine").name == "mine"
    script = (
        "import sys, impasto.images as i; p = i.read(sys.stdin.buffer); print(p.name, p.width, 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], input=path.read_bytes(), capture_output=True, check=True)
    assert run.stdout.split() == [b"photo", b"48", b"False"]


@pytest.mark.parametrize("name", ["holiday [1].jpg", "a.jpg[page=1]", "ünï 写真.png", "-", "%d.png", "two\nlines.png"])
def test_odd_file_names_are_read_and_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, smooth(), format="png")
    assert distance(read(path).pixels, smooth()) == 0
    (tmp_path / name).write_bytes(b"nothing of the kind")
    plain(lambda: read(path))
    plain(lambda: write(path / "in a file.png", smooth()))


# --------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("size", [(1, 1), (MIN_SIDE - 1, 100), (100, MIN_SIDE - 1), (40_000, 2)])
def test_a_picture_too_thin_is_refused_and_the_least_is_not(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "thin.png"
    Image.new("RGB", size).save(path)
    for source in (path, Image.new("RGB", size), np.zeros((size[1], size[0], 3), np.uint8)):
        plain(partial(read, source), f"{size[0]} x {size[1]}", f"at least {MIN_SIDE} x {MIN_SIDE}")
    plain(lambda: read(path), str(path))
    assert read(Image.new("RGB", (MIN_SIDE, MIN_SIDE))).width == MIN_SIDE


def test_too_many_pixels_are_refused_from_the_header_alone(tmp_path: Path) -> None:
    whole = by_pillow(Image.new("1", (25_000, 20_000)), "PNG")
    path = tmp_path / "huge.png"
    path.write_bytes(whole[: whole.index(b"IDAT") + 20])  # there is nothing to decode
    plain(lambda: read(path), str(path), "500 megapixels", "--max-pixels 500000000")
    plain(lambda: read(path, max_pixels=500_000_000), "damaged")


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff", "avif", "heic", "bmp", "image", "array", "tensor"])
def test_the_limit_on_pixels_is_the_callers(kind: str) -> None:
    pixels = smooth(40, 20)
    sources: dict[str, Callable[[], Any]] = {
        "heic": lambda: heic(pixels),
        "bmp": lambda: by_pillow(pixels, "BMP"),
        "image": lambda: Image.fromarray(pixels),
        "array": lambda: pixels,
        "tensor": lambda: torch.from_numpy(pixels.copy()).permute(2, 0, 1),
    }
    source = sources.get(kind, lambda: encode(pixels, kind))()
    assert read(source, max_pixels=800).pixels.shape == (20, 40, 3)
    plain(lambda: read(source, max_pixels=799), "40 x 20", "--max-pixels 800")


@pytest.mark.parametrize(
    "data",
    [
        b"just some text, and no picture",
        b"3 2\n1 2 3\n4 5 6\n",
        b"1,2,3\n4,5,6\n",
        b"<html><body>not found</body></html>",
        b"%PDF-1.4\n%",
        b"\0" * 4000,
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + b"\0" * 500,
        b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 100,
        b"PK\x03\x04" + b"\0" * 100,
    ],
)
def test_a_file_that_is_no_picture_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "really.jpg"
    path.write_bytes(data)
    plain(lambda: read(path), str(path), "no picture", "JPEG")
    plain(lambda: read(data), "no picture")
    plain(lambda: read_settings(path), str(path), "no picture")


def test_missing_empty_and_folders_are_told_apart(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    plain(lambda: read(empty), str(empty), "empty")
    plain(lambda: read(b""), "empty")
    plain(lambda: read(io.BytesIO()), "empty")
    plain(lambda: read(tmp_path), str(tmp_path), "folder")
    plain(lambda: read(tmp_path / "none.jpg"), str(tmp_path / "none.jpg"), "no file")
    plain(lambda: read(tmp_path / "none" / "none.jpg"), "no file")
    plain(lambda: read(empty / "inside.jpg"), "inside.jpg")
    plain(lambda: read("nul\0l.jpg"), "nul?l.jpg")
    plain(lambda: read("x" * 5000), "can't be opened")
    plain(lambda: read(b"", name="two\nlines"), "two?lines")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="there are no such permissions here")
def test_files_and_folders_without_permission_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    write(path, smooth())
    path.chmod(0)
    tmp_path.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)  # root may do everything, so be nobody for a while
    try:
        plain(lambda: read(path), str(path), "permissions")
        plain(lambda: write(tmp_path / "new.png", smooth()), "new.png", "may write in")
        plain(lambda: check_target(tmp_path / "new.png"), "new.png", "may write in")
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", KINDS)
def test_a_file_cut_short_is_refused_wherever_it_is_cut(name: str) -> None:
    data = KINDS[name](smooth())
    pixels = read(data).pixels
    for cut in sorted({*range(0, len(data), max(1, len(data) // 50)), *range(1, 40), len(data) - 1}):
        whole = read_or_refuse(data[:cut])
        if whole is not None:  # an end mark may be missed, never a pixel
            assert cut > len(data) - 20
            assert distance(whole.pixels, pixels) == 0


def test_a_tiff_without_its_end_is_not_taken_for_something_else(tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    path.write_bytes(KINDS["packed.tiff"](smooth())[:-40])  # where its directory is
    plain(lambda: read(path), str(path), "damaged")


def read_or_refuse(data: bytes) -> Picture | None:
    """The picture in these bytes, or None where they are refused as they should be."""
    try:
        return read(data, max_pixels=100_000)
    except PictureError:
        plain(lambda: read(data, max_pixels=100_000))
        return None


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(KINDS)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_broken_bytes_give_a_picture_or_a_refusal_and_nothing_else(name: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(BROKEN[name])
    for place, value in changes:
        data[int(place * len(data))] = value
    picture = read_or_refuse(bytes(data))
    assert picture is None or picture.pixels.dtype == np.uint8


BROKEN = {name: make(smooth()) for name, make in KINDS.items()}


def test_nothing_is_printed_whatever_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for name, data in BROKEN.items():
        for number in range(6):
            broken = bytearray(data[: len(data) - int(number % 2 * rng.integers(1, len(data)))])
            for place in rng.integers(0, len(broken), number):
                broken[place] ^= 0x55
            (tmp_path / f"{number}-{name}").write_bytes(broken)
    script = (
        "import sys, pathlib, impasto.images as i\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: i.read(path, max_pixels=10**6)\n"
        "    except i.PictureError: pass\n"
    )
    # a broken profile whose name libvips quotes in a warning, in bytes that are no UTF-8
    profile = "iCCPécran".encode("latin-1") + b"\0\0" + zlib.compress(P3.replace(b"acsp", b"????"))
    chunk = struct.pack(">I", len(profile) - 4) + profile + struct.pack(">I", zlib.crc32(profile))
    png = BROKEN["photo.png"]
    (tmp_path / "profile.png").write_bytes(png[:33] + chunk + png[33:])
    run = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert run.stderr == ""


# ---------------------------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize("name", EACH_FORMAT)
def test_what_is_written_looks_the_same_and_carries_srgb_and_settings_alone(tmp_path: Path, name: str) -> None:
    pixels = smooth(96, 64)
    kept = {"style": "wave", "weights": [0.25, 1], "note": "ü <&> \"'\u2028", "none": None}
    path = tmp_path / f"out.{name}"
    write(path, pixels.astype(np.float32), settings=kept)
    assert distance(read(path).pixels, pixels) < (4 if name in ("webp", "avif") else 1)
    assert read_settings(path) == kept
    seen = Image.open(path)
    assert seen.size == (96, 64)
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(seen.info["icc_profile"])))
    assert not {GPS, MAKE}.intersection(seen.getexif())
    assert "exif" not in seen.info
    packet = seen.info["XML:com.adobe.xmp" if name == "png" else "xmp"]
    (described,) = ElementTree.fromstring(packet).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert json.loads(described.attrib["{urn:impasto:painting:1}settings"]) == kept
    write(path, pixels)
    assert read_settings(path) is None


@pytest.mark.parametrize("name", EACH_FORMAT)
def test_none_of_the_photos_own_metadata_goes_on(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[MAKE] = "SecretCamera"
    exif.get_ifd(GPS)[1] = "N"
    photo = tmp_path / "photo.jpg"
    Image.fromarray(smooth()).save(photo, exif=exif, xmp=b"<x>SecretPlace</x>", comment=b"SecretWords")
    out = tmp_path / f"out.{name}"
    write(out, read(photo).pixels, settings={"a": 1})
    assert b"Secret" not in out.read_bytes()
    assert not {GPS, MAKE}.intersection(Image.open(out).getexif())


def test_settings_of_others_are_not_ours(tmp_path: Path) -> None:
    for xmp in (b"<x>hello</x>", b"not xml", b'<a xmlns:i="urn:impasto:painting:1" i:settings="[1"/>', b""):
        path = tmp_path / "photo.jpg"
        Image.fromarray(smooth()).save(path, xmp=xmp)
        assert read_settings(path) is None
    (tmp_path / "photo.heic").write_bytes(heic(smooth()))
    assert read_settings(tmp_path / "photo.heic") is None
    plain(lambda: read_settings(tmp_path / "none.jpg"), "none.jpg")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(kept=st.dictionaries(st.text(), JSON, max_size=4), name=st.sampled_from(EACH_FORMAT))
def test_any_settings_come_back_as_they_were(kept: dict[str, Any], name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"p.{name}")
        write(path, smooth(16, 16), settings=kept)
        assert read_settings(path) == kept


def test_settings_that_cannot_be_kept_are_refused_and_not_dropped(tmp_path: Path) -> None:
    long = {"words": "x" * 70_000}
    plain(lambda: encode(smooth(), "jpg", settings=long), "png")
    write(tmp_path / "p.png", smooth(), settings=long)
    assert read_settings(tmp_path / "p.png") == long
    with pytest.raises(ValueError, match="JSON"):
        encode(smooth(), "png", settings={"a": float("nan")})


FLOATS = st.floats(-50, 305, width=32)


@settings(max_examples=40, deadline=None)
@given(
    pixels=arrays(np.float32, st.tuples(st.integers(16, 24), st.integers(16, 24), st.just(3)), elements=FLOATS),
    name=st.sampled_from(["png", "tiff"]),
)
def test_floats_are_rounded_and_clipped(pixels: Array, name: str) -> None:
    inside = np.clip(pixels, 0, 255)
    assert np.array_equal(read(encode(pixels, name)).pixels, np.rint(inside))
    assert np.array_equal(read(encode(pixels.astype(np.float64), name)).pixels, np.rint(inside))
    sixteen = pyvips.Image.new_from_buffer(encode(pixels, name, bits=16), "")
    assert sixteen.format == "ushort"
    assert np.abs(sixteen.numpy() - inside.astype(np.float64) * 257).max() <= 0.504


@settings(max_examples=30, deadline=None)
@given(pixels=arrays(np.uint8, st.tuples(st.integers(16, 40), st.integers(16, 40), st.just(3))))
def test_png_and_tiff_of_8_and_16_bits_lose_nothing(pixels: Array) -> None:
    for name in ("png", "tiff"):
        for bits in (8, 16):
            data = encode(pixels[::-1], name, bits=bits)
            assert np.array_equal(read(data).pixels, pixels[::-1])
            file = pyvips.Image.new_from_buffer(data, "")
            assert np.array_equal(file.numpy(), pixels[::-1].astype(int) * (257 if bits == 16 else 1))


def test_a_jpg_is_of_quality_95_without_subsampling() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[::2, ::2] = (255, 0, 0)  # colour at every second pixel: subsampling would smear it
    data = encode(pixels, "jpg")
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    assert JpegImagePlugin.get_sampling(image) == 0
    assert distance(read(data).pixels, pixels) < 3
    photo = smooth(256, 256)
    assert distance(read(encode(photo, "jpg")).pixels, photo) < 1


def test_suffixes_choose_the_format_in_any_case_and_others_are_refused(tmp_path: Path) -> None:
    starts = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG", "webp": b"RIFF", "avif": b"\0\0\0", "tiff": b"II*\0"}
    for suffix, format in FORMATS.items():
        path = tmp_path / f"p{suffix.upper()}"
        write(path, smooth())
        assert path.read_bytes().startswith(starts[format.name])
        write(tmp_path / "nameless", smooth(), format=suffix)
        assert (tmp_path / "nameless").read_bytes() == path.read_bytes()
    for name in ("p.bmp", "p", "p.", ".png", "p.jpg.txt"):
        for run in (partial(write, tmp_path / name, smooth()), partial(check_target, tmp_path / name)):
            plain(run, name, *FORMATS)
        assert not (tmp_path / name).exists()
    plain(lambda: encode(smooth(), "heic"), "heic", ".png")
    plain(lambda: write(io.BytesIO(), smooth()), ".png")


def test_bits_and_sides_that_a_format_lacks_are_refused(tmp_path: Path) -> None:
    for name in ("jpg", "webp", "avif"):
        plain(partial(encode, smooth(), name, bits=16), name, "png or a tiff")
        plain(partial(check_target, tmp_path / f"p.{name}", bits=16), name, "png or a tiff")
    plain(lambda: encode(smooth(), "png", bits=12), "8 or 16")
    for name, side in [("webp", 16_384), ("avif", 16_385), ("jpg", 65_501)]:
        plain(partial(encode, np.zeros((1, side, 3), np.uint8), name), str(side), "png or a tiff")
        last = encode(np.zeros((2, side - 1, 3), np.uint8), name)
        assert Image.open(io.BytesIO(last)).size == (side - 1, 2)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((32, 32), np.uint8),
        np.zeros((32, 32, 4), np.uint8),
        np.zeros((0, 32, 3), np.uint8),
        np.zeros((32, 32, 3), np.int32),
        np.full((32, 32, 3), np.nan, np.float32),
        np.full((32, 32, 3), np.inf, np.float32),
    ],
)
def test_pixels_that_cannot_be_written_leave_nothing(tmp_path: Path, pixels: Array) -> None:
    plain(lambda: write(tmp_path / "p.png", pixels), "pixels")
    assert list(tmp_path.iterdir()) == []


def test_a_stream_gets_the_same_bytes(tmp_path: Path) -> None:
    stream = io.BytesIO()
    write(stream, smooth(), format="png", settings={"a": 1})
    write(tmp_path / "p.png", smooth(), settings={"a": 1})
    assert stream.getvalue() == (tmp_path / "p.png").read_bytes() == encode(smooth(), ".PNG", settings={"a": 1})
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as closed:
        plain(lambda: write(closed, smooth(), format="png"), "can't be written")


def test_a_file_is_replaced_in_one_move_with_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    write(path, smooth())
    with path.open("rb") as before:
        write(path, 255 - smooth())
        assert distance(read(before).pixels, smooth()) == 0  # whoever had it open still sees the old one, whole
    assert distance(read(path).pixels, 255 - smooth()) == 0
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "plain").unlink()
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "there" / "real.png")
    for _ in range(2):
        write(link, smooth())
        assert link.is_symlink()
        assert distance(read(tmp_path / "there" / "real.png").pixels, smooth()) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_written_to_and_read_from_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    check_target(pipe)
    got: list[Picture] = []
    reader = threading.Thread(target=lambda: got.append(read(pipe)))
    reader.start()
    write(pipe, smooth())
    reader.join()
    assert distance(got[0].pixels, smooth()) == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_places_that_cannot_be_written_are_named_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    for path, word in [
        (tmp_path / "none" / "p.png", "make it first"),
        (tmp_path / "file" / "p.png", "make it first"),
        (tmp_path / "folder.png", "is a folder"),
        (tmp_path / ("x" * 300 + ".png"), "shorter name"),
    ]:
        plain(partial(write, path, smooth()), path.name, word)
        plain(partial(check_target, path), path.name, word)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


def test_checking_a_place_changes_nothing(tmp_path: Path) -> None:
    check_target(tmp_path / "new.png", bits=16)
    assert list(tmp_path.iterdir()) == []
    path = tmp_path / "old.png"
    write(path, smooth())
    before = path.read_bytes()
    check_target(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    write(path, smooth())
    before = path.read_bytes()
    script = (
        "import resource, sys, numpy, impasto.images as i\n"
        "pixels = numpy.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=numpy.uint8)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"  # as if there were room for so much
        "try: i.write(sys.argv[1], pixels)\n"
        "except i.PictureError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-B", "-c", script, path], capture_output=True, text=True, check=True)
    assert "make room" in run.stdout
    assert str(path) in run.stdout
    assert run.stdout.count("\n") == 1
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_midway_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    path = tmp_path / "p.png"
    write(path, smooth())
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((PictureError, KeyboardInterrupt)):
        write(path, 255 - smooth())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_happens_while_a_picture_is_encoded_is_raised_and_not_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(io.BytesIO):
        def write(self, data: Any) -> int:
            raise KeyboardInterrupt(len(data))

    monkeypatch.setattr(io, "BytesIO", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        encode(smooth(), "png")
    assert capfd.readouterr() == ("", "")


# --------------------------------------------------------------------------------------------------------- resizing


@settings(max_examples=30, deadline=None)
@given(
    pixels=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
)
def test_resizing_is_the_identity_at_the_same_size_and_keeps_a_plain_color(
    pixels: Array, width: int, height: int
) -> None:
    assert resize(pixels, pixels.shape[1], pixels.shape[0]) is pixels
    assert resize(pixels, width, height).shape == (height, width, 3)
    plain = np.broadcast_to(pixels[:1, :1], pixels.shape)
    np.testing.assert_array_equal(resize(plain, width, height), np.broadcast_to(plain[:1, :1], (height, width, 3)))


@settings(max_examples=30, deadline=None)
@given(
    pixels=arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
)
def test_a_mask_is_resized_without_overshoot(pixels: Array, width: int, height: int) -> None:
    resized = resize(pixels, width, height, Image.Resampling.BILINEAR)
    for channel in range(3):
        assert resized[..., channel].min() >= pixels[..., channel].min()
        assert resized[..., channel].max() <= pixels[..., channel].max()


def test_a_shrunk_picture_keeps_its_finest_lines() -> None:
    x = np.arange(600) * 2 * np.pi / 7.5  # at a third of the size, a period of 2.5 px
    lines = (127.5 + 100 * np.sin(x)).round().astype(np.uint8)[None, :, None].repeat(30, axis=0).repeat(3, axis=2)
    inside = resize(lines, 200, 10)[5, 20:-20, 0].astype(float)
    assert inside.std() > 0.75 * lines.std()  # the bilinear kernel leaves 0.61


@settings(max_examples=60, deadline=None)
@given(
    pixels=arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 20), st.just(3))),
    width=st.integers(1, 60),
    height=st.integers(2, 200),
    at_once=st.integers(1, 900),
)
def test_resizing_some_rows_at_a_time_gives_what_pillow_gives_of_all(
    pixels: Array, width: int, height: int, at_once: int
) -> None:
    bands = [Image.fromarray(band).convert("F") for band in np.moveaxis(pixels, 2, 0)]
    bicubic, lanczos = (
        np.stack([band.resize((width, height), kernel) for band in bands], 2)
        for kernel in (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixel_arrays, "AT_ONCE", at_once)
        resized = resize(pixels, width, height).astype(int)
        resampled = np.concatenate(
            [resample(pixels, width, height, rows) for rows in pixel_arrays.strips(height, width)]
        )
    assert np.abs(resized - lanczos.clip(0, 255)).max() <= 0.51
    np.testing.assert_allclose(resampled, bicubic, rtol=0, atol=0.01)


@pytest.mark.parametrize("orientation", [1, 6])
def test_large_pictures_are_held_in_files_and_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    file = by_pillow(smooth(300, 200), "png", exif=exif)
    small = read(file).pixels
    monkeypatch.setattr(pixel_arrays, "IN_MEMORY", 100_000)
    monkeypatch.setattr(pixel_arrays, "AT_ONCE", 10_000)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    large = read(file).pixels
    for pixels in (large, resize(large, 310, 305)):
        held = pixels
        while isinstance(held.base, np.ndarray):
            held = held.base
        assert isinstance(held.base, mmap.mmap)
    np.testing.assert_array_equal(large, small)
    assert list(tmp_path.iterdir()) == []  # without a name, so that nothing is left whatever happens


def test_large_pictures_are_held_in_memory_where_no_file_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixel_arrays, "IN_MEMORY", 1000)
    monkeypatch.setattr(pixel_arrays, "scratch_folder", lambda: tmp_path / "missing")
    np.testing.assert_array_equal(read(by_pillow(smooth(), "png")).pixels, smooth())


def test_shrinking_averages_and_does_not_skip() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(resize(stripes, 16, 16)[:, 1:-1].astype(int) - 127.5).max() <= 3
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(32, axis=0).repeat(3, axis=2)
    assert np.abs(resize(ramp, 64, 8)[4, 2:-2, 0] - (np.arange(64) * 4 + 1.5)[2:-2]).max() <= 1
