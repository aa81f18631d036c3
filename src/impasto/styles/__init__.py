"""The house styles: style pictures that our own code paints, at any size, kept in a cache."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from impasto.files import written
from impasto.places import cache_folder
from impasto.styles import (
    batik,
    charcoal,
    cubist,
    fresco,
    geometric,
    ink,
    linocut,
    marbling,
    mosaic,
    neon,
    night,
    oil,
    pointillism,
    risograph,
    stained_glass,
    tapestry,
    watercolour,
    woodblock,
)
from impasto.styles.style import HouseStyle, Pixels

_MODULES = (
    night,
    woodblock,
    oil,
    pointillism,
    watercolour,
    ink,
    charcoal,
    fresco,
    marbling,
    stained_glass,
    mosaic,
    cubist,
    geometric,
    risograph,
    linocut,
    batik,
    neon,
    tapestry,
)

HOUSE_STYLES: dict[str, HouseStyle] = {module.STYLE.name: module.STYLE for module in _MODULES}
"""All house styles by name, in the order in which they are shown."""

DEFAULT_STYLE = "night"
"""The style of a painting when none is chosen."""

CACHE_LIMIT = 1 << 30
"""Bytes of painted styles that are kept on disk; beyond them the oldest go."""

__all__ = ["CACHE_LIMIT", "DEFAULT_STYLE", "HOUSE_STYLES", "HouseStyle", "cached_in", "render"]


def render(name: str, width: int, height: int) -> Pixels:
    """The house style `name` at this size: uint8, height x width x 3, from the cache or painted now.

    An unknown name raises KeyError. A cache that cannot be read or written only costs the time to paint.
    """
    style = HOUSE_STYLES[name]
    path = cached_in() / f"{name}-{width}x{height}-{_generators_digest()[:16]}.png"
    pixels = _load(path, width, height)
    if pixels is None:
        pixels = style.render(width, height)
        _store(path, pixels)
    return pixels


def cached_in() -> Path:
    """Where painted house styles are kept: IMPASTO_HOME/cache/styles, or the user's cache folder."""
    return cache_folder() / "styles"


@cache
def _generators_digest() -> str:
    """A digest of all the code that paints styles, so that a changed generator never serves an old picture."""
    digest = hashlib.sha256(np.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _load(path: Path, width: int, height: int) -> Pixels | None:
    """The picture in a cache file, or None where there is none, or a damaged or foreign one."""
    try:
        with Image.open(path) as image:
            if image.mode != "RGB" or image.size != (width, height):
                return None
            return np.array(image)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _store(path: Path, pixels: Pixels) -> None:
    """Write a cache file at once or not at all; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written(path) as stream:
            Image.fromarray(pixels).save(stream, format="PNG", compress_level=1)
        _trim(path)
    except OSError:
        return


def _trim(newest: Path) -> None:
    """Remove the oldest cache files until the cache is below its limit, so that it does not grow for ever."""
    others = [(file.stat(), file) for file in newest.parent.iterdir() if file != newest]
    total = newest.stat().st_size
    for stat, file in sorted(others, key=lambda other: other[0].st_mtime, reverse=True):
        total += stat.st_size
        if total > CACHE_LIMIT:
            file.unlink(missing_ok=True)
