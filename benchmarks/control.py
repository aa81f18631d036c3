"""Regions, kept photos and kept faces in figures.

    python benchmarks/control.py regions PHOTO MASK STYLE STYLE [--size 512]
    python benchmarks/control.py keep PHOTO MASK STYLE [--size 512]
    python benchmarks/control.py faces FOLDER STYLE... [--count 30] [--size 256] [--quality draft]
    python benchmarks/control.py cost PHOTO STYLE STYLE STYLE [--size 512] [--rounds 3]

`regions` paints one style where the mask is white and the other elsewhere, and each style alone. It prints the style
cost of each region in the first painting over that of the same region in the painting of its style alone.
`keep` prints how a kept region differs from the photo: SSIM of the light, and the mean difference of colours (CIE76).
`faces` paints photos of faces with and without `--keep-faces`, and counts the faces that the finder still finds: a
score of 0.5 at least, and an overlap with the photo's box of 0.4 at least (intersection over union).
`cost` paints three regions and none in turns, and prints the seconds of processor time of one over the other.
`--save FOLDER` keeps the paintings, to be looked at.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import readings
import torch
from rich.console import Console
from rich.progress import track

from impasto import images
from impasto.images import Picture
from impasto.networks.faces import Face, find_faces
from impasto.painter.objective import Objective
from impasto.painter.painter import Painter
from impasto.painter.painting import Bytes, to_bytes
from impasto.painter.recipe import Recipe, Style
from impasto.painter.regions import Keep, Region, faces_kept
from impasto.painter.settings import Settings
from impasto.painter.sources import Sources
from impasto.painter.term import Scene, StyleSource
from impasto.styles.library import find

STRENGTHS = (0.3, 1.0, 3.0)


def painted(recipe: Recipe, save: Path | None, name: str) -> Bytes:
    """The pixels of a painting."""
    run = Painter(recipe).start()
    for _ in run:
        pass
    pixels = to_bytes(run.painting().pixels)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        images.write(save / f"{name}.png", pixels)
    return pixels


def regions(asked: argparse.Namespace) -> None:
    """Each region beside its style's own painting."""
    photo, mask = images.read(asked.photo), images.read_mask(asked.mask)
    settings = Settings(size=asked.size)
    inside = Region(mask)
    outside = Region(Picture(255 - mask.pixels, "outside"))
    one, other = map(find, asked.styles)
    both = painted(Recipe(photo, (Style(one, region=inside), Style(other)), settings), asked.save, "both")
    for style, region, name in ((one, inside, "white"), (other, outside, "black")):
        alone = painted(Recipe(photo, (Style(style),), settings), asked.save, style.name)
        ours, theirs = (style_cost(photo, style, region, settings, pixels) for pixels in (both, alone))
        print(f"{name} region, {style.name}: style cost {ours:.4f}, alone {theirs:.4f}, ratio {ours / theirs:.2f}")


def style_cost(photo: Picture, style: object, region: Region, settings: Settings, pixels: Bytes) -> float:
    """The style cost of a region of a painting."""
    recipe = Recipe(photo, (Style(style, region=region),), settings)  # type: ignore[arg-type]
    painter = Painter(recipe)
    run, (scale,) = painter.start(), painter.scales()[-1:]
    sources = Sources(recipe, painter.width, painter.height, painter.smallest)
    share = sources.coats_at(scale.width, scale.height)[0].map
    assert share is not None
    there = run._map(("judged", region.key), share)
    canvas = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float()
    look = torch.from_numpy(sources.style_at(0, scale.pixels).copy()).permute(2, 0, 1)[None]
    scene = Scene(painter.network, canvas, [StyleSource(1.0, None, lambda: look, there)])
    with torch.no_grad():
        costs = Objective(painter.terms, scene)(canvas)
    return float(costs.parts["style"]) / there.area


