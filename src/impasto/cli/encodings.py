"""What is printed where the encoding lacks a letter: no encoding is an error."""

import codecs

ERRORS = "impasto"
"""The name under which Python knows how to go on."""

_PLAIN = {
    "×": "x", "·": "*", "−": "-", "…": "...", "→": "->", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "₁": "1",
    "₂": "2", "α": "alpha", "β": "beta",
}  # fmt: skip
"""What we print, and how it is written with the letters that all encodings have."""


def register() -> None:
    """Make `ERRORS` known to Python."""
    codecs.register_error(ERRORS, _plainly)


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for the first letter that can't be encoded: a plain one, or its number.

    A byte of a file's name that is no letter in the system's encoding is printed as that byte, so that the name is that
    of the file.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    number = ord(letter)
    if 0xDC80 <= number <= 0xDCFF and "a".encode(error.encoding) == b"a":
        return bytes([number - 0xDC00]), error.start + 1
    return _PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode(), error.start + 1
