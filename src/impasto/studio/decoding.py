"""The process that decodes one uploaded picture, and nothing else: `python -m impasto.studio.decoding`.

It takes the file on standard input and gives the picture on standard output (see `answer`). Before it looks at the
file it limits itself: what a hostile file can reach is a process that soon ends, with little memory, that writes no
file. Only this package's pictures are loaded, no torch.
"""

import argparse
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from impasto.images import Picture

KNOWN = "give a JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF or BMP file"


def main() -> None:
    """Read, decode, answer. Exit code 0 whether the picture was decoded or refused."""
    parser = argparse.ArgumentParser()
    for name in ("max-side", "max-pixels", "memory", "seconds"):
        parser.add_argument(f"--{name}", type=int, required=True)
    asked = parser.parse_args()
    limit(asked.memory, asked.seconds)
    from impasto.images import PictureError

    try:
        picture = decode(sys.stdin.buffer.read(), asked.max_side, asked.max_pixels)
        parts = encoded(picture)
    except PictureError as error:
        answer(sys.stdout.buffer, {"refused": str(error).splitlines()[0]})
    except MemoryError:
        answer(sys.stdout.buffer, {"refused": "this picture takes too much memory to read: make it smaller"})
    else:
        answer(sys.stdout.buffer, {"width": picture.width, "height": picture.height}, **parts)


def limit(memory: int, seconds: int) -> None:
    """Allow this process so many bytes of address space and seconds of the processor, and to write no file."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # at the first it is told so, at the second killed
    # libvips leaves out the loaders that were not made for hostile files, and one thread needs less memory than many
    os.environ |= {"VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1"}


def decode(data: bytes, max_side: int, max_pixels: int) -> "Picture":
    """The picture in the bytes of a file, upright, its long side at most `max_side`.

    Raises:
        PictureError: it can't be painted; one plain line.
    """
    from impasto import images
    from impasto.images import PictureError
    from impasto.images.files import opened

    try:
        with opened(data, "this file") as undecoded:
            width, height = undecoded.width, undecoded.height
    except PictureError as error:
        if "no picture that Impasto knows" in str(error):  # it offers SVG, which has no loader here
            raise PictureError(f"this file is no picture that can be painted here: {KNOWN}") from error
        raise
    if width * height > max_pixels:  # in the words of somebody who has no command line
        raise PictureError(
            f"this picture has {width * height / 1e6:.0f} megapixels, and at most {max_pixels / 1e6:.0f} are read "
            "here: make it smaller"
        )
    picture = images.read(data, name="this picture", max_pixels=max_pixels)
    share = min(1.0, max_side / max(picture.width, picture.height))
    small = round(picture.width * share), round(picture.height * share)
    if min(small) < images.MIN_SIDE:
        raise PictureError(f"this picture of {width} × {height} pixels is too thin to paint: crop it")
    return images.Picture(images.resize(picture.pixels, *small))


def encoded(picture: "Picture") -> dict[str, bytes]:
    """What is kept of the picture: all of it as a PNG, and a WebP to be looked at."""
    from impasto import images
    from impasto.studio import views

    return {"png": images.encode(picture.pixels, "png"), "view": views.webp(picture.pixels, views.VIEW_SIDE)}


def answer(stream: BinaryIO, said: dict[str, str | int], **parts: bytes) -> None:
    """Write one line of JSON, with the lengths of the parts, and then the parts."""
    head = {**said, "parts": {name: len(data) for name, data in parts.items()}}
    stream.write(json.dumps(head).encode() + b"\n" + b"".join(parts.values()))
    stream.flush()


if __name__ == "__main__":
    main()
