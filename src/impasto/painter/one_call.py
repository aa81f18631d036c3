"""One call that paints."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from impasto import images
from impasto.painter.painter import Painter
from impasto.painter.painting import Painting, Progress
from impasto.painter.recipe import Recipe, Style
from impasto.painter.settings import Settings, SettingsError
from impasto.styles import DEFAULT_STYLE
from impasto.styles.library import find


def paint(
    photo: Any,
    style: Any = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    init: Any = "photo",
    **settings: Any,
) -> Painting:
    """Paint a photo in a style.

    Args:
        photo: a path, bytes, PIL image, array (H × W × 3, uint8, or floats from 0 to 1) or tensor (3 × H × W).
        style: a house style's or an added style's name, or a picture as above; a mapping of names or paths to weights
            for several. Without one, the default house style.
        progress: called after each step.
        init: what the canvas shows before the first step: "photo", "noise", or a picture as above.
        settings: as :class:`Settings` names them; `size=512`, `quality="standard"`, …

    Raises:
        PictureError, SettingsError, StyleError, NetworkError: each a ValueError with one plain line.
    """
    known = {field.name for field in fields(Settings)}
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"they are: {', '.join(sorted(known))}"
            raise SettingsError(f"no setting is called {name!r}; {hint}")
    asked = Settings(**settings)
    weighted = style.items() if isinstance(style, Mapping) else [(DEFAULT_STYLE if style is None else style, 1.0)]
    styles = tuple(
        Style(find(source) if isinstance(source, str) else images.read(source), weight) for source, weight in weighted
    )
    first: Any = init if isinstance(init, str) and init in ("photo", "noise") else images.read(init)
    run = Painter(Recipe(images.read(photo), styles, asked, first)).start()
    for step in run:
        if progress is not None:
            progress(step)
    return run.painting()
