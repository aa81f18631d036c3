"""The processes that decode uploaded pictures, one each: `python -m impasto.studio.uploads.decoding` forks them.

Loading what a decoder needs takes much longer than most pictures; so one process loads it, sees no file, and forks for
each picture one that does. That one limits itself before it looks at the file: what a hostile file can reach is a
process that soon ends, with little memory, that writes no file. Only this package's pictures are loaded, no torch.
"""

import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from io import BufferedIOBase
from typing import Any

# libvips leaves out the loaders that were not made for hostile files; one thread needs less memory than many, and a
# process of one thread can be forked; what is decoded as a whole stays in memory, for no file may be written
os.environ |= {
    "VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1", "VIPS_DISC_THRESHOLD": "64g",
}  # fmt: skip

import imagecodecs  # noqa: F401 - these three here, since each that is forked would load them anew
import pillow_heif  # noqa: F401
import tifffile  # noqa: F401
from PIL import Image

from impasto import images
from impasto.images import DamagedError, Picture, PictureError
from impasto.images.opening import opened
from impasto.studio.uploads import views
from impasto.studio.uploads.cut import UNCUT, Cut

KNOWN = "give a JPEG, PNG, WebP, TIFF, AVIF, HEIC, JPEG XL, GIF or BMP file"
TOO_MUCH = "this picture takes too much memory to read: make it smaller"
# Seconds of the processor beyond those by the clock, by which whoever asked has ended it.
BEYOND = 5


def main() -> None:
    """Fork a decoder for each connection that comes over standard input, a socket, until that is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(fileno=sys.stdin.fileno()) as line:
        while True:
            asked, (descriptor, *_), _, _ = _received(line)
            if os.fork() == 0:
                line.close()
                with socket.socket(fileno=descriptor) as connection:
                    work(connection, **json.loads(asked))
                os._exit(0)
            os.close(descriptor)


def _received(line: socket.socket) -> tuple[bytes, list[int], int, object]:
    asked, descriptors, flags, address = socket.recv_fds(line, 4096, 1)
    if not descriptors:  # whose process it was has ended
        sys.exit(0)
    return asked, descriptors, flags, address


def work(
    connection: socket.socket,
    max_side: int,
    max_pixels: int,
    memory: int,
    seconds: int,
    mask: bool,
    cut: Mapping[str, Any],
) -> None:
    """Say who this is, take the file, and answer with the picture (see `answer`) or a refusal."""
    limit(memory, seconds)
    connection.sendall(str(os.getpid()).encode())
    with connection.makefile("rwb") as stream:
        try:
            kept = decode(stream.read(), max_pixels, Cut.from_dict(cut), mask=mask)
            picture = shrunk(kept, max_side, mask=mask)
            parts = encoded(picture)
        except (PictureError, MemoryError) as error:
            answer(stream, {"refused": TOO_MUCH if _lacked_memory(error) else str(error).splitlines()[0]})
        else:
            said = {
                "width": picture.width, "height": picture.height, "notes": list(picture.notes),
                "full": [kept.width, kept.height],
            }  # fmt: skip
            answer(stream, said, **parts)


def _lacked_memory(error: Exception) -> bool:
    """Whether that was the reason, which a decoder's error takes for a damaged file."""
    causes = (error, error.__cause__)
    return any(isinstance(cause, MemoryError) or "out of memory" in str(cause) for cause in causes)


def limit(memory: int, seconds: int) -> None:
    """Allow this process so many bytes of address space and seconds of the processor, and to write no file."""
    most = seconds + BEYOND
    for what, value in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, most), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)
    ):  # fmt: skip
        resource.setrlimit(what, (value, value))
    signal.alarm(most)


def decode(data: bytes, max_pixels: int, cut: Cut, *, mask: bool = False) -> Picture:
    """The picture or mask in the bytes of a file, upright and cut.

    Raises:
        PictureError: it can't be painted; one plain line.
    """
    try:
        with opened(data, "this file") as undecoded:
            width, height = undecoded.width, undecoded.height
    except PictureError as error:
        if "no picture that Impasto knows" in str(error):  # it offers SVG, which has no loader here
            raise PictureError(f"this file is no picture that can be read here: {KNOWN}") from error
        raise
    if width * height > max_pixels:  # this visitor has no command line
        raise PictureError(
            f"this picture has {width * height / 1e6:.0f} megapixels, and at most {max_pixels / 1e6:.0f} are read "
            "here: make it smaller"
        )
    try:
        read = images.read_mask if mask else images.read
        picture = read(data, name="this picture", max_pixels=max_pixels)
    except DamagedError as error:
        raise PictureError(f"this picture is damaged: {error.there}; get a whole copy of it") from error
    kept = picture if cut == UNCUT else replace(picture, pixels=cut.of(picture.pixels))
    if min(kept.width, kept.height) < images.MIN_SIDE:
        raise PictureError(f"the part that is kept has {kept.width} × {kept.height} pixels: crop less of it away")
    if mask and not kept.pixels.any():
        there = "nothing of the part that is kept" if picture.pixels.any() else "nothing"
        raise PictureError(f"this mask marks {there}: paint white where its style is to be")
    return kept


def shrunk(picture: Picture, max_side: int, *, mask: bool = False) -> Picture:
    """The picture, its long side at most `max_side`.

    Raises:
        PictureError: there would be too little left of its short side.
    """
    share = min(1.0, max_side / max(picture.width, picture.height))
    small = round(picture.width * share), round(picture.height * share)
    if min(small) < images.MIN_SIDE:
        raise PictureError(f"this picture of {picture.width} × {picture.height} pixels is too thin: crop it")
    kernel = Image.Resampling.BILINEAR if mask else Image.Resampling.LANCZOS
    return replace(picture, pixels=images.resize(picture.pixels, *small, kernel))


def encoded(picture: Picture) -> dict[str, bytes]:
    """What is kept of the picture: all of it as a PNG, and a WebP to be looked at."""
    return {"png": images.encode(picture.pixels, "png"), "view": views.webp(picture.pixels, views.VIEW_SIDE)}


def answer(stream: BufferedIOBase, said: Mapping[str, object], **parts: bytes) -> None:
    """Write one line of JSON, with the lengths of the parts, and then the parts."""
    head = {**said, "parts": {name: len(data) for name, data in parts.items()}}
    stream.write(json.dumps(head).encode() + b"\n" + b"".join(parts.values()))
    stream.flush()


if __name__ == "__main__":
    main()
