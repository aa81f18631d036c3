"""One call that paints."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from impasto import images
from impasto.painter.painter import Painter
from impasto.painter.painting import Painting, Progress
from impasto.painter.recipe import Recipe, Style
from impasto.painter.regions import Keep, Region, faces_kept
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.torchrun import several
from impasto.styles import DEFAULT_STYLE
from impasto.styles.library import find


def paint(
    photo: Any,
    style: Any = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    init: Any = "photo",
    regions: Iterable[tuple[Any, ...]] = (),
    style_region: Any = None,
    keep: Iterable[Any] = (),
    keep_faces: float | None = None,
    feather: float = Region.feather,
    **settings: Any,
) -> Painting:
    """Paint a photo in a style.

    Args:
        photo: a path, bytes, PIL image, array (H × W × 3, uint8, or floats from 0 to 1) or tensor (3 × H × W).
        style: a house style's or an added style's name, or a picture as above; a mapping of names or paths to weights
            for several. Without one, the default house style.
        progress: called after each step.
        init: what the canvas shows before the first step: "photo", "noise", or a picture as above.
        regions: (mask, style) or (mask, style, weight) for each region with a style of its own; masks as
            :func:`impasto.images.read_mask` takes them. Elsewhere `style` holds, or the photo stays if there is none.
        style_region: a mask of the style: which part of its picture is the style.
        keep: masks of what is kept of the photo, or (mask, strength) pairs.
        keep_faces: finds faces and keeps them with this strength.
        feather: the width of soft edges, as a share of the photo's long side.
        settings: as :class:`Settings` names them; `size=512`, `quality="standard"`, …

    Raises:
        PictureError, SettingsError, StyleError, NetworkError: each a ValueError with one plain line.
    """
    if several():
        raise SettingsError(
            "torchrun started several processes, and impasto.paint paints in one; torchrun --nproc-per-node N "
            "-m impasto paint … paints in all of them, and impasto.Painter paints in each one something else"
        )
    known = {field.name for field in fields(Settings)}
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"they are: {', '.join(sorted(known))}"
            raise SettingsError(f"no setting is called {name!r}; {hint}")
    asked = Settings(**settings)
    placed = [_placed(feather, *region) for region in regions]
    if style is None and not placed:
        style = DEFAULT_STYLE
    weighted = style.items() if isinstance(style, Mapping) else [] if style is None else [(style, 1.0)]
    part = None if style_region is None else _region(style_region, 0.0)
    styles = (*(Style(_picture(of), weight, part=part) for of, weight in weighted), *placed)
    picture = images.read(photo)
    keeps = [Keep(_region(mask, feather), *strength) for mask, *strength in map(_pair, keep)]
    if keep_faces is not None:
        keeps += faces_kept(picture, keep_faces)
    first: Any = init if isinstance(init, str) and init in ("photo", "noise") else images.read(init)
    run = Painter(Recipe(picture, styles, asked, first, tuple(keeps))).start()
    for step in run:
        if progress is not None:
            progress(step)
    return run.painting()


def _picture(of: Any) -> Any:
    return find(of) if isinstance(of, str) else images.read(of)


def _placed(feather: float, mask: Any, of: Any, weight: float = 1.0) -> Style:
    return Style(_picture(of), weight, _region(mask, feather))


def _region(mask: Any, feather: float) -> Region:
    return Region(images.read_mask(mask), feather)


def _pair(kept: Any) -> tuple[Any, ...]:
    return kept if isinstance(kept, tuple) else (kept,)
