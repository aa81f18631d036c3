"""A small, quick painting of what is asked for, to choose by. Runs in the lessons' process."""

from collections.abc import Mapping, Sequence
from typing import Any

SIDE = 192
"""The long side of a sketch, in pixels: two thirds of a card's, and a second or two of work."""
THREADS = 2


def sketch(styles: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], files: Mapping[str, bytes]) -> Any:
    """Paint it.

    Args:
        styles: as a job's row has them.
        settings: the same.
        files: the photo, own styles and masks by the names that a job's files have, known to be harmless.

    Returns:
        The painting as a `data:` URL, ready for JSON.
    """
    from dataclasses import replace

    from impasto.painter.painter import Painter
    from impasto.painter.painting import to_bytes
    from impasto.painter.settings import Settings
    from impasto.studio.lessons.pictures import address
    from impasto.studio.painters.priority import cores
    from impasto.studio.recipes import recipe

    small = replace(Settings.from_dict(dict(settings)), size=SIDE, quality="draft", threads=min(THREADS, cores()))
    asked = recipe(styles, small, files.__getitem__, keep_faces=bool(settings.get("keep_faces")))
    run = Painter(asked).start()
    for _ in run:
        pass
    return {"picture": address(to_bytes(run.painting().pixels))}
