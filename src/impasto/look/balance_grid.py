"""A grid of paintings of one photo: how α / β and the depth of the style layers move it.

Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic Style", 2015, figure 3.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from impasto import images
from impasto.images import Picture
from impasto.look.layers import FIRST_OF_EACH_BLOCK
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe, Style
from impasto.painter.settings import Settings
from impasto.styles import HouseStyle
from impasto.styles.library import find

SIZE = 160
RATIOS = (1.0, 100.0, 1000.0, 10_000.0)
"""α / β by the objective `pastiche`, from all style to nearly the photo."""
DEPTHS = tuple(FIRST_OF_EACH_BLOCK[:count] for count in range(1, len(FIRST_OF_EACH_BLOCK) + 1))
"""Growing sets of style layers: conv1_1; conv1_1 and conv2_1; …"""


def balance(photo: Any, style: Any, size: int = SIZE) -> Iterator[Painter]:
    """Painters of the whole grid, row by row, each made when its turn comes: iterate over one, and take its painting.

    A row has one set of style layers, of `DEPTHS`, and as many paintings as `RATIOS`.

    Args:
        photo: whatever :func:`impasto.images.read` takes.
        style: the same; or the name of a house style, or of one that was added.
        size: of each painting, the long side.

    Raises:
        PictureError, SettingsError, StyleError: as :class:`impasto.painter.Painter`.
    """
    content = images.read(photo)
    chosen: HouseStyle | Picture = find(style) if isinstance(style, str) else style
    if not isinstance(chosen, HouseStyle):
        chosen = images.read(chosen)
    settings = Settings(size=size, objective="pastiche")
    for layers in DEPTHS:
        for ratio in RATIOS:
            asked = replace(
                settings, content_weight=ratio, style_layers=tuple((name, len(DEPTHS) / len(layers)) for name in layers)
            )
            yield Painter(Recipe(content, (Style(chosen),), asked))
