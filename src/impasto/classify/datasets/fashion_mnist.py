"""Fashion-MNIST: 60,000 photos of clothes to train on and 10,000 to test, 28 × 28, grey on black.

Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017
(MIT licence). Debian's package dataset-fashion-mnist has it; elsewhere it is downloaded from where its authors put it.
"""

import os
from pathlib import Path

import torch

from impasto.classify.datasets.idx import STEMS, has_idx, read_pair
from impasto.classify.datasets.place import fetched
from impasto.classify.images import SIDE, DataError, LabelledImages, Part, fit
from impasto.download import Progress

CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
# Of the authors' files; Debian packs the same bytes without the files' names, so that its digests differ.
SHA256 = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


def load(part: Part, progress: Progress | None = None) -> LabelledImages:
    """Debian's copy, or else the one downloaded before, or else downloaded now (31 MB in all)."""
    if has_idx(DEBIAN):
        return from_folder(DEBIAN, part)
    address = os.environ.get("IMPASTO_FASHION_MNIST_URL", ADDRESS)
    folder = DEBIAN
    for name, sha256 in SHA256.items():
        if name.startswith(STEMS[part]):
            folder = fetched(f"fashion-mnist/{name}", f"{address}/{name}", sha256, progress).parent
    return from_folder(folder, part)


def from_folder(folder: Path, part: Part, *, named: bool = True) -> LabelledImages:
    """From a folder of its IDX files, or of any data set in that form, whose classes have numbers for names.

    Raises:
        DataError: the files are missing, broken, or hold pictures that are not square or larger than 32 × 32.
    """
    pixels, labels = read_pair(folder, part)
    height, width = pixels.shape[1:]
    if height != width or height > SIDE:
        raise DataError(f"{folder} holds pictures of {height} × {width}: give square ones of at most {SIDE} × {SIDE}")
    if len(labels) == 0:
        raise DataError(f"{folder} holds no pictures to {'train on' if part == 'train' else 'test'}: get it again")
    count = int(labels.max()) + 1
    if named and count > len(CLASSES):
        raise DataError(f"{folder} has {count} classes, not Fashion-MNIST's {len(CLASSES)}: give it as --data {folder}")
    classes = CLASSES if named else tuple(map(str, range(count)))
    return LabelledImages(
        "fashion-mnist" if named else folder.name,
        classes,
        fit(torch.from_numpy(pixels.copy())[:, None]),
        torch.from_numpy(labels.astype("int64")),
        dark_ground=True,
    )
