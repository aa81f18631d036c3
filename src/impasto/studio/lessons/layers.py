"""What a picture becomes in each of a network's layers, in the order in which it passes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from impasto.classify.model import Model
from impasto.convolution.watching import watched

UNSEEN = (nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)
"""Layers that change no number when a picture is judged."""


@dataclass
class Passed:
    """One layer that the picture passed.

    Attributes:
        name: the layer's, in the network.
        layer: itself; a block with a normalisation is one.
        read: what it was given, C × H × W, or N numbers.
        made: what came out, after the ReLU where one follows.
        rectified: whether one does.
    """

    name: str
    layer: nn.Module
    read: Tensor
    made: Tensor
    rectified: bool = False


def passes(model: Model, pixels: Any) -> tuple[list[Passed], Tensor]:
    """Show a picture to a network.

    Args:
        model: its card says how pixels are normalised.
        pixels: uint8, C × 32 × 32.

    Returns:
        The layers, and the scores that the network gives, one for each class.
    """
    found: list[Passed] = []

    def note(name: str, layer: nn.Module, read: tuple[Tensor, ...], made: Tensor) -> None:
        if isinstance(layer, UNSEEN):
            return
        if not isinstance(layer, nn.ReLU):
            found.append(Passed(name, layer, read[0][0], made[0]))
        elif found:  # it is shown with the layer before it
            found[-1].made, found[-1].rectified = made[0], True

    scores: list[Tensor] = []
    network = model.network
    whole = watched([("", network)], lambda _name, _layer, _read, made: scores.append(made[0]))
    with watched(_layers(network), note), whole:
        model.probabilities(torch.from_numpy(pixels)[None])
    return found, scores[0]


def _layers(network: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, child in network.named_children():
        if type(child) in (nn.Sequential, nn.Module):  # the latter holds described layers that share a first name
            yield from _layers(child, f"{path}{name}.")
        else:
            yield f"{path}{name}", child
