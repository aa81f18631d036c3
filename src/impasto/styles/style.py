"""What a house style is: a name, two lines of text, and a function that paints it at any size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class HouseStyle:
    """A style picture made by our own code.

    ``render(width, height)`` gives uint8 pixels of shape height x width x 3 in sRGB. It is deterministic, and the same
    composition at every size: lengths scale with sqrt(width * height), and a larger canvas has finer detail.
    """

    name: str
    title: str
    description: str
    render: Callable[[int, int], Pixels]
