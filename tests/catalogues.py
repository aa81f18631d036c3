"""What the studio says, and the catalogues that say it in other languages; `make catalogues` updates them."""

import io

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from impasto.studio.jobs.attempts import DIED
from impasto.studio.languages import ENGLISH, FOLDER, LANGUAGES, catalogue
from impasto.styles import HOUSE_STYLES

STUDIO = FOLDER.parent
# The errors are raised in English by rooms that speak to nobody, and translated where they are shown.
ERRORS = "CrowdedError", "IllegalChangeError", "NotReadError", "QueueFullError", "RefusedError"
KEYWORDS = {
    "gettext": None, "ngettext": (1, 2), "later": None, "ProblemError": (2,), "say": None, "sayn": (1, 2),
    **dict.fromkeys(ERRORS),
}  # fmt: skip
# The operator's pages and the lessons are in English.
ENGLISH_ONLY = ("web/templates/learn", "web/templates/docs.html", "web/templates/figures.html", "web/static/learn")
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.js", "javascript")]
OPTIONS = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}


def extracted() -> Catalog:
    """Every message of pages, mails, errors and scripts."""
    found = Catalog()
    for name, line, message, _, _ in extract_from_dir(STUDIO, METHODS, OPTIONS, KEYWORDS):
        if message and not name.startswith(ENGLISH_ONLY) and name != "languages.py":
            found.add(message, locations=[(name, line)])
    for style in HOUSE_STYLES.values():
        for words in (style.title, style.description):
            found.add(words, locations=[("house style", 1)])
    found.add(DIED, locations=[("jobs/attempts.py", 1)])
    return found


def main() -> None:
    """Put what is new into the catalogues, untranslated, and take away what is no longer said."""
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        path = FOLDER / f"{language}.po"
        known = catalogue(language) if path.exists() else Catalog(language)
        known.update(extracted(), no_fuzzy_matching=True)
        known.obsolete.clear()
        text = io.BytesIO()
        write_po(text, known, width=120, sort_by_file=True, include_lineno=False, omit_header=True)
        path.write_bytes(text.getvalue())
        missing = sum(not each.string for each in known if each.id)
        print(f"{path}: {len(known)} messages, {missing} to translate")


if __name__ == "__main__":
    main()
