"""A folder with one subfolder a class; or with two, train and test, that have one subfolder a class each.

Where there is no test folder, a fifth of every class is held out to test on: always the same pictures, chosen by
a digest of their names. A picture that is added moves one other of its class at most. Each picture by itself, held out
where its digest is below a fifth of all, would move no other; but of classes of ten pictures, one in nine would have
none to test on.
"""

import hashlib
import os
from pathlib import Path

import torch

from impasto.classify.images import SIDE, DataError, LabelledImages, Part
from impasto.classify.prepare import read_all
from impasto.images import pictures_in
from impasto.images.sheets import without_sheets

HELD_OUT = 5
"""One in so many."""
FEW, FEW_FOR_VGG19, UNEVEN = 10, 5, 3
"""A class of fewer pictures is told (where VGG19's features are learnt from, of fewer still); and one that has so many
times as many as the smallest."""


def load(folder: Path, part: Part, side: int = SIDE) -> LabelledImages:
    """Read one part, as pictures of a side in pixels; what can't be read is passed over, and named in `skipped`.

    Raises:
        DataError: fewer than two classes, a class without pictures, or one of which none can be read.
    """
    divided = (folder / "train").is_dir() and (folder / "test").is_dir()
    classes = _classes(folder / "train" if divided else folder)
    paths, labels, nested = [], [], []
    for label, name in enumerate(classes):
        home = folder / part / name if divided else folder / name
        pictures = _pictures(home)
        if any(path.parent != home for path in pictures):
            nested.append(name)
        chosen = pictures if divided else _part(pictures, part)
        paths += chosen
        labels += [label] * len(chosen)
    if divided and (extra := set(_classes(folder / part)) - set(classes)):
        raise DataError(f"{folder / part} has classes that train has not: {', '.join(sorted(extra))}; remove them")
    pixels, kept, skipped = read_all(paths, side)
    found = torch.tensor(labels)[kept] if kept else torch.zeros(0, dtype=torch.int64)
    for label, name in enumerate(classes):
        if part == "train" and not (found == label).any():
            raise DataError(f"of {folder / name} no picture can be read: put good ones in, or remove the folder")
    if not kept:
        raise DataError(f"{folder} has no pictures to test: give every class at least 2, so that 1 is held out")
    counts = {name: int((found == label).sum()) for label, name in enumerate(classes)}
    doubts = _doubts(counts, nested, FEW if side == SIDE else FEW_FOR_VGG19) if part == "train" else []
    return LabelledImages(
        folder.resolve().name, classes, pixels, found, skipped=tuple(skipped),
        files=tuple(str(paths[place].relative_to(folder)) for place in kept), doubts=tuple(doubts),
    )  # fmt: skip


def _doubts(counts: dict[str, int], nested: list[str], enough: int) -> list[str]:
    """What a person should know of a folder before a network is trained on it."""
    told = []
    few = [f"{name} ({count})" for name, count in counts.items() if count < enough]
    if few:
        better = (
            f"{FEW} a class are little, and 100 are better; --transfer needs fewer" if enough == FEW else "give more"
        )
        told.append(f"few pictures to learn from: {', '.join(few)}; {better}")
    least, most = min(counts, key=lambda name: counts[name]), max(counts, key=lambda name: counts[name])
    if counts[most] >= UNEVEN * counts[least]:
        told.append(
            f"{most} has {counts[most]} pictures and {least} {counts[least]}: the network will say {most} too often; "
            "give all classes about as many"
        )
    if nested:
        told.append(
            f"folders within {', '.join(nested)} count as their class: for classes of their own, put them beside it"
        )
    return told


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(names) < 2:
        found = f"one class, {names[0]}," if names else "no subfolders"
        raise DataError(f"{folder} has {found} and nothing to tell apart: give one subfolder a class, two or more")
    return names


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}: make it, with pictures in it")
    found = without_sheets(pictures_in(folder, deep=True))
    if not found:
        raise DataError(f"{folder} holds no pictures: put some in, or remove the folder")
    return found


def _part(paths: list[Path], part: Part) -> list[Path]:
    """The pictures of one class that belong to one part."""
    held_out = len(paths) // HELD_OUT or (1 if len(paths) > 1 else 0)
    shuffled = sorted(paths, key=lambda path: hashlib.sha256(os.fsencode(path.name)).digest())
    return sorted(shuffled[:held_out] if part == "test" else shuffled[held_out:])
