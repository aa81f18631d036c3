"""Opening a picture file: its kind is known and its header read, and nothing is decoded yet."""

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from impasto.images import heif, jpeg, jxl, kinds, pillow, png, tiff
from impasto.images.arrays import IN_MEMORY, scratch_folder
from impasto.images.libvips import pyvips, source_of
from impasto.images.picture import PictureError, printable
from impasto.images.undecoded import FRAMES, Undecoded

MAX_BYTES = 2_000_000_000
"""Files that are larger are refused, and so is what a pipe or a stream gives beyond. `MAX_PIXELS` in 16 bits, with
alpha, are 1.6 GB."""

_PIECE = 1 << 20
_KNOWN = "give a JPEG, PNG, WebP, TIFF, AVIF, HEIC, JPEG XL, GIF, SVG or BMP file"
_NOT_PICTURES = ("csv", "matrix", "raw", "vips")
"""Loaders of libvips for tables and for dumps of its memory."""


@contextmanager
def opened(source: str | os.PathLike[str] | bytes | BinaryIO, name: str) -> Iterator[Undecoded]:
    """Open the picture in a file, in bytes or in a binary stream; messages call it `name`.

    Raises:
        PictureError: nothing is there, it is no picture, or it can't be decoded: that too, in the body of the `with`.
    """
    file = _open_file(source, name) if isinstance(source, str | os.PathLike) else _contents(source, name)
    try:
        yield _header(file, name)
    except PictureError:
        raise
    except Exception as error:  # decoders raise whatever they please when bytes are broken
        raise PictureError(
            f"{name} is damaged or cut short: get a whole copy of it, or save it anew as a PNG"
        ) from error
    finally:
        file.close()


def _open_file(path: str | os.PathLike[str], name: str) -> BinaryIO:
    try:
        # unbuffered, because libvips takes its descriptor and goes on where that stands
        file = io.FileIO(path)
    except FileNotFoundError as error:
        raise PictureError(f"there is no file {name}: check its name and folder") from error
    except IsADirectoryError as error:
        raise PictureError(f"{name} is a folder: give a picture in it") from error
    except PermissionError as error:
        raise PictureError(f"{name} may not be read by you: change its permissions, or copy it") from error
    except (OSError, ValueError) as error:
        raise PictureError(f"{name} can't be opened ({_reason(error)}): check its name and folder") from error
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES:
        return file
    with file:
        if stat.S_ISREG(found.st_mode):
            raise _too_large(name)
        if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
            raise PictureError(f"{name} is a device: give a file")
        return _contents(file, name)  # a pipe can't be read twice


def _contents(source: Any, name: str) -> BinaryIO:
    """What a stream gives, held in memory, or in a file where it is large."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    held: BinaryIO = io.BytesIO()
    try:
        while piece := source.read(_PIECE):
            if not isinstance(piece, bytes):
                raise PictureError(f"{name} gives {type(piece).__name__}, not bytes: open it in binary mode")
            size = held.tell() + len(piece)
            if size > MAX_BYTES:
                raise _too_large(name)
            if size > IN_MEMORY and isinstance(held, io.BytesIO):
                held = _on_disk(held.getvalue())
            held.write(piece)
    except PictureError:
        held.close()
        raise
    except (OSError, ValueError) as error:
        held.close()
        raise PictureError(f"{name} can't be read: {_reason(error)}") from error
    held.seek(0)
    return held


def _on_disk(data: bytes) -> BinaryIO:
    """A file without a name that begins with so much; unbuffered, as `_open_file` has it."""
    file = tempfile.TemporaryFile(dir=scratch_folder(), buffering=0)  # noqa: SIM115 - `opened` closes it
    file.write(data)
    return cast("BinaryIO", file)


def _too_large(name: str) -> PictureError:
    return PictureError(f"{name} holds more than {MAX_BYTES / 1e9:.0f} GB: make it smaller, or save it as a PNG")


def _header(file: BinaryIO, name: str) -> Undecoded:
    head = file.read(kinds.HEAD)
    file.seek(0)
    if not head:
        raise PictureError(f"{name} is empty: give a picture")
    kinds.refuse_by_name(head, name)
    if head.startswith(jpeg.START):
        return jpeg.undecoded(file, name)
    if head.startswith(png.START):
        return png.undecoded(file, name)
    if head.startswith(tiff.STARTS):
        return tiff.undecoded(file, name)
    if jxl.is_one(head):
        return jxl.undecoded(file, name)
    if undecoded := heif.undecoded(file, heif.brands(head), name):
        return undecoded
    try:
        return _vips(file)
    except pyvips.Error as error:
        file.seek(0)
        if undecoded := pillow.undecoded(file, name):
            return undecoded
        if "known format" in str(error):
            raise PictureError(f"{name} is no picture that Impasto knows: {_KNOWN}") from error
        raise


def _vips(file: BinaryIO) -> Undecoded:
    """WebP, GIF, SVG, and what else libvips was built with."""
    image = pyvips.Image.new_from_source(source_of(file), "", access="sequential", fail_on="error")
    if image.get("vips-loader").startswith(_NOT_PICTURES):
        raise pyvips.Error("not in a known format")
    frames = image.get("n-pages") if image.get_typeof("n-pages") else 1
    return Undecoded.of(
        image,
        notes=(FRAMES.format(frames),) if frames > 1 else (),
    )


def _reason(error: Exception) -> str:
    """What the system says went wrong, in one line."""
    text = error.strerror if isinstance(error, OSError) else None
    return printable(text or error)
