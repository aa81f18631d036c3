"""See inside the network: what its layers make of a picture, what they keep of it, and what its units look for.

What is computed and what is drawn are apart: a function gives arrays, and another makes a sheet of them, a matplotlib
Figure. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "FIRST_OF_EACH_BLOCK": "impasto.look.layers",
    "LookError": "impasto.look.layers",
    "Unit": "impasto.look.layers",
    "field_of": "impasto.look.layers",
    "FeatureMaps": "impasto.look.features",
    "feature_maps": "impasto.look.features",
    "feature_sheet": "impasto.look.contact_sheet",
    "LayerGram": "impasto.look.grams",
    "layer_grams": "impasto.look.grams",
    "gram_sheet": "impasto.look.gram_pictures",
    "network_sheet": "impasto.look.diagram",
    "kernel_sheet": "impasto.look.kernels",
    "FIGURE_1": "impasto.look.reconstruct",
    "Kept": "impasto.look.reconstruct",
    "reconstruction": "impasto.look.reconstruct",
    "visualization": "impasto.look.excite",
    "visualizations": "impasto.look.excite",
    "Patch": "impasto.look.patches",
    "best_patches": "impasto.look.patches",
    "balance": "impasto.look.balance_grid",
    "Tile": "impasto.look.picture_sheets",
    "balance_sheet": "impasto.look.picture_sheets",
    "figure_1_sheet": "impasto.look.picture_sheets",
    "patch_sheet": "impasto.look.picture_sheets",
    "picture_sheet": "impasto.look.picture_sheets",
    "reconstruction_sheet": "impasto.look.picture_sheets",
    "unit_sheet": "impasto.look.picture_sheets",
    "write": "impasto.look.files",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto.look' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
