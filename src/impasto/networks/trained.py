"""The convolutions of a classifier that `impasto train` has written.

A file of safetensors holds numbers and text, and can't run code. The text is a JSON object under the key "impasto", of
which the architecture and the normalisation of pictures are read here.
"""

import json
from collections import OrderedDict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import nn

from impasto.networks.backbone import Backbone
from impasto.networks.sequential import from_sequential
from impasto.networks.table import NetworkError


def _classifier() -> nn.Sequential:
    """The course's network up to its linear layers."""
    layers = OrderedDict[str, nn.Module](conv1=nn.Conv2d(3, 6, 5), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2))
    layers.update(conv2=nn.Conv2d(6, 16, 5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2))
    return nn.Sequential(layers)


def _modern() -> nn.Sequential:
    """The modern network up to its first shortcut, past which it is no chain."""

    def block(inputs: int, outputs: int) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())

    layers = OrderedDict[str, nn.Module](conv1=block(3, 24), pool1=nn.MaxPool2d(2))
    layers.update(conv2=block(24, 48), pool2=nn.MaxPool2d(2), conv3=block(48, 96))
    return nn.Sequential(layers)


CHAINS = {"classifier": _classifier, "modern": _modern}


def from_trained(path: Path) -> Backbone:
    """The convolutions, ReLUs and poolings of a file of `impasto train`, with its normalisation of pictures.

    Raises:
        NetworkError: the file is broken, or no such model.
    """
    try:
        with safe_open(path, "pt") as file:
            card = json.loads((file.metadata() or {}).get("impasto", "null"))
            network = CHAINS[card["architecture"]]()
            network.load_state_dict({name: file.get_tensor(name) for name in network.state_dict()})
            mean, std = (tuple(map(float, card["normalisation"][key])) for key in ("mean", "std"))
    except (SafetensorError, OSError, RuntimeError, LookupError, TypeError, ValueError):
        raise NetworkError(f"{path} is no model of Impasto's; give a file that impasto train wrote") from None
    return from_sequential(network, mean, std, str(path))
