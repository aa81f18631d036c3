"""Picture files that are damaged or cut short: how much is there is said, and can be taken; none is taken for whole."""

import struct
import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from odd_pictures import FLAT, by_pillow, chunk, flat, page, photo, tiff
from test_odd_pictures import CASES, GIVES

from impasto.images import DamagedError, PictureError, read


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: by_pillow(photo(), "JPEG", quality=95),
        lambda: by_pillow(photo(), "PNG"),
        lambda: tiff(page(photo())),
    ],
    ids=["JPEG", "PNG", "TIFF"],
)
def test_of_a_file_cut_short_it_is_said_how_much_is_there_and_that_can_be_taken(make: Callable[[], bytes]) -> None:
    data = make()
    whole = read(data).pixels
    short = cut(data, 0.6)
    if data.startswith(b"II"):  # its directory is at the end, so what is lost is in the middle
        short = tiff(page(photo(), compression=8, packed=cut(zlib.compress(photo().tobytes()), 0.6)))
    with pytest.raises(DamagedError, match=r"(\d+) of its 240 rows are there") as caught:
        read(short)
    rows = int(caught.value.there.split()[0])
    assert 90 < rows < 170
    picture = read(short, damaged=True)
    assert picture.pixels.shape == (rows, 320, 3)
    assert np.abs(picture.pixels[: rows - 16].astype(int) - whole[: rows - 16]).max() <= 1
    (note,) = picture.notes
    assert f"{rows} of its 240 rows" in note


@pytest.mark.parametrize("name", GIVES)
def test_an_odd_file_cut_short_is_refused_or_lacks_no_pixel(name: str) -> None:
    data, wanted = GIVES[name][0](), GIVES[name][1]
    for end in (len(data) // 3, len(data) * 4 // 5, len(data) - 12, len(data) - 5, len(data) - 1):
        try:
            pixels = read(data[:end]).pixels
        except PictureError:
            continue
        assert pixels.shape == (48, 64, 3)
        assert np.abs(pixels.astype(int) - wanted).max() <= 6, end


def test_a_jpeg_glued_to_its_end_mark_lacks_the_same_rows() -> None:
    data = cut(by_pillow(photo(), "JPEG", quality=95), 0.5) + b"\xff\xd9"
    with pytest.raises(DamagedError, match="of its 240 rows"):
        read(data)


@pytest.mark.parametrize("share", [0.5, 0.97])
def test_of_a_progressive_jpeg_cut_short_all_rows_are_there_but_coarse(share: float) -> None:
    data = by_pillow(photo(), "JPEG", quality=95, progressive=True)
    for short in (cut(data, share), cut(data, share) + b"\xff\xd9"):
        with pytest.raises(DamagedError, match=r"all of its rows are there, but coarse \(\d scans\)"):
            read(short)
        picture = read(short, damaged=True)
        assert picture.pixels.shape == (240, 320, 3)
        assert "coarse" in picture.notes[0]


def test_a_progressive_jpeg_that_ends_between_two_scans_is_not_whole() -> None:
    data = by_pillow(photo(), "JPEG", quality=95, progressive=True)
    last = data.rindex(b"\xff\xda")
    table = data.rindex(b"\xff\xc4", 0, last)
    with pytest.raises(DamagedError, match="coarse"):
        read(data[:table])


def test_a_jpeg_with_some_odd_bytes_is_taken_as_others_show_it() -> None:
    data = by_pillow(photo(), "JPEG", quality=95)
    assert read(data[:-2] + b"\0\0\0\0" + data[-2:]).notes == ()
    assert read(data + b"trailing" * 9).notes == ()


def test_too_few_rows_are_not_taken() -> None:
    data = by_pillow(photo(), "JPEG", quality=95)
    short = data[: data.index(b"\xff\xda") + 40]
    with pytest.raises(PictureError, match="too few to paint"):
        read(short, damaged=True)


@pytest.mark.parametrize("compression", [5, 8, 50000])
def test_a_tile_that_is_damaged_is_not_black_without_a_word(compression: int) -> None:
    pack = {5: imagecodecs.lzw_encode, 8: imagecodecs.zlib_encode, 50000: imagecodecs.zstd_encode}[compression]
    data = tiff(page(photo(256, 256), tile=256, compression=compression, packed=bytes(pack(photo(256, 256).tobytes()))))
    assert (read(data).pixels == photo(256, 256)).all()
    broken = data[:12] + b"\xff" * 64 + data[76:]
    with pytest.raises(PictureError, match="damaged"):
        read(broken)


def test_a_tiff_whose_tags_lost_their_values_is_not_read_wrong() -> None:
    data = by_pillow(photo(), "TIFF", compression="tiff_lzw")
    for end in range(1, 40):
        with pytest.raises(PictureError):
            read(data[:-end])


@pytest.mark.parametrize("cut_at", range(8, 40))
def test_a_jpeg_xl_cut_in_its_header_is_damaged(cut_at: int) -> None:
    with pytest.raises(PictureError):
        read((CASES / "pq2020.jxl").read_bytes()[:cut_at])


def test_a_jpeg_ls_of_more_rows_than_it_has_bits_is_damaged() -> None:
    data = imagecodecs.jpegls_encode(flat(FLAT)).replace(b"\0\x30\0\x40", b"\x27\x10\x27\x10")
    with pytest.raises(PictureError, match="damaged"):
        read(data)


def test_an_apps_png_is_no_bomb() -> None:
    """Sixty-four megabytes of nothing for a picture of 64 × 48: no more of it is unpacked than such a picture has."""
    bomb = zlib.compress(b"\0" * 64_000_000)[2:-4]
    header = struct.pack(">IIBBBBB", 64, 48, 8, 6, 0, 0, 0)
    chunks = [(b"CgBI", b"\x50\0\x20\2"), (b"IHDR", header), (b"IDAT", bomb), (b"IEND", b"")]
    pixels = read(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)).pixels
    assert pixels.shape == (48, 64, 3)
