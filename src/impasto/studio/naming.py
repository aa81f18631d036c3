"""A painting's styles in words, for those who did not choose them."""

from collections.abc import Iterable, Mapping
from typing import Any

from impasto.studio.languages import gettext


def in_words(styles: Iterable[Mapping[str, Any]], own: str) -> str:
    """The house's styles by their titles; others by what `own` says, without the names that they came with."""
    from impasto.styles import HOUSE_STYLES

    words = []
    for style in styles:
        house = HOUSE_STYLES.get(style["name"]) if style["file"] is None else None
        # A soft hyphen is for cards, which are narrow.
        word = gettext(house.title).replace("\u00ad", "") if house else own
        if word not in words:
            words.append(word)
    if len(words) == 1:
        return words[0]
    return gettext("%(first)s and %(last)s", first=", ".join(words[:-1]), last=words[-1])
