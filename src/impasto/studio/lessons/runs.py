"""What a lesson lets run in the browser's sight: it stays in the lessons' process, and goes on a little at a time.

Between two questions about it others are answered.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from impasto.studio.lessons.worker import Answer

SLICE = 0.4
"""Seconds that a run goes on for one question."""
KEPT = 2
"""Runs of a lesson that are under way at once; of more, the one that was asked for longest ago is forgotten."""


class Run(Protocol):
    """A training, or a painting."""

    def first(self) -> "Answer":
        """What there is before anything is computed."""

    def more(self) -> "Answer":
        """Go on for a `SLICE`; `done` says whether that was the last one."""


class UnderWay:
    """The runs of one lesson.

    Args:
        word: what a run is called.
    """

    def __init__(self, word: str) -> None:
        self.runs: OrderedDict[str, Run] = OrderedDict()
        self._word = word

    def go_on(self, name: str, begin: Callable[[], Run] | None) -> "Answer":
        """Let a run go on, or begin it.

        Args:
            name: of the run.
            begin: makes a new one.

        Returns:
            What is new since the last answer, ready for JSON; a picture is a data: URL.

        Raises:
            ValueError: no run of that name is under way.
        """
        if begin is not None:
            self.runs[name] = begin()
            while len(self.runs) > KEPT:
                self.runs.popitem(last=False)
            return self.runs[name].first()
        if name not in self.runs:
            raise ValueError(f"This {self._word} was interrupted: begin it again.")
        self.runs.move_to_end(name)
        answer = self.runs[name].more()
        if answer["done"]:
            del self.runs[name]
        return answer
