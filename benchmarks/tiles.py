"""One evaluation in tiles: beside that of the whole picture, and for a megapixel of larger and larger ones.

    python benchmarks/tiles.py [--megapixels 4 8 12] [--tile 1000000] [--whole 4]

A picture of noise in the house style `night`, with the objective and gradient of `impasto paint` at its defaults.
Tiles read about `--tile` pixels each. Prints the seconds of one evaluation with its gradient, and those for a
megapixel; at `--whole` megapixels those of the whole picture too, which needs about 2.4 GB a megapixel.
"""

import argparse
import time

import torch

from impasto.networks.extractor import Extractor
from impasto.painter import Settings
from impasto.painter.canvas import Canvas
from impasto.painter.compute import device_of, network_for
from impasto.painter.objective import Objective, OnCanvas
from impasto.painter.pyramid import LaplacianPyramid
from impasto.painter.scratch import in_memory
from impasto.painter.term import Scene, StyleSource, Term
from impasto.painter.terms import style_transfer
from impasto.styles import render


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[4, 8, 12])
    parser.add_argument("--tile", type=int, default=1_000_000)
    parser.add_argument("--whole", type=float, default=4)
    asked = parser.parse_args()
    settings = Settings(device="cpu")
    terms = style_transfer(settings)
    network = network_for(settings, {layer for term in terms for layer in term.layers}, device_of(settings))
    for megapixels in sorted({*asked.megapixels, asked.whole}):
        measure(network, terms, megapixels, asked.tile, whole=megapixels == asked.whole)


def measure(network: Extractor, terms: list[Term], megapixels: float, tile: int, *, whole: bool) -> None:
    """Measure one evaluation of a picture, and print it."""
    style = torch.from_numpy(render("night", 1024, 768)).permute(2, 0, 1)[None]
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(megapixels * 1e6 / height)
    photo = torch.randint(0, 256, (1, 3, height, width), dtype=torch.uint8)
    canvas, point = Canvas.begin(LaplacianPyramid(), width, height, lambda out: out.copy_(photo), in_memory)
    styles = [StyleSource(1.0, None, lambda: style)]
    for pixels in (tile, None) if whole else (tile,):
        objective = Objective(terms, Scene(network, photo, styles, pixels))
        began = time.perf_counter()
        OnCanvas(objective, canvas, point)(point).gradient.sum()
        seconds = time.perf_counter() - began
        kind = "the whole" if pixels is None else f"{len(objective.tiles)} tiles"
        print(f"| {megapixels:g} MP | {kind} | {seconds:.1f} s | {seconds / megapixels:.1f} s |", flush=True)


if __name__ == "__main__":
    main()
