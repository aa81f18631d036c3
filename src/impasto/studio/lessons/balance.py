"""What the costs of a painting show, in plain words: said from what was seen, and not from what was asked for."""

from collections.abc import Mapping
from typing import NamedTuple

SAME = 0.005
"""A share by which a cost changes and may be said not to have moved."""
MOST = 0.5
"""A share from which on a layer makes most of the objective."""


class Costs(NamedTuple):
    """An objective and what it is the sum of.

    Attributes:
        objective: the sum.
        parts: term → its cost times its weight.
        layers: (term, layer) → the same of a layer alone.
    """

    objective: float
    parts: Mapping[str, float]
    layers: Mapping[tuple[str, str], float]


def account(begun: Costs, now: Costs, steps: int) -> str:
    """What has become of the objective and its two parts, and which layer makes most of what is left.

    Args:
        begun: before the first step.
        now: after so many steps.
        steps: that were taken.
    """
    in_steps = f"In {steps} step{'s' if steps > 1 else ''}"
    fell = begun.objective and 1 - now.objective / begun.objective
    if fell < SAME:
        return f"{in_steps} the objective has hardly moved. {_largest(now)}"
    content, style = (_moved(begun.parts[name], now.parts[name]) for name in ("content", "style"))
    return (
        f"{in_steps} the objective fell {_by(fell)}. Content {content[1]} and style {style[1]}: "
        f"{_means(content[0], style[0])} {_largest(now)}"
    )


def _moved(before: float, after: float) -> tuple[int, str]:
    """Which way, and in words."""
    if abs(after - before) <= SAME * max(before, after):
        return 0, f"stayed at {short(after)}"
    way = 1 if after > before else -1
    return way, f"{'rose' if way > 0 else 'fell'} from {short(before)} to {short(after)}"


def _means(content: int, style: int) -> str:
    """What it means where the parts went, up or down."""
    if content < 0 and style < 0:
        return "the picture came nearer to both, the photo and the style."
    if style < 0:
        held = "moved away from the photo" if content > 0 else "stayed as near to the photo"
        return f"the picture {held}, and came nearer to the style."
    if content < 0:
        held = "moved away from the style" if style > 0 else "stayed as near to the style"
        return f"the picture {held}, and came nearer to the photo."
    return "neither changed much."


def _largest(now: Costs) -> str:
    (term, layer), cost = max(now.layers.items(), key=lambda each: each[1])
    if cost <= 0:
        return "Nothing is left of it."
    share = cost / now.objective
    most = "most of what is left" if share > MOST else "the largest part of what is left"
    return f"{layer} ({term}) makes {most}: {100 * share:.0f} %."


def _by(share: float) -> str:
    if share > 0.99:
        return f"to 1/{1 / (1 - share):,.0f} of what it was" if share < 1 else "to 0"
    return f"by {100 * share:.0f} %" if share >= 0.01 else "by less than 1 %"


def short(number: float) -> str:
    """A cost of any size: 0.0213, 12.3, 1,230, or 3.3 · 10⁷."""
    if number == 0:
        return "0"
    if 0.001 <= number < 1e5:
        digits = f"{number:#.3g}" if number < 999.5 else f"{number:,.0f}"
        return digits.rstrip(".")
    digits, _, power = f"{number:.2e}".partition("e")
    return f"{digits} · 10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
