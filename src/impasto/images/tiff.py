"""TIFF: which of its pages is the picture, and who decodes it: libvips the usual kinds, tifffile the others."""

import logging
import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import numpy as np

from impasto.images import kinds
from impasto.images.arrays import Array, empty, strips
from impasto.images.libvips import pyvips, source_of
from impasto.images.picture import PictureError
from impasto.images.srgb import held
from impasto.images.undecoded import Remains, Undecoded

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_PAGES, _MOST_BELOW = 1000, 16
"""So many pages, and smaller ones below each, are looked at."""

_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType: TIFF 6.0, p. 36."""

_UNSIGNED, _FLOATS, _UNKNOWN = 1, 3, 4
"""Sample formats: TIFF 6.0, p. 80."""

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _HOLES, _CMYK, _YCBCR, _CIELAB, _ICCLAB = 0, 1, 2, 3, 4, 5, 6, 8, 9
_MASKS = (_HOLES, 51177, 52527)
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3, _CIELAB: 3, _ICCLAB: 3}
"""Photometric interpretations, and how many samples of a pixel are colour; masks, of DNG's too, are none."""

_SENSOR = (32803, 34892)
"""Photometric interpretations of what is not developed: DNG 1.7, p. 19."""

_CAMERAS = {32767: "ARW", 32769: "raw", 32770: "SRW", 32772: "SRW", 34713: "NEF", 65000: "DCR", 65535: "PEF"}
"""Compressions that makers of cameras gave numbers to."""

_BY_LIBVIPS = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946)
"""Compressions that libvips reads. What it can't decode in a tile it takes for black, without a word."""

_BY_TIFFFILE = (
    1,
    5,
    7,
    8,
    32773,
    32946,
    33003,
    33004,
    33005,
    34712,
    34887,
    34925,
    34926,
    34927,
    34933,
    50000,
    50001,
    50002,
)
_JPEG, _JPEG2000 = 7, (33003, 33004, 33005, 34712)
_ASSOCIATED, _UNASSOCIATED = 1, 2
"""ExtraSamples that are alpha: TIFF 6.0, p. 31."""

_NEEDED = {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339, 347}
"""Tags without whose values the pixels would be read wrong."""

_XMP, _ORIENTATION, _DNG_VERSION, _ICC, _OLD_SUBFILE, _INKS = 700, 274, 50706, 34675, 255, 332

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # a broken file is refused, and nothing is printed


def undecoded(file: BinaryIO, name: str) -> Undecoded:
    """The header of a TIFF's picture: of its first page that is neither a mask nor a preview of another.

    Raises:
        PictureError: it is of a kind that can't be read.
    """
    import tifffile  # here, because few pictures need it

    tif = tifffile.TiffFile(file)
    found = list(_pages(tif))
    for _, page in found:
        if page.photometric in _SENSOR or page.compression in _CAMERAS or _DNG_VERSION in page.tags:
            kind = "DNG" if _DNG_VERSION in found[0][1].tags else _CAMERAS.get(page.compression, "TIFF-EP")
            raise kinds.raw(name, kind)
    pictures = [(number, page) for number, page in found if not _is_mask(page)] or found
    largest = max(_area(page) for _, page in pictures)
    whole = [
        (number, page)
        for number, page in pictures
        if _area(page) == largest or not (_is_reduced(page) or 4 * _area(page) <= largest)
    ]
    number, page = whole[0]
    if _NEEDED & (_tags(file, tif.tiff, page) - {tag.code for tag in page.tags}):  # tifffile leaves out broken ones
        raise tifffile.TiffFileError("a tag has lost its value")
    pages = sum(place is not None for place, _ in whole)
    usual = number is not None and _is_usual(page)
    if not usual:
        _check(page, name)
    return Undecoded(
        width=page.imagewidth,
        height=page.imagelength,
        orientation=_value(page, _ORIENTATION, 1),
        xmp=_value(page, _XMP, None),
        decode=lambda: _by_libvips(file, number, page, "error") if usual else _by_tifffile(page, name),
        notes=(f"a file of {pages} pages; the first one is taken",) if pages > 1 else (),
        remains=(lambda: _remains(file, number, page)) if usual else None,
    )


def _pages(tif: Any) -> Iterator[tuple[int | None, Any]]:
    """The pages with their numbers, and after each those below it, which have none."""
    for number, page in enumerate(islice(tif.pages, _MOST_PAGES)):
        yield number, page
        if page.subifds:
            for below in islice(page.pages, _MOST_BELOW):
                yield None, below


