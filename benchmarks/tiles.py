"""One evaluation in tiles: beside that of the whole picture, and for a megapixel of larger and larger ones.

    python benchmarks/tiles.py [--megapixels 4 8 12] [--tile 1000000] [--whole 4]

A picture of noise in the house style `night`, with the objective and gradient of `impasto paint` at its defaults.
Tiles read about `--tile` pixels each. Prints the seconds of one evaluation with its gradient, and those for a
megapixel; at `--whole` megapixels those of the whole picture too, which needs about 2.4 GB a megapixel.
"""

import argparse
import time

import torch
from impasto.painter.tiles import TiledStyleTransfer

from impasto.networks.extractor import Extractor
from impasto.painter.canvas import Canvas
from impasto.painter.compute import device_of, network_for
from impasto.painter.objective import StyleTransfer
from impasto.painter.pyramid import LaplacianPyramid
from impasto.painter.scratch import in_memory
from impasto.painter.settings import Settings
from impasto.styles import render


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[4, 8, 12])
    parser.add_argument("--tile", type=int, default=1_000_000)
    parser.add_argument("--whole", type=float, default=4)
    asked = parser.parse_args()
    settings = Settings(device="cpu")
    network = network_for(settings, device_of(settings))
    for megapixels in sorted({*asked.megapixels, asked.whole}):
        measure(network, settings, megapixels, asked.tile, whole=megapixels == asked.whole)


def measure(network: Extractor, settings: Settings, megapixels: float, tile: int, *, whole: bool) -> None:
    """Measure one evaluation of a picture, and print it."""
    style = torch.from_numpy(render("night", 1024, 768)).permute(2, 0, 1)[None]
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(megapixels * 1e6 / height)
    photo = torch.randint(0, 256, (1, 3, height, width), dtype=torch.uint8)
    canvas, point = Canvas.begin(LaplacianPyramid(), width, height, lambda out: out.copy_(photo), in_memory)
    objective = TiledStyleTransfer(network, photo, [(style, 1.0)], settings, pixels=tile, allocate=in_memory)
    kinds = {f"{len(objective.tiles)} tiles": canvas.in_tiles(objective, in_memory)}
    if whole:
        kinds["the whole"] = canvas.at_once(StyleTransfer(network, photo.float(), [(style.float(), 1.0)], settings))
    for kind, evaluate in kinds.items():
        began = time.perf_counter()
        evaluate(point).gradient.sum()
        seconds = time.perf_counter() - began
        print(f"| {megapixels:g} MP | {kind} | {seconds:.1f} s | {seconds / megapixels:.1f} s |", flush=True)


if __name__ == "__main__":
    main()
