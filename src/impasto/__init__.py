"""Paint a photo in the style of a painting, and see how the network does it.

Names are loaded when they are first used: `import impasto` loads no torch.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "paint": "impasto.painter",
    "Painter": "impasto.painter",
    "Painting": "impasto.painter",
    "Progress": "impasto.painter",
    "Settings": "impasto.painter",
}
__all__ = ["Painter", "Painting", "Progress", "Settings", "paint"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
