"""Times and places in words, as the pages say them; static/words.js says the same while a page is open."""

from datetime import UTC, datetime
from typing import Any

from impasto.studio import languages
from impasto.studio.languages import gettext, ngettext, percent

# Whole sentences: other languages put their words in another order.
PLACES = (
    languages.later("Yours is next"), languages.later("Yours is second"), languages.later("Yours is third"),
    languages.later("Yours is fourth"), languages.later("Yours is fifth"), languages.later("Yours is sixth"),
    languages.later("Yours is seventh"), languages.later("Yours is eighth"), languages.later("Yours is ninth"),
    languages.later("Yours is tenth"),
)  # fmt: skip


def duration(seconds: float) -> str:
    """About how long: 20 seconds, 4 minutes, 1 hour 10 minutes."""
    if seconds < 55:
        return ngettext("%(count)s second", "%(count)s seconds", max(5, 5 * round(seconds / 5)))
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return _minutes(minutes)
    hours, rest = divmod(5 * round(minutes / 5), 60)
    whole = ngettext("%(count)s hour", "%(count)s hours", hours)
    return f"{whole} {_minutes(rest)}" if rest else whole


def estimate(seconds: float, wait: float, waiting: int, *, most: bool = False) -> str:
    """How long a painting will take and wait.

    Args:
        seconds: of painting.
        wait: seconds before it.
        waiting: how many wait now.
        most: whether it may be less, for a photo that isn't known yet.
    """
    long, before = duration(seconds), duration(wait)
    about = gettext("Up to about %(long)s of painting", long=long) if most else gettext(
        "About %(long)s of painting", long=long
    )  # fmt: skip
    if waiting:
        return ngettext(
            "%(about)s. %(count)s painting waits; yours would begin in about %(before)s.",
            "%(about)s. %(count)s paintings wait; yours would begin in about %(before)s.",
            waiting, about=about, before=before,
        )  # fmt: skip
    if wait >= 5:
        return gettext(
            "%(about)s, to begin in about %(before)s: one is being painted, none waits.", about=about, before=before
        )
    return gettext("%(about)s. Nobody is waiting.", about=about)


def headline(state: dict[str, Any]) -> str:
    """Where a job is, in a few words."""
    if state["state"] == "waiting":
        place = state["place"]
        if place < len(PLACES):
            return gettext(PLACES[place])
        return ngettext("%(count)s painting is before yours", "%(count)s paintings are before yours", place)
    if state["state"] == "painting":
        progress = state["progress"]
        return (
            gettext("%(share)s painted", share=percent(progress["share"]))
            if progress
            else gettext("The painter begins")
        )
    return {
        "failed": gettext("It could not be painted"), "cancelled": gettext("Cancelled"), "done": gettext("Painted"),
    }[state["state"]]  # fmt: skip


def when(state: dict[str, Any]) -> str:
    """When something will happen with a job that waits or is painted."""
    if state["state"] == "waiting":
        wait = state["waiting_seconds"]
        return (
            gettext("It begins in about %(long)s.", long=duration(wait))
            if wait >= 5
            else gettext("It begins in a moment.")
        )
    progress = state["progress"]
    if progress:
        return gettext("About %(long)s left.", long=duration(progress["seconds_left"]))
    return gettext("It mixes its colours.")


def summary(states: list[dict[str, Any]]) -> str:
    """How many of several jobs are painted now, and wait."""
    painting, waiting = (sum(each["state"] == state for each in states) for state in ("painting", "waiting"))
    told = []
    if painting:
        told.append(ngettext("%(count)s is being painted.", "%(count)s are being painted.", painting))
    if waiting:
        told.append(ngettext("%(count)s waits.", "%(count)s wait.", waiting))
    return " ".join(told)


def mail(state: dict[str, Any]) -> str:
    """Whether an email will come of a job that waits or is painted."""
    if not state["mail"]:
        return gettext("Close this page if you like, and come back to it from Mine.")
    if not state["mail_confirmed"]:
        return gettext(
            "We have sent a mail to the address that you gave: follow the link in it, and we write to you when this is "
            "painted. Until then, come back to this page from Mine."
        )
    return gettext("Close this page if you like: we write to you when it is painted.")


def moment(seconds: float) -> dict[str, str]:
    """A time, for programs and for people; the page's script puts it in their own time zone."""
    time = datetime.fromtimestamp(seconds, UTC)
    return {"iso": time.isoformat(timespec="seconds"), "words": languages.day(seconds)}


def qualities() -> dict[str, str]:
    """What each quality is called."""
    return {"draft": gettext("Draft"), "standard": gettext("Standard"), "fine": gettext("Fine")}


def _minutes(count: int) -> str:
    return ngettext("%(count)s minute", "%(count)s minutes", count)
