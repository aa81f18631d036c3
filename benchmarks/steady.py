"""How much a painting changes where its photo hardly does: moved by a pixel, moved by 16, or with faint noise.

    python benchmarks/steady.py PHOTO:STYLE... [--size 384] [--quality draft] [--seed 0]

STYLE is a file or the name of a house style. The photo's longer side is shrunk to 16 pixels more than --size.
Windows of it, each of the same size, are painted: from its corner, one pixel further along the longer side, 16 pixels
further, and from its corner with at most one level of noise. A row has the mean difference of two paintings where they
show the same part of the photo, in levels of 0 to 255. "Again" is the first window once more with another number of
threads, whose sums differ in their last digits: no painter that computes with such numbers is steadier than that.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import impasto
from impasto import images
from impasto.styles import HOUSE_STYLES

FAR = 16
Pixels = NDArray[np.uint8]


def windows(photo: Pixels, seed: int) -> dict[str, tuple[Pixels, int]]:
    """The photo's windows by name, each with how far it was moved along the longer side, first axis first."""
    kept = len(photo) - FAR
    noise = np.random.default_rng(seed).integers(-1, 2, photo[:kept].shape)
    noisy = (photo[:kept] + noise).clip(0, 255).astype(np.uint8)
    return {
        "first": (photo[:kept], 0), "1 px": (photo[1 : 1 + kept], 1), "16 px": (photo[FAR:], FAR), "noise": (noisy, 0)
    }  # fmt: skip


def main() -> None:
    """Print a row for each pair of photo and style."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="PHOTO:STYLE")
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    threads = torch.get_num_threads()
    print("| pair | moved by 1 px | by 16 px | noise | again |\n|---|---|---|---|---|")
    for pair in asked.pairs:
        name, _, style = pair.rpartition(":")
        source = style if style in HOUSE_STYLES else images.read(style)
        pixels = images.read(name).pixels
        upright = pixels.shape[0] >= pixels.shape[1]
        share = (asked.size + FAR) / max(pixels.shape[:2])
        pixels = images.resize(pixels, round(pixels.shape[1] * share), round(pixels.shape[0] * share))
        along = pixels if upright else pixels.swapaxes(0, 1)

        def painted(window: Pixels, upright: bool = upright, source: object = source) -> NDArray[np.float32]:
            """The painting of a window, the longer side along the first axis."""
            given = np.ascontiguousarray(window if upright else window.swapaxes(0, 1))
            painting = impasto.paint(images.read(given), source, size=asked.size, quality=asked.quality)
            found = painting.pixels.astype(np.float32)
            return found if upright else found.swapaxes(0, 1)

        cases = windows(along, asked.seed)
        first = painted(cases["first"][0])
        row = []
        for case in ("1 px", "16 px", "noise"):
            window, moved = cases[case]
            other = painted(window)
            row.append(np.abs(first[moved:] - other[: len(other) - moved]).mean())
        torch.set_num_threads(1 if threads > 1 else 2)
        row.append(np.abs(first - painted(cases["first"][0])).mean())
        torch.set_num_threads(threads)
        figures = " | ".join(f"{value:.1f}" for value in row)
        print(f"| {Path(name).stem} × {Path(style).stem} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
