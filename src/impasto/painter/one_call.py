"""One call that paints."""

from collections.abc import Callable, Mapping
from typing import Any

from impasto import images
from impasto.painter.painter import Painter
from impasto.painter.painting import Painting, Progress
from impasto.painter.settings import Settings
from impasto.styles import DEFAULT_STYLE
from impasto.styles.library import find


def paint(
    photo: Any,
    style: Any = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    init: Any = None,
    **settings: Any,
) -> Painting:
    """Paint a photo in a style.

    Args:
        photo: a path, bytes, PIL image, array (H × W × 3, uint8, or floats from 0 to 1) or tensor (3 × H × W).
        style: a house style's or an added style's name, or a picture as above; a mapping of names or paths to weights
            for several. Without one, the default house style.
        progress: called after each step.
        init: "photo", "noise", or a picture to start from.
        settings: as :class:`Settings` names them; `size=512`, `quality="standard"`, …

    Raises:
        PictureError, SettingsError, StyleError, NetworkError: each a ValueError with one plain line.
    """
    weighted = style.items() if isinstance(style, Mapping) else [(DEFAULT_STYLE if style is None else style, 1.0)]
    chosen = [(find(source) if isinstance(source, str) else images.read(source), weight) for source, weight in weighted]
    start = None
    if isinstance(init, str) and init in ("photo", "noise"):
        settings["init"] = init
    elif init is not None:
        settings["init"], start = "file", images.read(init)
    painter = Painter(images.read(photo), chosen, Settings(**settings), init=start)
    for step in painter:
        if progress is not None:
            progress(step)
    return painter.painting()
