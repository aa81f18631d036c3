"""A trained model as a file: safetensors, which holds numbers and text and can't run code.

The text is one JSON object under the key "impasto": classes, normalisation, architecture, data set, what it was
trained with, and its figures. Beside the network's numbers a file may hold the optimiser's momentum, so that training
can go on as if it had not stopped.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save
from torch import Tensor, nn

from impasto.classify.classifier import ARCHITECTURES, Network
from impasto.classify.images import SIDE, LabelledImages, Normalisation
from impasto.classify.own import Own
from impasto.classify.vgg19_head import NORMALISATION, VGG19Head
from impasto.convolution.shapes import ShapeError, shapes
from impasto.images import PictureError
from impasto.images.names import is_file
from impasto.images.placing import check_place, placed
from impasto.networks.described import Chain, Description, built
from impasto.networks.table import NetworkError
from impasto.networks.trained import VGG19_HEAD, present_name

KEY, MOMENTUM = "impasto", "momentum."
LARGEST = 1_000_000_000
"""Bytes. A file that is larger is not read."""
WIDEST = 10_000_000
"""Numbers that a layer which a file describes may give for a picture."""
SHIPPED = ("fashion-modern", "fashion-classifier")
"""The models that come with Impasto, by name."""


class ModelError(ValueError):
    """A model that can't be had, used or written; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Card:
    """What a model is, besides its numbers.

    Attributes:
        architecture: a name of `impasto.classify.classifier.ARCHITECTURES`, vgg19-head, or where the class is:
            mynet.py:Mine.
        classes: what its scores stand for, in their order.
        normalisation: of the pixels that it takes.
        data: the data set that it was trained on.
        dark_ground: whether that shows bright things on black.
        training: recipe, epochs, batch size, learning rate, momentum, seed.
        figures: what came of it: accuracy on the test part, seconds of training.
        layers: of a network of somebody's own, in words; None where words do not say all that it does.
    """

    architecture: str
    classes: tuple[str, ...]
    normalisation: Normalisation
    data: str
    dark_ground: bool = False
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    layers: Description | None = None


@dataclass(eq=False)
class Model:
    """A network with its card.

    Attributes:
        network: in evaluation mode when it was loaded.
        card: what it is.
        momentum: the optimiser's, by the network's parameters; empty where there is none.
    """

    network: nn.Module
    card: Card
    momentum: dict[str, Tensor] = field(default_factory=dict)

    @property
    def side(self) -> int:
        """Of the pictures that it takes, in pixels."""
        return self.network.height if isinstance(self.network, Network) else SIDE

    @property
    def grey(self) -> bool:
        """Whether it was trained on grey pictures."""
        return len(self.card.normalisation.mean) == 1

    def probabilities(self, pixels: Tensor) -> Tensor:
        """What the network makes of pictures: uint8 (B × C × side × side) to B × classes, each row of sum 1."""
        self.network.eval()
        with torch.inference_mode():
            # oneDNN computes small networks a fifth sooner with channels last; a network of one's own may use `view`
            ours = isinstance(self.network, Network)
            layout = torch.channels_last if ours else torch.contiguous_format
            scores: Tensor = self.network(self.card.normalisation.apply(pixels).contiguous(memory_format=layout))
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
        tensors = {
            name: value.clone(memory_format=torch.contiguous_format)  # the file knows no tensor of two names
            for name, value in self.network.state_dict().items()
        }
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


def untrained(architecture: str | Own, images: LabelledImages) -> Model:
    """A new model for a data set, with random numbers of PyTorch's default generator.

    Args:
        architecture: a name of `impasto.classify.classifier.ARCHITECTURES`, vgg19-head, or a class of somebody's own.
        images: what it is to learn.

    Raises:
        ModelError: no architecture has that name, or numbers of one's own can't be saved.
        ShapeError: layers of one's own do not fit together.
        OwnError: code of one's own fails.
    """
    layers = None
    normalisation = Normalisation.of(images)
    if isinstance(architecture, Own):
        name, network = architecture.named, architecture.build(len(images.classes))
        layers = architecture.check(network, len(images.classes))
        for key, value in network.state_dict().items():
            if not isinstance(value, Tensor) or key.startswith(MOMENTUM):
                raise ModelError(f"{name}: {key} can't be kept in a file; let it be a tensor of another name")
    elif architecture == VGG19_HEAD:
        name, network, normalisation = architecture, VGG19Head(len(images.classes)), NORMALISATION
    elif architecture in ARCHITECTURES:
        name, network = architecture, ARCHITECTURES[architecture](len(images.classes), SIDE)
    else:
        known = f"{', '.join(ARCHITECTURES)}, or a class of your own, as mynet.py:Mine"
        raise ModelError(f"no network is called {architecture!r}; choose one of: {known}")
    card = Card(name, images.classes, normalisation, images.name, images.dark_ground, layers=layers)
    return Model(network, card)


