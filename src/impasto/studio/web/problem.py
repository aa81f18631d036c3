"""What a request is refused with: a status, and one plain sentence that names the fix."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException

from impasto.studio.configuration import Configuration
from impasto.studio.languages import gettext, later

FULL = later("The studio's disk is full: try again later.")


def too_large(configuration: Configuration) -> "ProblemError":
    """What was sent is more than may be."""
    most = round(configuration.max_upload / 1e6)
    return ProblemError(
        413, "At most %(most)s MB can be sent, all pictures together: choose a smaller picture.", most=most
    )


class ProblemError(HTTPException):
    """A request that is refused.

    Args:
        status: of HTTP.
        line: says so to the person who asked, in English, with the names of values, as in `%(most)s`.
        headers: of the answer.
        values: those that the line names.
    """

    def __init__(self, status: int, line: str, headers: Mapping[str, str] | None = None, **values: Any) -> None:
        self._line, self._values = line, values
        super().__init__(status, line % values if values else line, headers)

    @property
    def sentence(self) -> str:
        """The line as a sentence, in the language that is spoken where it is shown."""
        return as_sentence(gettext(self._line, **self._values))


def as_sentence(line: str) -> str:
    """A message of the package, which is a line, with a capital and a full stop."""
    return f"{line[:1].upper()}{line[1:]}{'' if line.endswith(('.', '!', '?')) else '.'}"
