"""What the curve of a training shows, in plain words: said from what was seen, and not from what was asked for."""

import math
from collections.abc import Sequence

GUESSING = math.log(10)
"""The loss of a network that gives each of ten classes the same share: −ln(1/10)."""
LEAPT = 3.0
"""A mini-batch with a loss above this is worse than guessing by more than chance explains."""
GUESSES = 2.2
"""A mean loss above this is hardly better than guessing."""
LEARNED, RIGHT = 1.0, 0.8
"""The mean loss below which, and the share of right answers from which, a network has learned well."""


def verdict(losses: Sequence[float], means: Sequence[float], right: float, *, alike: bool, broken: bool) -> str:
    """What was seen, and what it comes from.

    Args:
        losses: of each mini-batch so far.
        means: of the last few mini-batches, after each.
        right: the share of held-out pictures that are recognised.
        alike: whether the network says the same of every picture.
        broken: whether the loss is no number any more.

    Returns:
        One to three sentences; nothing before the first mini-batch.
    """
    if broken:
        return (
            f"The loss grew to {_short(max(losses, default=GUESSING))}, and then it was no number any more: the "
            "training stopped. Each step led further past the valley than the one before. Take a lower learning rate."
        )
    if not losses:
        return ""
    peak, now, best = max(losses), means[-1], min(means)
    if peak > LEAPT and now > GUESSES:
        return (
            f"The loss leapt to {_short(peak)}, and stands at {now:.2f}, as high as for guessing: the steps were too "
            f"large, and threw the weights far away.{_alike(alike)} Take a lower learning rate."
        )
    if now > GUESSES and best < GUESSES - 0.2:
        return (
            f"The loss was down at {best:.2f}, and is back at {now:.2f}: a step was too large, and what was learned is "
            f"lost.{_alike(alike)} Take a lower learning rate."
        )
    if now > GUESSES:
        return (
            f"The loss has hardly moved: it began at {losses[0]:.2f} and is {now:.2f}, near the 2.30 of guessing. It "
            "did not leap either, so the steps are too small, or too few. Take a higher learning rate."
        )
    recognised = f"{100 * right:.0f} % of the held-out pictures are recognised"
    fell = f"The loss fell from {losses[0]:.2f} to {now:.2f}, and {recognised}"
    if peak > LEAPT:
        return f"{fell}. But on the way it leapt to {_short(peak)}: the steps are nearly too large."
    if now < LEARNED and right >= RIGHT:
        return f"{fell}: the network learns well. The steps are neither too small nor too large."
    return f"{fell}: it learns, and is not done. Larger steps may get there sooner."


def _alike(alike: bool) -> str:
    return " It now says the same of every picture: little or no gradient leads back." if alike else ""


def _short(loss: float) -> str:
    """A loss of any size: 3.21, 1,234, or 3.2 · 10¹⁷."""
    if loss < 1e6:
        return f"{loss:,.2f}" if loss < 100 else f"{loss:,.0f}"
    digits, _, power = f"{loss:.1e}".partition("e+")
    return f"{digits} · 10{str(int(power)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
