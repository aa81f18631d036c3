"""How long paintings take on this machine, measured before the first of them is finished. Runs in a Dask worker."""

from dataclasses import replace
from typing import get_args

from impasto.studio.configuration import Configuration
from impasto.studio.painters import priority

# Of the canvas that is asked about: a usual one, which is painted in no tiles.
WIDTH, HEIGHT = 640, 480


def paces(configuration: Configuration) -> dict[str, float]:
    """Seconds a megapixel, by quality."""
    priority.give_way()
    import numpy as np

    from impasto.images import Picture
    from impasto.painter.painter import Painter
    from impasto.painter.recipe import Recipe, Style
    from impasto.painter.schedule import scales
    from impasto.painter.settings import Quality, Settings

    photo = Picture(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    settings = Settings(
        size=WIDTH, quality="draft", threads=configuration.painter_threads or priority.cores(),
        memory=configuration.painter_memory,
    )  # fmt: skip
    evaluations = {
        quality: sum(
            scale.pixels * (scale.steps + 1) for scale in scales(WIDTH, HEIGHT, replace(settings, quality=quality))
        )
        for quality in get_args(Quality)
    }
    one = Painter(Recipe(photo, (Style(photo),), settings)).estimate() / evaluations["draft"]
    return {quality: one * count / (WIDTH * HEIGHT / 1e6) for quality, count in evaluations.items()}
