"""Mutated pictures through the studio's upload path: what it answers, how soon, and what memory it takes.

    python benchmarks/uploads.py [--count 10000] [--seed 0]

`impasto serve` as a process; small pictures of every kind that Pillow and libvips write here, and of the rare kinds in
tests/test_odd_pictures.py, each with some bytes changed, cut, doubled or swapped with another's, sent to POST
/api/check, two at a time. Prints the answers by status, the longest time, and the largest memory (RssAnon + RssShmem)
of the server with all its processes, sampled.
"""

import argparse
import collections
import importlib
import io
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pillow_heif
import psutil
import pyvips
from large import held
from PIL import Image


def pictures() -> list[bytes]:
    """One small picture in each kind of file."""
    y, x = np.mgrid[:48, :64]
    pixels = np.stack([x * 4, y * 5, (x * y) % 256], 2).astype(np.uint8)
    image = Image.fromarray(pixels)
    made = []
    kinds: list[tuple[str, dict[str, object]]] = [
        *((kind, {}) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")),
        ("JPEG", {"progressive": True}), ("WEBP", {"lossless": True}),
        ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "jpeg"}),
    ]  # fmt: skip
    for kind, options in kinds:
        data = io.BytesIO()
        image.save(data, kind, **options)
        made.append(data.getvalue())
    heic = io.BytesIO()
    pillow_heif.from_pillow(image).save(heic)
    made.append(heic.getvalue())
    vips = pyvips.Image.new_from_array(pixels)
    for suffix in (".png[interlace]", ".tif[tile,pyramid]", ".jp2k", ".svg"):
        try:
            made.append(vips.write_to_buffer(suffix))
        except pyvips.Error:
            continue
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    odd = importlib.import_module("test_odd_pictures")  # each rare kind that is read, or refused by its name
    made += [make() for make, _ in (*odd.GIVES.values(), *odd.REFUSED.values())]
    made.append(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><image href="file:///etc/passwd"/></svg>'
    )
    return made


def mutated(whole: list[bytes], chance: random.Random) -> bytes:
    """One of the pictures, damaged."""
    data = bytearray(chance.choice(whole))
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data)), chance.choice((1, 1, 2, 4, 16, 200))
        how = chance.randrange(6)
        if how == 0:
            data[at : at + length] = chance.randbytes(length)
        elif how == 1:
            data[at : at + length] = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * length
        elif how == 2:
            del data[at : at + length]
        elif how == 3:
            data[at:at] = data[at : at + length] * chance.randint(1, 40)
        elif how == 4:
            other = chance.choice(whole)
            data[at:] = other[at:] or other
        else:
            del data[max(at, 1) :]
        if not data:
            data += b"\0"
    return bytes(data)


def family(server: int) -> float:
    """GB of a process and all that it started."""
    try:
        processes = [psutil.Process(server), *psutil.Process(server).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(held(process.pid) for process in processes)


def main() -> None:
    """Start the studio, send, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance, whole = random.Random(asked.seed), pictures()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "impasto", "serve", "--port", "0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={**os.environ, "IMPASTO_DATA_DIR": folder},
        )  # fmt: skip
        try:
            assert server.stdout is not None
            found = (re.search(r"http://\S+", line) for line in server.stdout)
            address = next(match[0] for match in found if match)
            answers: collections.Counter[int] = collections.Counter()
            times, memory, over = [0.0], [0.0], threading.Event()

            def sample() -> None:
                while not over.wait(0.2):
                    memory.append(family(server.pid))

            def send(data: bytes) -> None:
                began = time.perf_counter()
                answer = client.post("/api/check", files={"photo": ("photo", data)})
                times.append(time.perf_counter() - began)
                answers[answer.status_code] += 1

            sampler = threading.Thread(target=sample)
            sampler.start()
            began = time.perf_counter()
            with httpx.Client(base_url=address, timeout=120) as client, ThreadPoolExecutor(2) as two:
                for _ in two.map(send, (mutated(whole, chance) for _ in range(asked.count))):
                    pass
            seconds = time.perf_counter() - began
            over.set()
            sampler.join()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    print(f"{len(whole)} kinds, {asked.count} mutated pictures in {seconds:.0f} s; answers: {dict(answers)}")
    print(f"the longest took {max(times):.2f} s; the server and all its processes held at most {max(memory):.2f} GB")


if __name__ == "__main__":
    main()
