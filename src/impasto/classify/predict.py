"""What a model sees in pictures of one's own."""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from impasto import images
from impasto.classify.model import Model
from impasto.classify.prepare import prepared
from impasto.images import PictureError

BATCH = 64
UNSURE = 0.5
"""A best share below this is told. Of Fashion-MNIST's test pictures 3 % have one, and half of these are wrong. Of 60
photos of other things 38 to 47 % have one."""
BLANK = 8
"""Levels of brightness: a picture with fewer shows nothing."""


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture.

    Attributes:
        source: the picture, as it was given.
        top: classes with their probabilities, the most probable first.
        inverted: whether the picture was made bright on dark, as the model's data set is.
        blank: whether the picture shows nothing; the probabilities then mean nothing.
    """

    source: Any
    top: tuple[tuple[str, float], ...]
    inverted: bool
    blank: bool = False

    @property
    def unsure(self) -> bool:
        """Whether no class has a share that one should believe."""
        return self.blank or self.top[0][1] < UNSURE


def predict(model: Model, sources: Iterable[Any], top: int = 5) -> Iterator[Prediction | tuple[Any, PictureError]]:
    """Say what pictures show, in their order.

    A thread for each processor reads a batch and judges it, which keeps all of them at work; reading with all threads
    and then computing with all does not.

    Args:
        model: which says it.
        sources: whatever `impasto.images.read` reads.
        top: how many classes to name.

    Yields:
        A prediction for each picture, or the picture with the error that it could not be read for.
    """
    given, lanes = list(sources), os.cpu_count() or 1
    size = max(1, min(BATCH, math.ceil(len(given) / lanes)))
    threads_before = torch.get_num_threads()
    with ThreadPoolExecutor(lanes, initializer=torch.set_num_threads, initargs=(1,)) as threads:
        try:
            batches = [given[start : start + size] for start in range(0, len(given), size)]
            for judged in threads.map(lambda batch: _judged(model, batch, top), batches):
                yield from judged
        finally:
            torch.set_num_threads(threads_before)  # this holds for later threads; this thread's number never changed


def _judged(model: Model, batch: Sequence[Any], top: int) -> list[Prediction | tuple[Any, PictureError]]:
    ready = [_prepared(model, source) for source in batch]
    good = [pixels for pixels, _ in ready if not isinstance(pixels, PictureError)]
    rows = iter(_top(model, good, top) if good else ())
    return [
        (source, pixels)
        if isinstance(pixels, PictureError)
        else Prediction(source, next(rows), inverted, blank=int(pixels.max()) - int(pixels.min()) < BLANK)
        for source, (pixels, inverted) in zip(batch, ready, strict=True)
    ]


def _prepared(model: Model, source: Any) -> tuple[Any, bool]:
    """What the network takes, or the error; and whether it was inverted."""
    try:
        picture = images.read(source)
    except PictureError as error:
        return error, False
    return prepared(picture, model.card.dark_ground, model.side)


def _top(model: Model, pixels: Sequence[Any], count: int) -> list[tuple[tuple[str, float], ...]]:
    probabilities = model.probabilities(torch.from_numpy(np.stack(pixels)))
    values, indices = probabilities.topk(min(count, len(model.card.classes)))
    return [
        tuple((model.card.classes[index], value) for index, value in zip(row, shares, strict=True))
        for row, shares in zip(indices.tolist(), values.tolist(), strict=True)
    ]
