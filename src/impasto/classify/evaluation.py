"""How good a model is on pictures that it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from impasto.classify.images import LabelledImages
from impasto.classify.model import Model
from impasto.classify.training_run import check_classes

BATCH = 500


@dataclass(frozen=True)
class Mistake:
    """A picture that the model took for something else.

    Attributes:
        index: of the picture in its data set.
        truth: what it shows.
        taken_for: what the model said.
        probability: how sure it was.
        file: the picture's name in its folder; None where it is no file.
    """

    index: int
    truth: str
    taken_for: str
    probability: float
    file: str | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came of it.

    Attributes:
        classes: the model's.
        confusion: int64, classes × classes: how many pictures of the class of the row were taken for that of the
            column.
        loss: the mean cross-entropy, in nats.
        mistakes: the worst first: those of which the model was surest.
    """

    classes: tuple[str, ...]
    confusion: Tensor
    loss: float
    mistakes: list[Mistake]

    @property
    def images(self) -> int:
        """How many pictures there were."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The share of pictures that were recognised, 0 to 1."""
        return float(self.confusion.diagonal().sum()) / self.images

    @property
    def guessing(self) -> float:
        """The accuracy of always naming the class that has the most pictures, 0 to 1."""
        return float(self.confusion.sum(1).max()) / self.images

    @property
    def per_class(self) -> dict[str, float | None]:
        """The same for each class; None for one without pictures."""
        right, all_ = self.confusion.diagonal().tolist(), self.confusion.sum(1).tolist()
        return {name: r / n if n else None for name, r, n in zip(self.classes, right, all_, strict=True)}

    def to_dict(self, worst: int = 16) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "accuracy": self.accuracy,
            "guessing": self.guessing,
            "images": self.images,
            "loss": self.loss,
            "per_class": self.per_class,
            "classes": list(self.classes),
            "confusion": self.confusion.tolist(),
            "worst_mistakes": [vars(mistake) for mistake in self.mistakes[:worst]],
        }


def evaluate(model: Model, images: LabelledImages, progress: Callable[[int, int], object] | None = None) -> Evaluation:
    """Let the model say what every picture shows, and count.

    Args:
        model: to be judged.
        images: the test part of a data set.
        progress: called with the pictures done and their number.

    Raises:
        TrainingError: the data has classes that the model does not know.
    """
    check_classes(model, images)
    pieces = []
    for start in range(0, len(images), BATCH):
        pieces.append(model.probabilities(images.pixels[start : start + BATCH]))
        if progress:
            progress(min(start + BATCH, len(images)), len(images))
    probabilities = torch.cat(pieces)
    surest, taken_for = probabilities.max(1)
    count, labels = len(model.card.classes), images.labels
    confusion = torch.bincount(labels * count + taken_for, minlength=count * count).view(count, count)
    loss = -probabilities[torch.arange(len(labels)), labels].clamp(min=1e-12).log().mean().item()
    wrong = (taken_for != labels).nonzero()[:, 0]
    wrong = wrong[surest[wrong].argsort(descending=True, stable=True)]
    classes = model.card.classes
    mistakes = [
        Mistake(
            i, classes[int(labels[i])], classes[int(taken_for[i])], float(surest[i]),
            images.files[i] if images.files else None,
        )
        for i in wrong.tolist()
    ]  # fmt: skip
    return Evaluation(classes, confusion, loss, mistakes)
