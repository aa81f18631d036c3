"""Peak resident memory of painting, ours and the peer's, each a process of its own.

    python benchmarks/memory.py PHOTO [--sizes 512 1024 2048]
    python benchmarks/memory.py PHOTO --sizes 4032 11600 --peer-within 22

Ours is `impasto paint --quality draft`; the peer is `pastiche` 1.6.0 for 4 steps, as many as a draft takes at its
second scale. Each step adds 24 bytes a pixel to the history of either, of ours up to the twentieth step of a scale, of
the peer's up to its hundredth. Both paint PHOTO in the house style `night`. Prints the rows of the table in
benchmarks/README.md. The second form runs the peer alone, which is refused more than so many GB of data by the system,
and prints what it says at its end.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from impasto.styles import render

PEER = """
import sys
from pastiche.pastiche import PasticheArtist
photo, style, size = sys.argv[1:]
painter = PasticheArtist(photo, [style], size=int(size), device="cpu")
for _ in range(4):
    painter.draw()
"""


def peak(arguments: list[str]) -> float:
    """The largest resident memory of a Python process, in GB."""
    child = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"python {' '.join(arguments)} failed")
    return usage.ru_maxrss * 1024 / 1e9


def within(gigabytes: float, arguments: list[str]) -> str:
    """How a Python process ends that may have no more than so much data."""
    limit, began = int(gigabytes * 1e9), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    said = done.stderr.strip().splitlines()[-1:] if done.returncode else ["done"]
    return f"{time.perf_counter() - began:.0f} s | {' '.join(said) or f'ended with {done.returncode}'}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--peer-within", type=float, metavar="GB")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "painting.png")
        for size in asked.sizes:
            style = str(Path(folder) / "night.png")
            side = min(size, 4032)  # a larger one takes minutes to make
            Image.fromarray(render("night", side, side * 3 // 4)).save(style)
            if asked.peer_within:
                ended = within(asked.peer_within, ["-c", PEER, asked.photo, style, str(size)])
                print(f"| {size} px | {ended} |", flush=True)
                continue
            paint = ["-m", "impasto", "paint", asked.photo, "--style", style, "--size", str(size)]
            ours = peak([*paint, "--quality", "draft", "-o", out])
            theirs = peak(["-c", PEER, asked.photo, style, str(size)])
            print(f"| {size} px | {ours:.1f} GB | {theirs:.1f} GB |", flush=True)


if __name__ == "__main__":
    main()
