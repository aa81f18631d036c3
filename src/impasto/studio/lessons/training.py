"""Training in the browser's sight: the slide's loop on the digits, a fraction of a second at a time.

Runs in the lessons' process.
"""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from impasto.studio.lessons.runs import SLICE, UnderWay

if TYPE_CHECKING:
    from impasto.classify.images import LabelledImages
    from impasto.classify.model import Model
    from impasto.studio.lessons.worker import Answer

RATES = (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOMENTA = (0.0, 0.5, 0.9)
BATCHES = (4, 8, 32, 128)
CONVOLUTIONS = (1, 2, 3)
"""What can be chosen."""
EPOCHS = 8
SECONDS = 20.0
"""Of computing, after which a training ends, however far it has come; what other processes take is not counted."""
OVER = 10
"""Mini-batches that a mean of the loss is taken over."""


class How(NamedTuple):
    """How to train; each is one of the choices above."""

    lr: float
    momentum: float
    batch_size: int
    convolutions: int


def go_on(name: str, how: How | None = None) -> "Answer":
    """Train a little, from the beginning where `how` is given.

    Args:
        name: of the training.
        how: to train, for a new one; of this one nothing is trained yet in its first answer.

    Returns:
        What is new since the last answer, ready for JSON; a picture is a data: URL.

    Raises:
        ValueError: no training of that name is under way.
    """
    return _under_way.go_on(name, None if how is None else lambda: _Taught(how))


class _Taught:
    """A network that learns the digits."""

    def __init__(self, how: How) -> None:
        import torch

        from impasto.classify.datasets import digits
        from impasto.classify.training import Training
        from impasto.classify.training_run import TrainingSettings

        torch.set_num_threads(1)
        images, self.held_out = digits.load("train", None), digits.load("test", None)
        self.model = _untrained(images, how.convolutions)
        settings = TrainingSettings("slide", EPOCHS, how.batch_size, how.lr, how.momentum)
        self.run = iter(Training(self.model, images, settings))
        self.per_epoch = -(-len(images) // how.batch_size)
        labels = self.held_out.labels.tolist()
        self.shown = [labels.index(label) for label in range(len(images.classes))]
        self.losses: list[float] = []
        self.means: list[float] = []
        self.spent = 0.0

    def first(self) -> "Answer":
        """The network before its first mini-batch, and what stays as it is while it learns."""
        from impasto.studio.lessons.pictures import address

        pixels = self.held_out.pixels[self.shown].expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
        return self._answer(0, done=False, broken=False) | {
            "epochs": EPOCHS,
            "per_epoch": self.per_epoch,
            "numbers": sum(each.numel() for each in self.model.network.parameters()),
            "pictures": [address(each) for each in pixels],
        }

    def more(self) -> "Answer":
        """Train for a fraction of a second, or to the end."""
        from impasto.classify.training_run import TrainingError

        before, began, spent = len(self.losses), time.monotonic(), time.process_time()
        done = broken = False
        try:
            for report in self.run:
                self.losses.append(report.loss)
                last = self.losses[-OVER:]
                self.means.append(sum(last) / len(last))
                if time.monotonic() > began + SLICE:
                    break
            else:
                done = True
        except TrainingError:  # its line speaks to whoever uses the command
            done = broken = True
        self.spent += time.process_time() - spent
        return self._answer(before, done=done or self.spent >= SECONDS, broken=broken)

    def _answer(self, before: int, *, done: bool, broken: bool) -> "Answer":
        from impasto.studio.lessons.verdict import verdict

        shares = self.model.probabilities(self.held_out.pixels)
        surest, taken_for = shares.max(1)
        right = int((taken_for == self.held_out.labels).sum())
        known = bool(shares.isfinite().all())
        alike = known and float((shares - shares[:1]).abs().max()) < 1e-4
        return {
            "seen": len(self.losses),
            "losses": [round(each, 4) for each in self.losses[before:]],
            "means": [round(each, 4) for each in self.means[before:]],
            "right": right,
            "held_out": len(shares),
            "kernels": _kernels(self.model),
            "guesses": [
                {
                    "truth": str(truth),
                    "name": str(int(taken_for[at])),
                    "share": round(float(surest[at]), 3) if known else None,
                }
                for truth, at in enumerate(self.shown)
            ],
            "said": verdict(self.losses, self.means, right / len(shares), alike=alike, broken=broken),
            "broken": broken,
            "done": done,
        }


def _untrained(images: "LabelledImages", convolutions: int) -> "Model":
    """The course's classifier; without its second convolution, or with one of 3 × 3 more. The same at every call."""
    import torch
    from torch import nn

    from impasto.classify.model import untrained

    torch.manual_seed(0)
    model = untrained("classifier", images)
    network: Any = model.network
    if convolutions == 1:
        network.features = network.features[:3]  # (B, 6, 14, 14)
        network.classifier[0] = nn.Linear(6 * 14 * 14, 120)
    elif convolutions == 3:
        network.features.extend([nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2)])  # (B, 32, 2, 2)
        network.classifier[0] = nn.Linear(32 * 2 * 2, 120)
    return model


def _kernels(model: "Model") -> list[str]:
    """The first layer's kernels; the three channels of a grey picture are one, so only their sum means anything."""
    from impasto.look.page import DIVERGING, shaded
    from impasto.studio.lessons.pictures import address

    network: Any = model.network
    kernels = network.features[0].weight.detach().sum(1).nan_to_num().numpy()
    return [address(shaded(0.5 + each / (2 * max(float(abs(each).max()), 1e-12)), DIVERGING)) for each in kernels]


_under_way = UnderWay("training")
