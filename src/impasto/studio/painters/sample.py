"""A painting of 64 px, to see that a painter paints. Runs in a Dask worker."""

import time

from impasto.studio.configuration import Configuration
from impasto.studio.painters import place, priority

SIDE = 64


def paint_sample(configuration: Configuration) -> float:
    """Paint a small picture in the default style, as a job would be; the seconds that it took.

    Raises:
        ValueError: it can't be painted; one plain line.
    """
    priority.give_way()
    configuration = place.settled(configuration)
    import numpy as np

    from impasto.images import Picture
    from impasto.painter.painter import Painter
    from impasto.painter.recipe import Recipe, Style
    from impasto.painter.settings import Settings
    from impasto.styles import DEFAULT_STYLE, HOUSE_STYLES

    began = time.monotonic()
    ramp = np.linspace(0, 255, SIDE, dtype=np.uint8)
    photo = Picture(np.stack(np.broadcast_arrays(ramp, ramp[:, None], ramp[::-1]), 2))
    settings = Settings(size=SIDE, quality="draft", **place.machine(configuration))
    run = Painter(Recipe(photo, (Style(HOUSE_STYLES[DEFAULT_STYLE]),), settings)).start()
    objectives = [step.objective for step in run]
    if not objectives[-1] < objectives[0]:
        raise ValueError("what it painted came no nearer to the style")
    return time.monotonic() - began
