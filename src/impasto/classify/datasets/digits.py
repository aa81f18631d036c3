"""1,797 handwritten digits of 8 × 8 pixels in 17 greys, which come with scikit-learn.

Kaynak and Alpaydin, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998; these are the
test part of that set, of which the last fifth is ours to test on.
"""

import torch

from impasto.classify.images import LabelledImages, Part, fit
from impasto.download import Progress

BRIGHTEST = 16


def load(part: Part, _progress: Progress | None = None) -> LabelledImages:
    """1,437 digits to train on, or 360 to test."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    cut = len(bunch.target) * 4 // 5
    chosen = slice(cut) if part == "train" else slice(cut, None)
    pixels = torch.from_numpy(bunch.images[chosen] * (255 / BRIGHTEST)).round().to(torch.uint8)
    labels = torch.from_numpy(bunch.target[chosen]).long()
    return LabelledImages("digits", tuple("0123456789"), fit(pixels[:, None]), labels, dark_ground=True)
