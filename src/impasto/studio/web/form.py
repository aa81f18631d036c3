"""What the form of the first page shows as chosen: the defaults, an earlier painting's, or what was just refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from impasto.painter.settings import Settings
from impasto.studio.configuration import Configuration
from impasto.studio.web import offered
from impasto.studio.web.submission import EARLIER, Submission

DEFAULTS = Settings()


@dataclass
class Choice:
    """What is chosen.

    Attributes:
        size: in pixels, also where it has a name.
        named: the size's name; empty where it has none.
        styles: names of house styles, and of an earlier job's own as the form names them, with their shares in percent.
    """

    size: int
    named: str = ""
    turn: str = "0"
    styles: dict[str, int] = field(default_factory=dict)
    quality: str = DEFAULTS.quality
    keep_colors: bool = DEFAULTS.keep_colors
    keep_faces: bool = False
    bare: bool = False
    style_scale: float = DEFAULTS.style_scale
    content_weight: float = DEFAULTS.content_weight
    email: str = ""

    @property
    def changed(self) -> bool:
        """Whether one of the settings is not its default that are folded away otherwise."""
        return (self.style_scale, self.content_weight) != (DEFAULTS.style_scale, DEFAULTS.content_weight)


def defaults(configuration: Configuration) -> Choice:
    """What is chosen when the page is opened."""
    return Choice(size=min(DEFAULTS.size or 512, configuration.max_canvas))


def of_job(state: Mapping[str, Any], configuration: Configuration) -> Choice:
    """What was chosen for a job, as `described` tells of it."""
    total = sum(style["weight"] for style in state["styles"]) or 1
    styles = {
        f"{EARLIER}{place}" if style["own"] else style["name"]: max(1, round(100 * style["weight"] / total))
        for place, style in enumerate(state["styles"])
    }
    bare = bool(state["regions"]) and not styles
    return Choice(**{**vars(defaults(configuration)), **state["settings"], "styles": styles, "bare": bare})


def of_submission(asked: Submission, configuration: Configuration) -> Choice:
    """What was chosen in a form that was refused."""
    earlier = [(f"{EARLIER}{place}", weight) for place, weight in asked.earlier]
    size = asked.settings.get("size")
    styles = {name: round(weight) for name, weight in (*asked.styles, *earlier)}
    named = {"size": defaults(configuration).size, "named": size} if isinstance(size, str) else {}
    chosen = {
        **asked.settings, **named, "turn": str(asked.cut.turn), "styles": styles, "email": asked.email,
        "bare": asked.bare,
    }  # fmt: skip
    return Choice(**{**vars(defaults(configuration)), **chosen})


def sizes(configuration: Configuration, choice: Choice) -> list[int]:
    """The long sides to choose from, with the one that was chosen, in pixels."""
    chosen = {choice.size} if not choice.named and choice.size <= configuration.max_canvas else set()
    return sorted({*offered.sizes(configuration), *chosen})
