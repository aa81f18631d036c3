"""CIFAR-10: 50,000 small photos to train on and 10,000 to test, 32 × 32 in colour.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the version for Python, from its author.
Its files are pickles of Python 2, read here by an unpickler that knows arrays and nothing else.
"""

import codecs
import io
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto.classify.datasets.place import fetched
from impasto.classify.images import SIDE, DataError, LabelledImages, Part
from impasto.download import Progress

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
MEMBERS: dict[Part, tuple[str, ...]] = {
    "train": tuple(f"data_batch_{number}" for number in range(1, 6)),
    "test": ("test_batch",),
}

MAKES_AN_ARRAY = {"_reconstruct": np.zeros(0).__reduce__()[0], "ndarray": np.ndarray, "dtype": np.dtype}


def load(part: Part, progress: Progress | None = None) -> LabelledImages:
    """The archive that was downloaded before, or else downloaded now (170 MB).

    Raises:
        DataError: it can't be had, or is not what it should be.
    """
    address = os.environ.get("IMPASTO_CIFAR10_URL", ADDRESS)
    archive = fetched("cifar-10-python.tar.gz", address, SHA256, progress)
    try:
        batches = _read(archive, MEMBERS[part])
        pixels = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, SIDE, SIDE)
        labels = [label for batch in batches for label in batch["labels"]]
    except (OSError, EOFError, KeyError, ValueError, tarfile.TarError, pickle.UnpicklingError) as error:
        raise DataError(f"{archive} is no CIFAR-10 for Python: remove it, and it is fetched again") from error
    return LabelledImages("cifar10", CLASSES, torch.from_numpy(pixels), torch.tensor(labels))


def _read(archive: Path, members: tuple[str, ...]) -> list[dict[str, Any]]:
    batches = []
    with tarfile.open(archive) as files:
        for member in members:
            file = files.extractfile(f"cifar-10-batches-py/{member}")
            if file is None:
                raise KeyError(member)
            stored = _ArraysOnly(io.BytesIO(file.read()), encoding="bytes").load()
            batches.append({name.decode(): value for name, value in stored.items()})
    return batches


class _ArraysOnly(pickle.Unpickler):
    """An unpickler for which a pickle can't call anything but what makes an array."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return codecs.encode  # how Python 3 writes bytes for Python 2 to read
        if module.split(".")[0] == "numpy" and name in MAKES_AN_ARRAY:
            return MAKES_AN_ARRAY[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no business in CIFAR-10")
