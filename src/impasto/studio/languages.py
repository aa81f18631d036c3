"""The languages of pages and mails. English is in the code; the others are in catalogues, `catalogues/*.po`.

What a page says is in the language of the request that it answers, and a mail in that of the request which asked for
the painting: the context holds it. A sentence that a catalogue lacks is said in English.
"""

import gettext as catalogues
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment

LANGUAGES = {"en": "English", "fr": "Français", "de": "Deutsch", "es": "Español"}
ENGLISH = "en"
FOLDER = Path(__file__).parent / "catalogues"
# English writes dates as Britain does: the day first.
LOCALES = {name: Locale.parse("en_GB" if name == ENGLISH else name) for name in LANGUAGES}
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def spoken() -> str:
    """The language that is spoken here, as `lang` of HTML has it."""
    return _spoken.get()


def speak(language: str) -> None:
    """Speak a language from now on, to the end of the request."""
    _spoken.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while."""
    before = _spoken.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(before)


def chosen(kept: str, accepted: str) -> str:
    """The language of a visitor.

    Args:
        kept: what they chose on a page before; empty where they did not.
        accepted: the header `Accept-Language` of their browser.
    """
    if kept in LANGUAGES:
        return kept
    wanted = []
    for part in accepted.split(",")[:20]:
        name, _, weight = part.partition(";")
        try:
            wanted.append((float(weight.strip().removeprefix("q=") or 1), name.strip()))
        except ValueError:
            continue
    best = [name for weight, name in sorted(wanted, key=lambda each: -each[0]) if weight > 0]
    return negotiate_locale(best, list(LANGUAGES), sep="-") or ENGLISH


def gettext(message: str, **values: Any) -> str:
    """A sentence of the code, in the language spoken here, with the values that it names, as in `%(count)s`."""
    told = _translations(spoken()).gettext(message) if message else ""
    return told % values if values else told


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """A sentence that says how many, `%(count)s`."""
    return _translations(spoken()).ngettext(one, many, count) % {"count": number(count), **values}


def later(message: str) -> str:
    """The message itself, which is in the catalogues: it is translated where it is shown."""
    return message


def number(value: float) -> str:
    """A number with the separators of the language."""
    return str(format_decimal(value, locale=LOCALES[spoken()]))


def percent(share: float) -> str:
    """A share of 1 in percent."""
    return str(format_percent(share, locale=LOCALES[spoken()]))


def day(moment: float, *, weekday: bool = False) -> str:
    """A time, in seconds since 1970, by its day and minute."""
    time = datetime.fromtimestamp(moment, UTC)
    return f"{format_date(time, 'full' if weekday else 'long', locale=LOCALES[spoken()])}, {time:%H:%M} UTC"


def install(environment: Environment) -> None:
    """Have templates speak: `{% trans %}`, `gettext`, and the filters `number` and `translated`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True

    def plural(one: str, many: str, count: int) -> str:
        return _translations(spoken()).ngettext(one, many, count)

    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: _translations(spoken()).gettext(message), plural, newstyle=True
    )
    environment.filters |= {"number": number, "translated": gettext}
    environment.globals |= {"languages": LANGUAGES, "language": spoken}


@cache
def words_of_scripts(language: str) -> dict[str, Any]:
    """What scripts say: message → translation, or → its plurals, each by the numbers' kind in `Intl.PluralRules`."""
    if language == ENGLISH:
        return {}
    found: dict[str, Any] = {}
    for message in catalogue(language):
        if not any(place.endswith(".js") for place, _ in message.locations):
            continue
        if isinstance(message.id, str):
            found[message.id] = message.string
        elif isinstance(message.string, tuple):
            # a catalogue counts its plurals, and a browser names them; none of these languages has a third for us
            found[message.id[0]] = {"one": message.string[0], "other": message.string[1]}
    return found


@cache
def catalogue(language: str) -> Catalog:
    """What is translated into a language other than English, as its file has it."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def _translations(language: str) -> catalogues.NullTranslations:
    if language == ENGLISH:
        return catalogues.NullTranslations()
    binary = io.BytesIO()
    write_mo(binary, catalogue(language))
    binary.seek(0)
    return catalogues.GNUTranslations(binary)
