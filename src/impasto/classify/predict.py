"""What a model sees in pictures of one's own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from impasto import images
from impasto.classify.model import Model
from impasto.classify.prepare import each, in_colour, on_black
from impasto.images import PictureError

BATCH = 256


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture.

    Attributes:
        source: the picture, as it was given.
        top: classes with their probabilities, the most probable first.
        inverted: whether the picture was made bright on dark, as the model's data set is.
    """

    source: Any
    top: tuple[tuple[str, float], ...]
    inverted: bool


def predict(model: Model, sources: Iterable[Any], top: int = 5) -> Iterator[Prediction | tuple[Any, PictureError]]:
    """Say what pictures show, in their order; they are read by several threads, many at a time.

    Args:
        model: which says it.
        sources: whatever `impasto.images.read` reads.
        top: how many classes to name.

    Yields:
        A prediction for each picture, or the picture with the error that it could not be read for.
    """

    def prepare(source: Any) -> tuple[Any, bool]:
        picture = images.read(source)
        return on_black(picture) if model.card.dark_ground else (in_colour(picture), False)

    waiting = iter(sources)
    while batch := list(islice(waiting, BATCH)):
        results = list(each(prepare, batch))
        good = [result[0] for result in results if not isinstance(result, PictureError)]
        rows = iter(_top(model, good, top) if good else ())
        for source, result in zip(batch, results, strict=True):
            if isinstance(result, PictureError):
                yield source, result
            else:
                yield Prediction(source, next(rows), result[1])


def _top(model: Model, pixels: Sequence[Any], count: int) -> list[tuple[tuple[str, float], ...]]:
    probabilities = model.probabilities(torch.from_numpy(np.stack(pixels)))
    values, indices = probabilities.topk(min(count, len(model.card.classes)))
    return [
        tuple((model.card.classes[index], value) for index, value in zip(row, shares, strict=True))
        for row, shares in zip(indices.tolist(), values.tolist(), strict=True)
    ]
