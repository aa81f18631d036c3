"""Paint a photo in the style of a painting: an iterator of progress, and one function that runs it.

Names are loaded when they are first used, so that listing house styles loads no torch.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "paint": "impasto.painter.one_call",
    "Painter": "impasto.painter.painter",
    "Painting": "impasto.painter.painting",
    "Progress": "impasto.painter.painting",
    "Recipe": "impasto.painter.recipe",
    "Run": "impasto.painter.run",
    "Style": "impasto.painter.recipe",
    "Settings": "impasto.painter.settings",
    "SettingsError": "impasto.painter.settings",
}
__all__ = ["Painter", "Painting", "Progress", "Recipe", "Run", "Settings", "SettingsError", "Style", "paint"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto.painter' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
