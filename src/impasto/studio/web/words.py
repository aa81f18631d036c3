"""Times and places in words, as the pages say them; static/words.js says the same while a page is open."""

from datetime import UTC, datetime
from typing import Any

ORDINALS = ("next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def duration(seconds: float) -> str:
    """About how long: 20 seconds, 4 minutes, 1 hour 10 minutes."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return _many(minutes, "minute")
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{_many(hours, 'hour')} {_many(rest, 'minute')}" if rest else _many(hours, "hour")


def estimate(seconds: float, wait: float, waiting: int, *, most: bool = False) -> str:
    """How long a painting will take and wait.

    Args:
        seconds: of painting.
        wait: seconds before it.
        waiting: how many wait now.
        most: whether it may be less, for a photo that isn't known yet.
    """
    painting = f"{'Up to about' if most else 'About'} {duration(seconds)} of painting"
    if waiting:
        queue = f"{_many(waiting, 'painting')} {'wait' if waiting > 1 else 'waits'}"
        return f"{painting}. {queue}; yours would begin in about {duration(wait)}."
    if wait >= 5:
        return f"{painting}, to begin in about {duration(wait)}: one is being painted, none waits."
    return f"{painting}. Nobody is waiting."


def headline(state: dict[str, Any]) -> str:
    """Where a job is, in a few words."""
    if state["state"] == "waiting":
        place = state["place"]
        return f"Yours is {ORDINALS[place]}" if place < len(ORDINALS) else f"{place} are before yours"
    if state["state"] == "painting":
        return f"{state['progress']['share']:.0%} painted" if state["progress"] else "The painter begins"
    return {"failed": "It could not be painted", "cancelled": "Cancelled", "done": "Painted"}[state["state"]]


def when(state: dict[str, Any]) -> str:
    """When something will happen with a job that waits or is painted."""
    if state["state"] == "waiting":
        wait = state["waiting_seconds"]
        return f"It begins in about {duration(wait)}." if wait >= 5 else "It begins in a moment."
    progress = state["progress"]
    return f"About {duration(progress['seconds_left'])} left." if progress else "It mixes its colours."


def summary(states: list[dict[str, Any]]) -> str:
    """How many of several jobs are painted now, and wait."""
    painting, waiting = (sum(each["state"] == state for each in states) for state in ("painting", "waiting"))
    told = [f"{painting} {'are' if painting > 1 else 'is'} being painted"] if painting else []
    told += [f"{waiting} {'wait' if waiting > 1 else 'waits'}"] if waiting else []
    return f"{', '.join(told)}." if told else ""


def mail(state: dict[str, Any]) -> str:
    """Whether an email will come of a job that waits or is painted."""
    if not state["mail"]:
        return "Close this page if you like, and come back to it from Mine."
    if not state["mail_confirmed"]:
        return (
            "We have sent a mail to the address that you gave: follow the link in it, and we write to you when this is "
            "painted. Until then, come back to this page from Mine."
        )
    return "Close this page if you like: we write to you when it is painted."


def moment(seconds: float) -> dict[str, str]:
    """A time, for programs and for people; the page's script puts it in their own time zone."""
    time = datetime.fromtimestamp(seconds, UTC)
    return {"iso": time.isoformat(timespec="seconds"), "words": f"{time:%-d %B %Y, %H:%M} UTC"}


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
