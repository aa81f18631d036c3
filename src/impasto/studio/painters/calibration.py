"""How long paintings take on this machine, measured before the first of them is finished. Runs in a Dask worker."""

from dataclasses import replace
from typing import get_args

from impasto.studio.configuration import Configuration
from impasto.studio.painters import place, priority

# Of the canvas that is asked about: a usual one, which is painted in no tiles.
WIDTH, HEIGHT = 640, 480


def paces(configuration: Configuration) -> dict[str, float]:
    """Seconds a megapixel of the finest canvas, by quality."""
    priority.give_way()
    configuration = place.settled(configuration)
    import numpy as np

    from impasto.images import Picture
    from impasto.painter.painter import Painter
    from impasto.painter.recipe import Recipe, Style
    from impasto.painter.schedule import scales
    from impasto.painter.settings import Quality, Settings

    photo = Picture(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    settings = Settings(size=WIDTH, quality="draft", **place.machine(configuration))
    found = {quality: scales(WIDTH, HEIGHT, replace(settings, quality=quality)) for quality in get_args(Quality)}
    work = {quality: sum(scale.work(None) for scale in each) for quality, each in found.items()}
    one = Painter(Recipe(photo, (Style(photo),), settings)).estimate() / work["draft"]
    return {quality: one * work[quality] / (each[-1].pixels / 1e6) for quality, each in found.items()}
