"""What a request is refused with: a status, and one plain sentence that names the fix."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException

from impasto.studio.configuration import Configuration

FULL = "The studio's disk is full: try again later."


def too_large(configuration: Configuration) -> "ProblemError":
    """What was sent is more than may be."""
    most = configuration.max_upload / 1e6
    return ProblemError(413, f"At most {most:.0f} MB can be sent, all pictures together: choose a smaller picture.")


class ProblemError(HTTPException):
    """A request that is refused.

    Attributes:
        sentence: says so to the person who asked.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        self.sentence = as_sentence(sentence)
        super().__init__(status, self.sentence, headers)


def as_sentence(line: str) -> str:
    """A message of the package, which is a line, with a capital and a full stop."""
    return f"{line[:1].upper()}{line[1:]}{'' if line.endswith(('.', '!', '?')) else '.'}"
