"""The painting as it grows: numbered pictures in a folder, or one that moves."""

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from impasto import images

if TYPE_CHECKING:
    from impasto.painter import Progress

MOVING = (".gif", ".webp")
MILLISECONDS = 100


class Frames:
    """Collects a frame after every step; coarse scales are enlarged to the last one's size.

    Args:
        path: a folder, which is made, or a file that ends in .gif or .webp.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.moving = path.suffix.lower() in MOVING
        self.pictures: list[Image.Image] = []
        self.count = 0
        if not self.moving:
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise images.PictureError(f"{path} can't be made: {error.strerror}; give another folder") from None

    def add(self, step: "Progress") -> None:
        """Keep a step's preview."""
        self.count += 1
        if self.moving:
            self.pictures.append(Image.fromarray(step.preview()))
        else:
            images.write(self.path / f"{self.count:04}.jpg", step.preview())

    def save(self) -> None:
        """Write the moving picture; a folder is complete already."""
        if not self.moving:
            return
        size = self.pictures[-1].size
        first, *others = [picture.resize(size, Image.Resampling.BILINEAR) for picture in self.pictures]
        aside = self.path.with_name(f".{self.path.name}.part{self.path.suffix}")
        try:
            first.save(aside, save_all=True, append_images=others, duration=MILLISECONDS, loop=0)
            aside.replace(self.path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise images.PictureError(f"{self.path} can't be written: {error.strerror}; give another file") from None
