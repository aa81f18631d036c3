"""The canvas, and the scales at which it is painted: how many steps, at which size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from impasto.images import PictureError
from impasto.painter.balance import OBJECTIVES
from impasto.painter.settings import MIN_SIZE, Quality, Settings

# Steps at the coarsest scale, where the painting is found; at the next one, which adds brushwork to it; and at each
# after that, where a step costs four times as much and only the finest texture is left to do.
STEPS: dict[Quality, tuple[int, int, int]] = {"draft": (9, 4, 3), "standard": (32, 16, 8), "fine": (140, 50, 16)}
# Of a scale after the first, so many of the pyramid's levels are painted. What is larger was found at the scale before;
# an enlarged canvas lacks fine detail, and the first steps would make up for it with large shapes and burnt colours.
MOVING = 2
# Of an evaluation in tiles, beside that of the whole picture: a second forward pass, and the tiles' margins.
TILED_WORK = 1.8
# A canvas of up to so many pixels is painted at once. Painted coarsely first and then enlarged, it came out with
# both parts of the objective higher for the same work: what is enlarged lacks the detail that a photo starts with.
COARSEST_PIXELS = 600 * 600
# A smaller canvas than this is painted on a finer one and then made smaller, except as a draft. A stroke that is two
# pixels wide has no shape that the network knows. At most so many times finer: more takes longer and gives little.
FINEST_PIXELS = 1024 * 768
FINER = 2.0


@dataclass(frozen=True)
class Scale:
    """A size of the canvas, and how it is painted.

    Attributes:
        width, height: in pixels.
        steps: that it gets.
        moving: how many of the parameterisation's parts are painted, from the finest on, the others being held as the
            scale before left them; None for all of them.
    """

    width: int
    height: int
    steps: int
    moving: int | None = None

    @property
    def pixels(self) -> int:
        """How many."""
        return self.width * self.height

    def work(self, tile: int | None) -> float:
        """What it costs, in evaluations of one pixel of a whole picture: one a step, and one to begin.

        Args:
            tile: how many pixels a tile has; None for the whole picture at once.
        """
        return self.pixels * (self.steps + 1) * (1 if tile is None else TILED_WORK)


def canvas_size(width: int, height: int, size: int | None) -> tuple[int, int]:
    """The canvas (width, height) for a photo and a long side: the short one is round(size / long · short).

    Raises:
        PictureError: a photo so thin that its short side would be under 16 px.
    """
    if size is None:
        size = max(width, height)
    long = max(width, height)
    canvas = (size, round(size / long * height)) if width == long else (round(size / long * width), size)
    if min(canvas) < MIN_SIZE // 2:
        raise PictureError(
            f"a photo of {width} × {height} at a size of {size} is {canvas[0]} × {canvas[1]}, too thin to paint; "
            f"crop it, or give a size of {math.ceil(long / min(width, height) * MIN_SIZE // 2)} or more"
        )
    return canvas


def finest(width: int, height: int, settings: Settings) -> tuple[int, int]:
    """The (width, height) that a canvas is painted at in the end; finer than the canvas where that is small."""
    finer = min(FINER, math.sqrt(FINEST_PIXELS / (width * height)))
    if finer <= 1 or settings.quality == "draft" or OBJECTIVES[settings.objective].compared:
        return width, height
    return round(width * finer), round(height * finer)


def scales(width: int, height: int, settings: Settings) -> list[Scale]:
    """The scales for a canvas, the coarsest first; each has twice the sides of the one before.

    The last one may be finer than the canvas, whose picture is then what is painted there, made smaller.
    """
    first, second, last = STEPS[settings.quality]
    halvings = max(0, math.ceil(math.log(width * height / COARSEST_PIXELS, 4)))
    if (finer := finest(width, height, settings)) != (width, height):
        (width, height), halvings = finer, 1
    return [
        Scale(
            round(width / 2**k),
            round(height / 2**k),
            (first, second, last)[min(2, halvings - k)],
            None if k == halvings else MOVING,
        )
        for k in range(halvings, -1, -1)
    ]


def left(scales: Sequence[Scale], painted: int) -> list[Scale]:
    """The scales that a painting of so many pixels has not seen, of those of a larger canvas.

    The first one finds a painting, and is never among them, but where it is the only one.
    """
    return [replace(scale, moving=MOVING) for scale in scales[1:] if scale.pixels > painted] or [
        replace(scales[-1], moving=MOVING)
    ]
