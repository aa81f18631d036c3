"""What the form of the first page offers; where a mail is asked for, nothing else is taken."""

from typing import NamedTuple

from impasto.studio.configuration import Configuration

SIZES = (256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)


class Range(NamedTuple):
    """What a slider goes through."""

    least: float
    most: float
    step: float


RANGES = {"style_scale": Range(0.25, 2.5, 0.05), "content_weight": Range(0.1, 4, 0.1), "share": Range(1, 100, 1)}
"""Of the settings, and of a style among several."""


def sizes(configuration: Configuration) -> list[int]:
    """The long sides, in pixels."""
    largest = configuration.max_canvas
    return sorted({size for size in (*SIZES, largest) if size <= largest})
