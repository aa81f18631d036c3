"""A painting's styles in words, for those who did not choose them."""

from collections.abc import Iterable, Mapping
from typing import Any


def in_words(styles: Iterable[Mapping[str, Any]], own: str) -> str:
    """The house's styles by their titles; others by what `own` says, without the names that they came with."""
    from impasto.styles import HOUSE_STYLES

    words = []
    for style in styles:
        house = HOUSE_STYLES.get(style["name"]) if style["file"] is None else None
        word = house.title if house else own
        if word not in words:
            words.append(word)
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