def keep(asked: argparse.Namespace) -> None:
    """A kept region beside the photo."""
    photo, region = images.read(asked.photo), Region(images.read_mask(asked.mask))
    settings, style = Settings(size=asked.size), Style(find(asked.style))
    print("strength  SSIM  colour difference")
    for strength in (0.0, *STRENGTHS):
        keeps = (Keep(region, strength),) if strength else ()
        pixels = painted(Recipe(photo, (style,), settings, keep=keeps), asked.save, f"keep-{strength}")
        height, width = pixels.shape[:2]
        own, inside = images.resize(photo.pixels, width, height), region.at(width, height) > 0.99
        alike, apart = (
            readings.similarity(pixels, own),
            np.linalg.norm(readings.lab(pixels) - readings.lab(own), axis=2),
        )
        print(f"{strength:8g}  {alike[inside].mean():.2f}  {apart[inside].mean():.1f}", flush=True)


def faces(asked: argparse.Namespace) -> None:
    """How many faces are still found in paintings."""
    photos: list[tuple[Picture, Face]] = []
    for path in sorted(asked.folder.iterdir()):
        photo = images.read(path)
        found = find_faces(photo.pixels)
        if len(found) == 1 and min(photo.width, photo.height) >= asked.size * 0.9:
            photos.append((photo, found[0]))
    photos = photos[: asked.count]
    settings = Settings(size=asked.size, quality=asked.quality)
    print(f"{len(photos)} photos, {asked.size} px, {asked.quality}: faces that are still found, without and with")
    for name in asked.styles:
        counts = [0, 0]
        for photo, face in track(photos, name, console=Console(stderr=True)):
            for kept in (0, 1):
                keeps = tuple(faces_kept(photo, asked.strength)) if kept else ()
                recipe = Recipe(photo, (Style(find(name)),), settings, keep=keeps)
                pixels = painted(recipe, asked.save, f"{photo.name}-{name}-{kept}")
                scale = pixels.shape[1] / photo.width
                counts[kept] += any(overlap(again, face, scale) >= 0.4 for again in find_faces(pixels))
        print(f"{name:14} {counts[0]:3} {counts[1]:3}", flush=True)


def overlap(painted: Face, face: Face, scale: float) -> float:
    """Intersection over union of a box in a painting, and a photo's box at its size."""
    left, top, right, bottom = (side * scale for side in (face.left, face.top, face.right, face.bottom))
    across = min(painted.right, right) - max(painted.left, left)
    down = min(painted.bottom, bottom) - max(painted.top, top)
    both = max(across, 0.0) * max(down, 0.0)
    areas = (painted.right - painted.left) * (painted.bottom - painted.top) + (right - left) * (bottom - top)
    return both / (areas - both)


def cost(asked: argparse.Namespace) -> None:
    """Three regions beside none."""
    photo, settings = images.read(asked.photo), Settings(size=asked.size)
    column = np.arange(photo.width)[None, :].repeat(photo.height, 0) * 3 // photo.width
    styles = [find(name) for name in asked.styles]
    parted = tuple(
        Style(style, region=Region(images.read_mask(column == number))) for number, style in enumerate(styles)
    )
    recipes = {"none": Recipe(photo, (Style(styles[0]),), settings), "three": Recipe(photo, parted, settings)}
    seconds: dict[str, list[float]] = {name: [] for name in recipes}
    for number in range(asked.rounds + 1):
        for name, recipe in recipes.items():
            began = time.process_time()
            painted(recipe, asked.save, name)
            if number:  # the first round makes the house styles
                seconds[name].append(time.process_time() - began)
    for one, other in zip(seconds["three"], seconds["none"], strict=True):
        print(f"three regions {one:.1f} s, none {other:.1f} s of processor time: {one / other:.2f}")


def main() -> None:
    """Run one of the four."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for run, size in ((regions, 512), (keep, 512), (faces, 256), (cost, 512)):
        command = commands.add_parser(run.__name__)
        command.set_defaults(run=run)
        command.add_argument("folder" if run is faces else "photo", type=Path)
        if run in (regions, keep):
            command.add_argument("mask", type=Path)
        if run is keep:
            command.add_argument("style")
        else:
            command.add_argument("styles", nargs="+")
        command.add_argument("--size", type=int, default=size)
        command.add_argument("--save", type=Path)
        if run is faces:
            command.add_argument("--count", type=int, default=30)
            command.add_argument("--quality", default="draft")
            command.add_argument("--strength", type=float, default=1.0)
        if run is cost:
            command.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    asked.run(asked)


if __name__ == "__main__":
    main()
