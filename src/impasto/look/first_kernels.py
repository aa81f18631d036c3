"""The kernels of a network's first layer: the only ones that can be looked at as pictures."""

from typing import Any

from impasto.classify.plots import kernel_grid, kernels
from impasto.look.features import weights


def kernel_sheet(model: Any = None) -> Any:
    """Draw the first layer's kernels: VGG19's 64, or those of a classifier.

    Args:
        model: an :class:`impasto.classify.model.Model`; without one, VGG19.

    Returns:
        A matplotlib Figure.
    """
    return kernel_grid(weights().kernels["conv1_1"]) if model is None else kernels(model)
