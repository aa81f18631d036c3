"""What a run of training is by either recipe: what is asked, what is reported, and how far it has come."""

import copy
import math
import time
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from impasto.classify.images import LabelledImages
from impasto.classify.model import Model

Recipe = Literal["slide", "fast", "transfer"]
PRINT_EVERY = 2000
"""Mini-batches; the slide prints the mean loss over so many."""


class TrainingError(ValueError):
    """Training that can't begin or go on; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to train; the defaults are the slide's.

    Attributes:
        recipe: "slide", "fast" (see :mod:`impasto.classify.fast`), or "transfer" (:mod:`impasto.classify.transfer`),
            which steps with no learning rate.
        epochs: how often every picture is seen.
        batch_size: pictures in a mini-batch.
        lr: the learning rate; with the fast recipe its highest.
        momentum: the share of the last step that the next one goes on with.
        seed: of the first numbers, the order of the pictures and their augmentation.
    """

    recipe: Recipe = "slide"
    epochs: int = 2
    batch_size: int = 4
    lr: float = 0.001
    momentum: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        if self.recipe not in get_args(Recipe):
            raise TrainingError(f"no recipe is called {self.recipe!r}; choose slide or fast")
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise TrainingError(f"{name.replace('_', ' ')} can't be {getattr(self, name)}; give {least} or more")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise TrainingError(f"a learning rate of {self.lr} is not possible; give one above 0, as 0.001")
        if not 0 <= self.momentum < 1:
            raise TrainingError(f"a momentum of {self.momentum} is not possible; give 0 or more and less than 1")

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        stepless = ("lr", "momentum") if self.recipe == "transfer" else ()
        return {name: value for name, value in asdict(self).items() if name not in stepless}


@dataclass(frozen=True)
class Report:
    """Where training is, after a mini-batch.

    Attributes:
        epoch: which one, from 1.
        epochs: how many there will be.
        batch: the mini-batch in it, from 1.
        batches: how many an epoch has.
        loss: of this mini-batch.
        running_loss: the mean since the last that was given; only after every 2,000 mini-batches and at an epoch's
            end, else None.
        seconds: of training so far.
        seconds_left: about; None at first.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    running_loss: float | None
    seconds: float
    seconds_left: float | None

    @property
    def line(self) -> str:
        """As the slide prints it."""
        return f"[{self.epoch}, {self.batch:5d}] loss: {self.running_loss:.3f}"


class TrainingRun:
    """A run of training.

    Args:
        model: to be trained, in place.
        images: to train on.
        settings: how.
        done: how many epochs the model has behind it already; it goes on with the next.

    Raises:
        TrainingError: the data does not go with the model, or there is no epoch left.
    """

    def __init__(self, model: Model, images: LabelledImages, settings: TrainingSettings, done: int = 0) -> None:
        check_classes(model, images)
        check_single(model, images, settings)
        if done >= settings.epochs:
            raise TrainingError(f"the model has {done} epochs behind it already; give --epochs {done + 1} or more")
        self.model, self.images, self.settings, self.done = model, images, settings, done
        self.began = done
        self.started = self.seconds = 0.0
        self._losses: list[float] = []

    def pause(self, seconds: float) -> None:
        """Leave out of the count what was spent on something else, between two reports."""
        self.started += seconds

    def report(self, epoch: int, i: int, batches: int, loss: float) -> Report:
        """Make a report, and stop where the loss is no number."""
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} after mini-batch {i + 1} of epoch {epoch + 1}, so training stops: the learning "
                f"rate {self.settings.lr:g} is too high, give a lower one, as --lr {self.settings.lr / 10:g}"
            )
        self._losses.append(loss)
        running = None
        if (i + 1) % PRINT_EVERY == 0 or i + 1 == batches:
            running = sum(self._losses) / len(self._losses)
            self._losses.clear()
        self.seconds = time.perf_counter() - self.started
        behind = (epoch - self.began) * batches + i + 1
        ahead = (self.settings.epochs - epoch) * batches - i - 1
        left = self.seconds / behind * ahead if behind > 3 else None
        return Report(epoch + 1, self.settings.epochs, i + 1, batches, loss, running, self.seconds, left)


def check_classes(model: Model, images: LabelledImages) -> None:
    """Refuse data that a model can't know.

    Raises:
        TrainingError: more classes than the model has, or other ones.
    """
    known, given = model.card.classes, images.classes
    if len(given) > len(known):
        raise TrainingError(
            f"the data has {len(given)} classes and the model {len(known)}: use a model trained on such data"
        )
    if given != known:
        strange = next((name for name in given if name not in known), None)
        why = f"no class {strange}" if strange else "its classes in another order"
        raise TrainingError(f"the model, trained on {model.card.data}, has {why}: use a model trained on such data")


def check_single(model: Model, images: LabelledImages, settings: TrainingSettings) -> None:
    """Refuse mini-batches of one picture where a network can't learn from one: BatchNorm1d has no mean of it.

    Raises:
        TrainingError: it can't; the line holds a size of mini-batches that leaves no picture alone.
    """
    left = len(images) % settings.batch_size == 1 and settings.recipe == "slide"  # the fast recipe leaves those out
    if not (left or settings.batch_size == 1):
        return
    try:
        with torch.no_grad():
            copy.deepcopy(model.network).train()(model.card.normalisation.apply(images.pixels[:1]).contiguous())
    except (RuntimeError, ValueError) as error:
        fit = next(size for size in range(max(2, settings.batch_size), len(images) + 2) if len(images) % size != 1)
        raise TrainingError(
            f"in mini-batches of {settings.batch_size} one picture stands alone, and the network does not learn from "
            f"one ({str(error).splitlines()[0]}): give --batch-size {fit}"
        ) from None


def momentum_of(optimizer: torch.optim.Optimizer, network: nn.Module) -> dict[str, Tensor]:
    """The optimiser's momentum by the names of the network's parameters."""
    found = {name: optimizer.state[p].get("momentum_buffer") for name, p in network.named_parameters()}
    return {name: value.clone() for name, value in found.items() if value is not None}


def restore_momentum(optimizer: torch.optim.Optimizer, network: nn.Module, momentum: dict[str, Tensor]) -> None:
    """Let the optimiser go on with a momentum that was kept."""
    for name, parameter in network.named_parameters():
        if name in momentum:
            optimizer.state[parameter]["momentum_buffer"] = momentum[name].clone()