def _tags(file: BinaryIO, kind: Any, page: Any) -> set[int]:
    """The codes in a page's directory."""
    file.seek(page.offset)
    (count,) = struct.unpack(kind.tagnoformat, file.read(kind.tagnosize))
    entries = file.read(min(count, 4096) * kind.tagsize)
    return {
        int(struct.unpack_from(kind.byteorder + "H", entries, at)[0]) for at in range(0, len(entries) - 1, kind.tagsize)
    }


def _area(page: Any) -> int:
    return int(page.imagewidth * page.imagelength)


def _is_mask(page: Any) -> bool:
    return bool(page.subfiletype & _MASK) or page.photometric in _MASKS


def _is_reduced(page: Any) -> bool:
    return bool(page.subfiletype & _REDUCED) or _value(page, _OLD_SUBFILE, 1) == 2


def _value(page: Any, tag: int, default: Any) -> Any:
    return page.tags[tag].value if tag in page.tags else default


def _extra(page: Any) -> tuple[int, int | None]:
    """How many samples of a pixel are colour, and which one is alpha."""
    colours = _COLOURS.get(page.photometric, 3)
    alphas = [place for place, kind in enumerate(page.extrasamples) if kind in (_ASSOCIATED, _UNASSOCIATED)]
    place = colours + alphas[0] if alphas else None
    return colours, place if place is not None and place < page.samplesperpixel else None


def _is_usual(page: Any) -> bool:
    """Whether libvips reads it right, some rows at a time, and says so where it is damaged: of tiles it does not."""
    colours, alpha = _extra(page)
    if page.is_tiled or page.compression not in _BY_LIBVIPS or page.imagedepth != 1 or alpha not in (None, colours):
        return False
    if page.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR):
        return False
    bits, together = page.bitspersample, page.planarconfig == 1
    if page.sampleformat == _FLOATS:
        return bool(bits == 32 and together and page.photometric in (_BLACK_IS_ZERO, _RGB))
    if page.sampleformat not in (_UNSIGNED, _UNKNOWN) or (page.photometric == _CMYK and _value(page, _INKS, 1) != 1):
        return False
    few = page.samplesperpixel == 1 and bits in (1, 2, 4)
    return few or bits == 8 or bool(bits == 16 and page.photometric in (_BLACK_IS_ZERO, _RGB, _CMYK))


def _by_libvips(file: BinaryIO, number: int | None, page: Any, fail_on: str) -> pyvips.Image:
    image = pyvips.Image.tiffload_source(source_of(file), page=number, access="sequential", fail_on=fail_on)
    colours, alpha = _extra(page)
    # a palette is colours by now; what follows the colours and is no alpha is of no colour
    return image if alpha is not None or page.photometric == _PALETTE else image[:colours]


def _remains(file: BinaryIO, number: int | None, page: Any) -> Remains:
    return Remains(_by_libvips(file, number, page, "error"), _by_libvips(file, number, page, "none"))


def _check(page: Any, name: str) -> None:
    """Refuse what nothing here decodes.

    Raises:
        PictureError: says what is rare about it.
    """
    if page.compression not in (*_BY_LIBVIPS, *_BY_TIFFFILE):
        packed = getattr(page.compression, "name", page.compression)
        raise PictureError(f"{name} is a TIFF packed by {packed}, which is not read: save it with LZW or Deflate")
    rare = None
    if page.photometric not in _COLOURS or (page.photometric == _YCBCR and page.compression != _JPEG):
        rare = f"{getattr(page.photometric, 'name', page.photometric)} colours"
    elif page.photometric == _CMYK and (_value(page, _INKS, 1) != 1 or page.sampleformat == _FLOATS):
        rare = "inks that are not cyan, magenta, yellow and black of 8 or 16 bits"
    elif page.dtype is None or page.dtype.kind not in "buif" or page.imagedepth != 1:
        rare = f"{page.bitspersample} bits a sample, of format {page.sampleformat}"
    elif page.compression in _JPEG2000 and page.bitspersample > 16:  # decoders lose the upper bits
        rare = f"JPEG 2000 of {page.bitspersample} bits"
    elif page.samplesperpixel < _COLOURS[page.photometric]:
        rare = f"{page.samplesperpixel} samples a pixel"
    if rare:
        raise PictureError(f"{name} is a TIFF with {rare}, which is not read: save it as RGB of 8 or 16 bits")


