"""A trained model as a file: safetensors, which holds numbers and text and can't run code.

The text is one JSON object under the key "impasto": classes, normalisation, architecture, data set, what it was
trained with, and its figures. Beside the network's numbers a file may hold the optimiser's momentum, so that training
can go on as if it had not stopped.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save
from torch import Tensor

from impasto.classify.classifier import ARCHITECTURES, Network
from impasto.classify.images import SIDE, LabelledImages, Normalisation
from impasto.images import PictureError
from impasto.images.names import is_file
from impasto.images.placing import check_place, placed

KEY, MOMENTUM = "impasto", "momentum."
LARGEST = 1_000_000_000
"""Bytes. A file that is larger is not read."""
SHIPPED = ("fashion-modern", "fashion-classifier")
"""The models that come with Impasto, by name."""


class ModelError(ValueError):
    """A model that can't be had, used or written; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Card:
    """What a model is, besides its numbers.

    Attributes:
        architecture: a name of `impasto.classify.classifier.ARCHITECTURES`.
        classes: what its scores stand for, in their order.
        normalisation: of the pixels that it takes.
        data: the data set that it was trained on.
        dark_ground: whether that shows bright things on black.
        training: recipe, epochs, batch size, learning rate, momentum, seed.
        figures: what came of it: accuracy on the test part, seconds of training.
    """

    architecture: str
    classes: tuple[str, ...]
    normalisation: Normalisation
    data: str
    dark_ground: bool = False
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Model:
    """A network with its card.

    Attributes:
        network: in evaluation mode when it was loaded.
        card: what it is.
        momentum: the optimiser's, by the network's parameters; empty where there is none.
    """

    network: Network
    card: Card
    momentum: dict[str, Tensor] = field(default_factory=dict)

    @property
    def grey(self) -> bool:
        """Whether it was trained on grey pictures."""
        return len(self.card.normalisation.mean) == 1

    def probabilities(self, pixels: Tensor) -> Tensor:
        """What the network makes of pictures: uint8 (B × C × 32 × 32) to B × classes, each row of sum 1."""
        self.network.eval()
        with torch.inference_mode():
            # oneDNN computes small networks a fifth sooner in this layout
            given = self.card.normalisation.apply(pixels).contiguous(memory_format=torch.channels_last)
            scores: Tensor = self.network(given)
            return scores.softmax(1)

    def save(self, path: str | os.PathLike[str], *, small: bool = False, new: bool = False) -> None:
        """Write the model, whole or not at all.

        Args:
            path: the file.
            small: leave the momentum out and keep numbers in 16 bits: a quarter of the size, and no resuming.
            new: whether a file that is there already is left as it is.

        Raises:
            ModelError: it can't be written.
            FileExistsError: a `new` file was asked for, and there is one.
        """
        tensors = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        if small:
            tensors = {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}
        else:
            tensors |= {MOMENTUM + name: value.contiguous() for name, value in self.momentum.items()}
        data = save(tensors, {KEY: json.dumps(asdict(self.card))})
        try:
            with placed(Path(path), new=new) as file:
                file.write(data)
        except PictureError as error:
            raise ModelError(str(error)) from error


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse before training what could not be written after it.

    Raises:
        ModelError: no such folder, or it may not be written in.
    """
    try:
        check_place(Path(path))
    except PictureError as error:
        raise ModelError(str(error)) from error


def untrained(architecture: str, images: LabelledImages) -> Model:
    """A new model for a data set, with random numbers of PyTorch's default generator.

    Raises:
        ModelError: no architecture has that name.
    """
    if architecture not in ARCHITECTURES:
        raise ModelError(f"no network is called {architecture!r}; choose one of: {', '.join(ARCHITECTURES)}")
    card = Card(architecture, images.classes, Normalisation.of(images), images.name, images.dark_ground)
    return Model(ARCHITECTURES[architecture](len(images.classes), SIDE), card)


def load(name: str | os.PathLike[str]) -> Model:
    """A model from a file, or one of `SHIPPED` by name.

    Raises:
        ModelError: there is no such file, it is broken, or no model of Impasto's.
    """
    if str(name) in SHIPPED:
        with as_file(files("impasto.classify") / "models" / f"{name}.safetensors") as path:
            return _read(path)
    if not is_file(name):
        raise ModelError(f"there is no model {name}: give a file of impasto train, or one of: {', '.join(SHIPPED)}")
    return _read(Path(name))


def _read(path: Path) -> Model:
    other = f"{path} is no model of Impasto's: give a file that impasto train wrote"
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too large a file")
        data = path.read_bytes()  # safe_open wants names in UTF-8
        tensors = parse(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        stored = json.loads(header.get("__metadata__", {}).get(KEY, "null"))
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is broken or no safetensors file: give a file that impasto train wrote") from error
    try:
        normalisation = Normalisation(*(tuple(map(float, stored["normalisation"][key])) for key in ("mean", "std")))
        card = Card(**{**stored, "classes": tuple(map(str, stored["classes"])), "normalisation": normalisation})
    except (TypeError, KeyError, ValueError):
        raise ModelError(other) from None
    if card.architecture not in ARCHITECTURES:
        raise ModelError(
            f"{path} is a model of the architecture {card.architecture!r}, which this version of Impasto does not "
            f"know; it knows: {', '.join(ARCHITECTURES)}"
        )
    network = ARCHITECTURES[card.architecture](len(card.classes), SIDE)
    momentum = {name.removeprefix(MOMENTUM): value for name, value in tensors.items() if name.startswith(MOMENTUM)}
    numbers = {name: value for name, value in tensors.items() if not name.startswith(MOMENTUM)}
    try:
        network.load_state_dict(numbers)
    except RuntimeError:
        raise ModelError(
            f"the numbers in {path} are not those of a {card.architecture} of {len(card.classes)} classes: "
            "it is a model of another architecture, train it anew"
        ) from None
    if not all(value.isfinite().all() for value in numbers.values()):
        raise ModelError(f"{path} holds numbers that are not finite: train it anew")
    return Model(network.eval(), card, momentum)
