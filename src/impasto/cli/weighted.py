"""Words of the command line that end in a weight: `night:2`."""


def split_weight(text: str) -> tuple[str, float]:
    """A name, and the number after its last colon, or 1."""
    name, colon, weight = text.rpartition(":")
    try:
        return (name, float(weight)) if colon and name else (text, 1.0)
    except ValueError:
        return text, 1.0