def _by_tifffile(page: Any, name: str) -> pyvips.Image:
    """All at once."""
    if max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=False))) > page.parent.filehandle.size:
        raise ValueError("a segment is cut short")
    samples = empty(page.shape, page.dtype)
    try:
        page.asarray(out=samples, maxworkers=1)
    except ImportError as error:  # this imagecodecs was built without that codec
        packed = getattr(page.compression, "name", page.compression)
        raise PictureError(f"{name} is a TIFF packed by {packed}, which is not read: save it with LZW") from error
    if page.axes == "SYX":
        samples = np.moveaxis(samples, 0, 2)
    samples = samples.reshape(page.imagelength, page.imagewidth, -1)
    profile, (colours, alpha) = _value(page, _ICC, None), _extra(page)
    kept = _gathered(samples, [*range(colours), *([] if alpha is None else [alpha])])
    if page.photometric in (_CIELAB, _ICCLAB):
        return held(_lab(kept[..., :3], page.photometric), "lab")
    if page.photometric == _PALETTE:
        return held(page.colormap.T[kept[..., 0]], "rgb16")
    kept = _scaled(kept, page)
    if alpha is not None and page.extrasamples[alpha - colours] == _ASSOCIATED:
        _divide(kept)
    deep = kept.dtype != np.uint8
    names = {1: ("b-w", "grey16"), 3: ("srgb", "rgb16"), 4: ("cmyk", "cmyk")}[colours]
    return held(kept, "scrgb" if kept.dtype.kind == "f" and colours == 3 else names[deep], profile)


def _gathered(samples: Array, places: list[int]) -> Array:
    """Some of the samples of each pixel, one after another in memory."""
    if samples.flags.c_contiguous and places == list(range(samples.shape[2])):
        return samples
    gathered = empty((*samples.shape[:2], len(places)), samples.dtype)
    for rows in strips(*samples.shape[:2]):
        gathered[rows] = samples[rows][..., places]
    return gathered


def _divide(samples: Array) -> None:
    """Take the alpha out of the colours that were multiplied by it, in place."""
    most = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
    for rows in strips(*samples.shape[:2]):
        alpha = samples[rows, :, -1:].astype(np.float64) / most
        straight = np.divide(samples[rows, :, :-1], alpha, out=np.zeros(samples[rows, :, :-1].shape), where=alpha > 0)
        samples[rows, :, :-1] = straight if most == 1 else np.clip(np.rint(straight), 0, most)


def _scaled(samples: Array, page: Any) -> Array:
    """Samples whose white is all bits of their type, or 1, and whose black is 0."""
    if samples.dtype == bool:
        samples = samples.astype(np.uint8) * np.uint8(255)
    elif samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # a number that is too large becomes infinite, and is refused
            samples = samples.astype(np.float32, copy=False)
    elif page.bitspersample != 8 * samples.dtype.itemsize:
        most = np.iinfo(samples.dtype).max
        samples = np.rint(samples * (most / (2**page.bitspersample - 1))).astype(samples.dtype)
    if samples.dtype.itemsize == 8:
        samples = (samples >> 32).astype(np.uint32 if samples.dtype.kind == "u" else np.int32)
    if page.photometric == _WHITE_IS_ZERO:
        samples = (1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max) - samples
    return samples


def _lab(samples: Array, photometric: int) -> Array:
    """CIE Lab as floats, L from 0 to 100: TIFF 6.0, section 23; Adobe Photoshop TIFF Technical Notes for ICC's."""
    lab = empty(samples.shape, np.float32)
    for rows in strips(*samples.shape[:2]):
        strip = samples[rows]
        if strip.dtype.kind == "f":
            lab[rows] = strip
            continue
        wide, signed = (256, np.int16) if strip.dtype.itemsize == 2 else (1, np.int8)
        if photometric == _CIELAB:
            lab[rows, :, 0] = strip[..., 0] * (100 / np.iinfo(strip.dtype).max)
            lab[rows, :, 1:] = strip[..., 1:].view(signed).astype(np.float32) / wide
        else:
            lab[rows, :, 0] = strip[..., 0] * (100 / (255 * wide))
            lab[rows, :, 1:] = strip[..., 1:].astype(np.float32) / wide - 128
    return lab
