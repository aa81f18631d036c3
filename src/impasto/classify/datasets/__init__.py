"""The data sets by name: what `--data` accepts. A new one is a module with a `load`, listed here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from impasto.classify.datasets import cifar10, digits, fashion_mnist, folder, fruits
from impasto.classify.datasets.idx import has_idx
from impasto.classify.images import SIDE, DataError, LabelledImages, Part
from impasto.download import Progress
from impasto.images.names import is_folder

NAMED: dict[str, Callable[[Part, Progress | None], LabelledImages]] = {
    "digits": digits.load,
    "fashion-mnist": fashion_mnist.load,
    "cifar10": cifar10.load,
    "fruits": fruits.load,
}


def load(source: str, part: Part, progress: Progress | None = None, side: int = SIDE) -> LabelledImages:
    """One part of a data set.

    Args:
        source: a name of `NAMED`; a folder with one subfolder a class, or of IDX files; or fashion-mnist:FOLDER,
            which gives such files the names of Fashion-MNIST's classes.
        part: "train", or "test", which is never trained on.
        progress: told of a download, if there is one.
        side: of the pictures in pixels; only those of a folder can be had larger than 32 × 32.

    Raises:
        DataError: no such data set, or it can't be had or read.
    """
    name, colon, path = source.partition(":")
    read: Callable[[], LabelledImages]
    if source in NAMED:
        read = partial(NAMED[source], part, progress)
    elif colon and name == "fashion-mnist":
        read = partial(fashion_mnist.from_folder, Path(path), part)
    elif not is_folder(source):
        raise DataError(f"there is no data set and no folder {source}; give a folder, or one of: {', '.join(NAMED)}")
    elif has_idx(Path(source)):
        read = partial(fashion_mnist.from_folder, Path(source), part, named=False)
    else:
        return folder.load(Path(source), part, side)
    if side != SIDE:
        raise DataError(
            f"{source} has pictures of {SIDE} × {SIDE} at most, and VGG19 looks at {side} × {side}: give a folder of "
            "your own, with one subfolder a class"
        )
    return read()
