"""A folder with one subfolder a class; or with two, train and test, that have one subfolder a class each.

Where there is no test folder, a fifth of every class is held out to test on: always the same pictures, chosen by
a digest of their names, so that a picture that is added moves no other.
"""

import hashlib
import os
from pathlib import Path

import torch

from impasto.classify.images import DataError, LabelledImages, Part
from impasto.classify.prepare import read_all
from impasto.images import pictures_in

HELD_OUT = 5
"""One in so many."""


def load(folder: Path, part: Part) -> LabelledImages:
    """Read one part; what can't be read is passed over, and named in `skipped`.

    Raises:
        DataError: fewer than two classes, a class without pictures, or one of which none can be read.
    """
    divided = (folder / "train").is_dir() and (folder / "test").is_dir()
    classes = _classes(folder / "train" if divided else folder)
    paths, labels = [], []
    for label, name in enumerate(classes):
        home = folder / part / name if divided else folder / name
        chosen = _pictures(home) if divided else _part(_pictures(home), part)
        paths += chosen
        labels += [label] * len(chosen)
    if divided and (extra := set(_classes(folder / part)) - set(classes)):
        raise DataError(f"{folder / part} has classes that train has not: {', '.join(sorted(extra))}; remove them")
    pixels, kept, skipped = read_all(paths)
    found = torch.tensor(labels)[kept] if kept else torch.zeros(0, dtype=torch.int64)
    for label, name in enumerate(classes):
        if part == "train" and not (found == label).any():
            raise DataError(f"of {folder / name} no picture can be read: put good ones in, or remove the folder")
    if not kept:
        raise DataError(f"{folder} has no pictures to test: give every class at least 2, so that 1 is held out")
    return LabelledImages(folder.resolve().name, classes, pixels, found, skipped=tuple(skipped))


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(names) < 2:
        found = f"one class, {names[0]}," if names else "no subfolders"
        raise DataError(f"{folder} has {found} and nothing to tell apart: give one subfolder a class, two or more")
    return names


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}: make it, with pictures in it")
    found = pictures_in(folder, deep=True)
    if not found:
        raise DataError(f"{folder} holds no pictures: put some in, or remove the folder")
    return found


def _part(paths: list[Path], part: Part) -> list[Path]:
    """The pictures of one class that belong to one part."""
    held_out = len(paths) // HELD_OUT or (1 if len(paths) > 1 else 0)
    shuffled = sorted(paths, key=lambda path: hashlib.sha256(os.fsencode(path.name)).digest())
    return sorted(shuffled[:held_out] if part == "test" else shuffled[held_out:])
