"""The styles that a name can stand for: the house's, and those that the user added."""

import difflib
import re
import shutil
from pathlib import Path

from impasto import images
from impasto.images import Picture
from impasto.images.names import is_file, is_folder
from impasto.images.placing import placed
from impasto.places import data_folder
from impasto.styles import HOUSE_STYLES, HouseStyle

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class StyleError(ValueError):
    """A style that can't be found, added or removed; the message is one plain line that names the fix."""


def folder() -> Path:
    """Where added styles are kept: IMPASTO_HOME/styles, or the user's data folder."""
    return data_folder() / "styles"


def added() -> dict[str, Path]:
    """The user's styles by name, in alphabetical order."""
    return {path.stem: path for path in sorted(folder().glob("*")) if path.suffix in images.PICTURE_SUFFIXES}


def add(file: Path, name: str | None = None) -> str:
    """Keep a copy of a picture as a style; returns its name, by default the file's.

    Raises:
        PictureError: no picture.
        StyleError: a name that is taken or can't be one.
    """
    images.read(file)
    if not is_file(file):
        raise StyleError(f"{file} can be read once and not copied; give a file")
    name = name or re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower()).strip("-_")
    if not NAME.fullmatch(name):
        raise StyleError(f"{name!r} can't be a style's name; use small letters, digits and hyphens, with --name")
    if name in HOUSE_STYLES or name in added():
        raise StyleError(f"there is a style called {name} already; give another name with --name")
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StyleError(f"{folder()} can't be made: {error.strerror}; name another folder in IMPASTO_HOME") from None
    try:
        with file.open("rb") as original, placed(folder() / f"{name}{file.suffix.lower()}", new=True) as copy:
            shutil.copyfileobj(original, copy)
    except FileExistsError:
        raise StyleError(f"there is a style called {name} already; give another name with --name") from None
    return name


def remove(name: str) -> None:
    """Forget an added style.

    Raises:
        StyleError: no such style, or one of the house's.
    """
    if name in HOUSE_STYLES:
        raise StyleError(f"{name} is a house style and stays; only added styles can be removed")
    if name not in added():
        raise StyleError(_unknown(name, list(added())))
    added()[name].unlink()


def find(source: str) -> HouseStyle | Picture:
    """The style that a name or a path stands for; a name is looked up first.

    Raises:
        StyleError: neither a style's name nor a file; names the nearest.
        PictureError: a file that is no picture.
    """
    if source in HOUSE_STYLES:
        return HOUSE_STYLES[source]
    if source in added():
        return images.read(added()[source], name=source)
    if is_file(source) or is_folder(source) or Path(source).suffix or "/" in source:
        return images.read(Path(source))
    raise StyleError(_unknown(source, [*HOUSE_STYLES, *added()]))


def recall(name: str, digest: str | None) -> HouseStyle | Picture:
    """The style that a painting's settings name: a house style has no digest, any other picture is known by its own.

    Raises:
        StyleError: it is neither a house style nor among the user's styles.
    """
    if digest is None and name in HOUSE_STYLES:
        return HOUSE_STYLES[name]
    for other, path in sorted(added().items(), key=lambda style: style[0] != name):
        picture = images.read(path, name=other)
        if picture.digest == digest:
            return picture
    raise StyleError(f"the painting was made with a style {name!r} that is not here; give it with: --style FILE")


def _unknown(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, 3, 0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else "see them with: impasto styles"
    return f"no style is called {name!r}; {hint}"
