"""The painting as it grows: numbered pictures in a folder, or one that moves."""

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from impasto import images
from impasto.images.placing import check_place, placed

if TYPE_CHECKING:
    from impasto.painter import Progress

MOVING = {".gif": "GIF", ".webp": "WEBP"}
"""Pillow's name of a format that can move, by suffix."""
MILLISECONDS = 100


class Frames:
    """Collects a frame after every step; coarse scales are enlarged to the last one's size.

    Args:
        path: a folder, which is made, or a file that ends in .gif or .webp.
        goes_on: whether the frames of a folder are numbered on from those that are there.

    Raises:
        PictureError: they can't be written, or the folder holds the frames of another painting.
    """

    def __init__(self, path: Path, *, goes_on: bool) -> None:
        self.path = path
        self.format = MOVING.get(path.suffix.lower())
        self.pictures: list[Image.Image] = []
        self.count = 0
        if self.format:
            check_place(path)
            return
        try:
            path.mkdir(parents=True, exist_ok=True)
            there = [int(frame.stem) for frame in path.glob("*.jpg") if frame.stem.isascii() and frame.stem.isdigit()]
        except OSError as error:
            raise images.PictureError(f"{path} can't be made: {error.strerror}; give another folder") from None
        if there and not goes_on:
            raise images.PictureError(f"{path} holds the frames of another painting: give another folder")
        self.count = max(there, default=0)

    def add(self, step: "Progress") -> None:
        """Keep a step's preview."""
        self.count += 1
        if self.format:
            self.pictures.append(Image.fromarray(step.preview()))
            return
        path = self.path / f"{self.count:04}.jpg"
        try:
            images.write(path, step.preview(), new=True)
        except FileExistsError:
            raise images.PictureError(f"another process writes frames in {self.path}: give another folder") from None

    def save(self) -> None:
        """Write the moving picture; a folder is complete already."""
        if not self.format:
            return
        size = self.pictures[-1].size
        first, *others = [picture.resize(size, Image.Resampling.BILINEAR) for picture in self.pictures]
        with placed(self.path) as file:
            first.save(file, self.format, save_all=True, append_images=others, duration=MILLISECONDS, loop=0)
