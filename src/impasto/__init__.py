"""Paint a photo in the style of a painting, and see how the network does it.

Names are loaded when they are first used: `import impasto` loads no torch.
"""

import os
from importlib import import_module
from typing import Any

# PyTorch reads it before its first tensor. Activations are large and short-lived: in huge pages, where the system gives
# them to who asks, an evaluation spends an eighth less time, which went to having small ones handed out and taken back.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

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
