"""The convolutions of a classifier that `impasto train` has written.

A file of safetensors holds numbers and text, and can't run code. The text is a JSON object under the key "impasto", of
which the architecture, or a description of the layers, and the normalisation of pictures are read here.
"""

import json
from collections import OrderedDict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import nn

from impasto.networks.backbone import Backbone
from impasto.networks.described import Chain, Description, built
from impasto.networks.sequential import from_sequential
from impasto.networks.table import NetworkError


def _classifier() -> nn.Sequential:
    """The course's network up to its linear layers."""
    first, second = (nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2)), (nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential(OrderedDict(features=nn.Sequential(*first, *second)))


def _modern() -> nn.Sequential:
    """The modern network up to its first shortcut, past which it is no chain."""

    def block(inputs: int, outputs: int) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())

    layers = OrderedDict[str, nn.Module](conv1=block(3, 24), pool1=nn.MaxPool2d(2))
    layers.update(conv2=block(24, 48), pool2=nn.MaxPool2d(2), conv3=block(48, 96))
    return nn.Sequential(layers)


CHAINS = {"classifier": _classifier, "modern": _modern}
VGG19_HEAD = "vgg19-head"
"""The architecture of a model that has VGG19's features, and only a linear layer of its own."""
OLD_NAMES = {
    "conv1": "features.0", "conv2": "features.3", "fc1": "classifier.0", "fc2": "classifier.2", "fc3": "classifier.4",
}  # fmt: skip
"""What the classifier's layers were called in files before it was the slide's word for word."""


def present_name(architecture: str, name: str) -> str:
    """What the numbers are called today that a file of an architecture has under a name."""
    layer, _, numbers = name.rpartition(".")
    return f"{OLD_NAMES[layer]}.{numbers}" if architecture == "classifier" and layer in OLD_NAMES else name


def from_trained(path: Path) -> Backbone:
    """The convolutions, ReLUs and poolings of a file of `impasto train`, with its normalisation of pictures.

    Raises:
        NetworkError: the file is broken, or no such model.
    """
    try:
        with safe_open(path, "pt") as file:
            card = json.loads((file.metadata() or {}).get("impasto", "null"))
            architecture = card["architecture"]
            if architecture == VGG19_HEAD:
                raise NetworkError(f"{path} has VGG19's features and no others: to paint with VGG19, leave it out")
            chain, network = _network(path, architecture, card.get("layers"))
            stored = file.keys()
            names = {present_name(architecture, name): name for name in stored}
            network.load_state_dict({name: file.get_tensor(names[name]) for name in network.state_dict()}, assign=True)
            mean, std = (tuple(map(float, card["normalisation"][key])) for key in ("mean", "std"))
    except NetworkError:
        raise
    except (SafetensorError, OSError, RuntimeError, LookupError, TypeError, ValueError, AttributeError):
        raise NetworkError(f"{path} is no model of Impasto's; give a file that impasto train wrote") from None
    return from_sequential(chain, mean, std, str(path))


def _network(path: Path, architecture: str, described: Description | None) -> tuple[nn.Sequential, nn.Module]:
    """The layers one after another, and what has them under the names that they have in the file."""
    if architecture in CHAINS:
        chain = CHAINS[architecture]()
        return chain, chain
    if described is None and ":" in architecture:
        raise NetworkError(
            f"{path} does not describe its layers; give a model of a plain chain of layers to paint with"
        )
    layers = built(described or [])
    return nn.Sequential(*(layer for _, layer in layers)), Chain(layers)
