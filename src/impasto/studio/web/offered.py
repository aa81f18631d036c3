"""What the form of the first page offers; where a mail is asked for, nothing else is taken."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from impasto.studio.configuration import Configuration
from impasto.studio.languages import gettext, later, number
from impasto.studio.web.problem import ProblemError

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


def check(settings: Mapping[str, Any], shares: Iterable[float], configuration: Configuration) -> None:
    """Refuse what would make a mail of a picture that somebody wrote, and did not paint.

    Args:
        settings: of the painting.
        shares: of its styles.
        configuration: has the largest size.

    Raises:
        ProblemError: a number is not within what the form offers.
    """
    offered = sizes(configuration)
    given = [
        (later("size"), settings["size"], Range(offered[0], offered[-1], 1)),
        (later("style scale"), settings["style_scale"], RANGES["style_scale"]),
        (later("content weight"), settings["content_weight"], RANGES["content_weight"]),
        *((later("style's weight"), share, RANGES["share"]) for share in shares),
    ]
    for name, value, (least, most, _) in given:
        if not least <= value <= most:
            raise ProblemError(
                422, "Where an email address is given, the %(name)s is from %(least)s to %(most)s: change it, or leave "
                "the address empty.", name=gettext(name), least=number(least), most=number(most),
            )  # fmt: skip