def load(name: str | os.PathLike[str], own: Own | None = None) -> Model:
    """A model from a file, or one of `SHIPPED` by name.

    Args:
        name: the file, or the name.
        own: the class of its network. Without it, only code of Impasto's is run, whatever the file says.

    Raises:
        ModelError: there is no such file, it is broken, or no model of Impasto's, or of another network.
        ShapeError: layers of one's own do not fit together.
        OwnError: code of one's own fails.
    """
    if str(name) in SHIPPED:
        with as_file(files("impasto.classify") / "models" / f"{name}.safetensors") as path:
            return _read(path, own)
    if not is_file(name):
        raise ModelError(f"there is no model {name}: give a file of impasto train, or one of: {', '.join(SHIPPED)}")
    return _read(Path(name), own)


def _read(path: Path, own: Own | None) -> Model:
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
        texts = {"architecture": str(stored["architecture"]), "classes": tuple(map(str, stored["classes"]))}
        card = Card(**{**stored, **texts, "normalisation": normalisation})
    except (TypeError, KeyError, ValueError):
        raise ModelError(other) from None
    network = _network(path, card, own)
    momentum = {name.removeprefix(MOMENTUM): value for name, value in tensors.items() if name.startswith(MOMENTUM)}
    numbers = {name: value for name, value in tensors.items() if not name.startswith(MOMENTUM)}
    numbers, momentum = (
        {present_name(card.architecture, name): value for name, value in each.items()} for each in (numbers, momentum)
    )
    wanted = network.state_dict()
    if differs := _difference({name: value.shape for name, value in wanted.items()}, numbers):
        if own:
            raise ModelError(
                f"the numbers in {path} do not fit the class {own.named}: {differs}; give the class that it was "
                "trained with"
            )
        of = f"a {card.architecture} of {len(card.classes)} classes"
        raise ModelError(
            f"the numbers in {path} are not those of {of}: {differs}; it is a model of "
            "another architecture, train it anew"
        )
    if not all(value.isfinite().all() for value in numbers.values()):
        raise ModelError(f"{path} holds numbers that are not finite: train it anew")
    if any(value.is_meta for value in wanted.values()):
        network.to_empty(device="cpu")
    network.load_state_dict(numbers, strict=False)  # the names were compared; a head's file has none of VGG19's
    if own is not None:
        card = replace(card, architecture=own.named, layers=own.check(network, len(card.classes)))
    return Model(network.eval(), card, momentum)


def _network(path: Path, card: Card, own: Own | None) -> nn.Module:
    """The network that a card speaks of, with any numbers or none."""
    if own is not None:
        return own.build(len(card.classes))
    if card.architecture == VGG19_HEAD:
        return VGG19Head(len(card.classes))
    if card.architecture in ARCHITECTURES:
        return ARCHITECTURES[card.architecture](len(card.classes), SIDE)
    if card.layers is not None:
        return _described(path, card.layers, len(card.classes))
    if ":" in card.architecture:
        raise ModelError(
            f"{path} needs the class that it was trained with, for its layers alone do not say what it does: "
            f"name it, as --class {card.architecture} (with train --resume, as --model)"
        )
    raise ModelError(
        f"{path} is a model of the architecture {card.architecture!r}, which this version of Impasto does not "
        f"know; it knows: {', '.join(ARCHITECTURES)}"
    )


def _described(path: Path, layers: Description, classes: int) -> Chain:
    """The layers that a file describes, if a picture passes them and becomes a score for each class."""
    try:
        chain = Chain(built(layers))
        rows = shapes(chain, SIDE)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:  # a file may say anything
        why = error if isinstance(error, NetworkError | ShapeError) else "its layers do not take pictures"
        raise ModelError(f"{path} is no model of Impasto's: {why}") from None
    if not rows or rows[-1].output != (classes,) or max(math.prod(row.output) for row in rows) > WIDEST:
        raise ModelError(f"{path} is no model of Impasto's: its layers do not make {classes} scores of a picture")
    return chain


def _difference(wanted: Mapping[str, torch.Size], given: Mapping[str, Tensor]) -> str | None:
    """The first of a network's numbers that a file does not have, or has in another shape."""
    for name, shape in wanted.items():
        if name not in given:
            return f"the file has no {name}"
        if given[name].shape != shape:
            theirs, ours = (" × ".join(map(str, each)) or "one" for each in (given[name].shape, shape))
            return f"{name} is {theirs} in the file, and {ours} in the network"
    strange = next((name for name in given if name not in wanted), None)
    return f"the network has no {strange}" if strange else None
