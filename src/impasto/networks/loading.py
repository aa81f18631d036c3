"""Networks of one's own: a file of `impasto train`, or a chain of PyTorch's layers, from memory or from a file."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from impasto.networks.backbone import Backbone
from impasto.networks.scaling import evened
from impasto.networks.sequential import ENDS, IGNORED, from_sequential
from impasto.networks.table import NetworkError
from impasto.networks.trained import from_trained
from impasto.networks.weights import LARGEST

# What torchvision's models were trained on, and most others: ImageNet's mean and deviation, RGB in 0–1.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# All that a file may make besides numbers; a file that names anything else is refused, so no code of its own is run.
CLASSES: list[Any] = [nn.Sequential, nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d]
CLASSES += [nn.AdaptiveAvgPool2d, *IGNORED, *ENDS]
# What PyTorch raises at a file that isn't its own, or is broken.
UNREADABLE = (OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, UnpicklingError)


def load(
    source: str | os.PathLike[str] | nn.Sequential,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> Backbone:
    """A network to paint with, its features brought to the scale that the weights of losses count with.

    Args:
        source: a file that `impasto train` wrote; an nn.Sequential of Conv2d, ReLU, MaxPool2d and AvgPool2d (see
            :mod:`impasto.networks.sequential`); or a file that `torch.save` made of one.
        mean: of the pictures, RGB in 0–1, that an nn.Sequential was trained on; a file of `impasto train` has its own.
        std: their deviation.

    Raises:
        NetworkError: the file can't be read or holds something else, or a layer is of another kind.
    """
    if isinstance(source, nn.Module):
        return evened(from_sequential(_chain(source, "the network"), mean, std, "the network"))
    path = Path(source)
    if is_safetensors(path):
        return evened(from_trained(path))
    network = _chain(_unpickled(path), str(path))
    try:
        return evened(from_sequential(network, mean, std, str(path)))
    except (AttributeError, TypeError, LookupError, RuntimeError):  # a file may say anything of its layers
        raise NetworkError(f"{path}: its layers can't be read; save it again with: torch.save(network, path)") from None


def _chain(network: object, source: str) -> nn.Sequential:
    """The network, if it is a chain of layers."""
    if type(network) is nn.Sequential:
        return network
    kind = type(network).__name__
    raise NetworkError(f"{source}: it is a {kind}; give an nn.Sequential of its convolutions, ReLUs and poolings")


def is_safetensors(path: Path) -> bool:
    """Whether a file begins as such a file does: eight bytes of length, and JSON."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            why = f"it is no file, or larger than {LARGEST / 1e9:.0f} GB"
            raise NetworkError(f"{path} can't be read ({why}); give a file of a network")
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError as error:
        raise NetworkError(f"{path} can't be read ({error.strerror}); give a file of a network") from None


def _unpickled(path: Path) -> object:
    """What `torch.save` has put into a file, if it is made of `CLASSES` and numbers."""
    with torch.serialization.safe_globals(CLASSES):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except UNREADABLE:
            raise NetworkError(f"{path}: {_why(path)}") from None


def _why(path: Path) -> str:
    """Why a file could not be loaded: what it asks for that it may not have."""
    try:
        strange = torch.serialization.get_unsafe_globals_in_checkpoint(str(path))
    except UNREADABLE:
        strange = []
    if not strange:
        return "no network that can be read; give a file of impasto train, or an nn.Sequential of torch.save"
    return (
        f"it holds {', '.join(sorted(strange))}, which is not loaded; "
        "save an nn.Sequential of its convolutions, ReLUs and poolings alone"
    )
