"""Time one evaluation of the objective and its gradient, ours beside the peer's, in turn in one process.

    python benchmarks/step.py PHOTO [--size 512] [--rounds 5]

The peer is `pastiche` 1.6.0, whose one step is one evaluation; both paint PHOTO in the house style `night`. Prints the
median seconds of each, their ratio, and the rate that ours reaches beside that of multiplying 2048² float32 matrices.
Run it on an idle machine: only the ratios carry over.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from pastiche.pastiche import PasticheArtist

from impasto import images
from impasto.nn.weights import LAYERS
from impasto.painter.painter import Painter
from impasto.painter.settings import Settings
from impasto.painter.styles import render


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def multiplications(height: int, width: int, last: str) -> int:
    """Those of direct 3 × 3 convolutions up to a layer, forward."""
    total, inputs, block = 0, 3, "1"
    for name, outputs in LAYERS.items():
        if name[4] != block:
            height, width, block = height // 2, width // 2, name[4]
        total += 9 * inputs * outputs * height * width
        inputs = outputs
        if name == last:
            break
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        style = Path(folder) / "night.png"
        images.write(style, render("night", 1024, 768))
        photo = images.read(args.photo)
        painter = Painter(photo, [(images.read(style), 1.0)], Settings(size=args.size))
        objective = painter._style_transfer(painter._tensor(images.resize(photo.pixels, painter.width, painter.height)))
        canvas = painter._canvas.clone().requires_grad_()
        peer = PasticheArtist(str(args.photo), [str(style)], size=args.size, device="cpu")
        matrix = torch.rand(2048, 2048)
        rows = [
            (
                seconds(lambda: torch.autograd.grad(objective(canvas).objective, canvas)),
                seconds(peer.draw),
                seconds(lambda: matrix @ matrix),
            )
            for _ in range(args.rounds + 1)
        ][1:]
    ours, theirs, product = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(row[1] / row[0] for row in rows)
    rate = 4 * multiplications(painter.height, painter.width, "conv5_1") / ours
    print(f"ours {ours:.3f} s, peer {theirs:.3f} s, {ratio:.2f} times as fast per evaluation at {args.size} px")
    print(
        f"direct-convolution equivalent {rate / 1e9:.0f} GFLOP/s against {2 * 2048**3 / product / 1e9:.0f} for matrices"
    )


if __name__ == "__main__":
    main()
