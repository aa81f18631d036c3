"""Why a model says what it says of a picture: Grad-CAM, occlusion and the gradient.

The three are written here, since explanations are what Impasto is for; a library for them would bring more than it
saves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from impasto import images
from impasto.classify.images import SIDE
from impasto.classify.model import Model
from impasto.classify.prepare import prepared
from impasto.convolution.watching import watched
from impasto.images import Picture
from impasto.look.layers import LookError

PATCH = 4
"""The side of the grey square that covers a part of the picture is the picture's by so much."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Why:
    """Why a class was named.

    Attributes:
        photo: the picture as the network takes it.
        label: the class.
        probability: its share, 0 to 1.
        others: the next classes with theirs.
        cam: Grad-CAM, H × W as the photo, from 0 to 1.
        covered: how much of the class's share is lost where a square covers the picture, H × W; negative where it
            gains.
        gradient: how much the class's score changes with each pixel, H × W, from 0 to 1.
        layer: whose features Grad-CAM reads.
    """

    photo: Picture
    label: str
    probability: float
    others: tuple[tuple[str, float], ...]
    cam: Floats
    covered: Floats
    gradient: Floats
    layer: str


def explain(model: Model, photo: Any, label: str | None = None) -> Why:
    """Explain what a model says of a picture.

    Args:
        model: which says it.
        photo: whatever :func:`impasto.images.read` takes; it is prepared as `impasto classify` does it.
        label: the class to explain; the most probable one.

    Raises:
        LookError: there is no such class, or the network has no convolution.
        PictureError: the photo can't be read.
    """
    classes = model.card.classes
    if label is not None and label not in classes:
        raise LookError(f"the model has no class {label!r}; it has: {', '.join(classes)}")
    picture = images.read(photo)
    pixels = torch.from_numpy(prepared(picture, model.card.dark_ground, model.side)[0])[None]
    network, given = model.network.eval(), model.card.normalisation.apply(pixels).contiguous()
    shares = model.probabilities(pixels)[0].tolist()
    order = sorted(range(len(classes)), key=lambda index: -shares[index])
    index = order[0] if label is None else classes.index(label)
    layer, cam = grad_cam(network, given, index)
    shown = np.ascontiguousarray(np.broadcast_to(pixels[0].numpy(), (3, model.side, model.side)).transpose(1, 2, 0))
    return Why(
        photo=Picture(shown, picture.name),
        label=classes[index],
        probability=shares[index],
        others=tuple((classes[each], shares[each]) for each in order if each != index)[:2],
        cam=cam,
        covered=occlusion(network, given, index),
        gradient=saliency(network, given, index),
        layer=layer,
    )


def grad_cam(network: nn.Module, given: Tensor, index: int) -> tuple[str, Floats]:
    """Where the last convolution's features speak for a class (Selvaraju et al. 2017, equations 1 and 2).

    ReLU(Σ_k α_k A^k), α_k the mean of ∂score / ∂A^k over the positions.

    Args:
        network: gives scores, B × classes.
        given: what it takes of one picture, 1 × 3 × H × W.
        index: the class.

    Returns:
        The convolution's name; and H × W from 0 to 1, 0 everywhere where nothing speaks for the class.

    Raises:
        LookError: there is no convolution.
    """
    found: list[tuple[str, Tensor]] = []

    def note(name: str, _layer: nn.Module, _given: object, output: Tensor) -> Tensor:
        found.append((name, output))
        return output.clone()  # what follows may change it in place

    convolutions = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Conv2d)]
    with torch.enable_grad(), watched(convolutions, note):
        score = network(given.clone().requires_grad_())[0, index]
    if not found:
        raise LookError("this network has no convolution, whose features could be looked at; try another model")
    name, features = found[-1]
    (slope,) = torch.autograd.grad(score, features)
    weights = slope.mean((2, 3), keepdim=True)
    cam = F.relu((weights * features.relu()).sum(1, keepdim=True)).detach()
    cam = F.interpolate(cam, size=given.shape[2:], mode="bilinear", align_corners=False)[0, 0]
    return name, _to_one(cam)


def occlusion(network: nn.Module, given: Tensor, index: int) -> Floats:
    """How much of a class's share is lost where the picture is covered (Zeiler and Fergus 2014).

    Args:
        network: gives scores, B × classes.
        given: what it takes of one picture, 1 × 3 × H × W; its mean, 0, is the square's colour.
        index: the class.

    Returns:
        H × W: at each pixel the mean loss over all squares that cover it.
    """
    height, width = given.shape[2:]
    patch = height // PATCH
    places = [(top, left) for top in _starts(height, patch) for left in _starts(width, patch)]
    covered = given.repeat(len(places), 1, 1, 1)
    for each, (top, left) in zip(covered, places, strict=True):
        each[:, top : top + patch, left : left + patch] = 0
    with torch.no_grad():
        share = network(given).softmax(1)[0, index]
        lost = share - network(covered).softmax(1)[:, index]
    total, count = torch.zeros(height, width), torch.zeros(height, width)
    for (top, left), each in zip(places, lost, strict=True):
        total[top : top + patch, left : left + patch] += each
        count[top : top + patch, left : left + patch] += 1
    return np.asarray((total / count).numpy(), np.float32)


def saliency(network: nn.Module, given: Tensor, index: int) -> Floats:
    """How much a class's score changes with each pixel (Simonyan et al. 2014): max over colours of |∂score / ∂x|.

    Returns:
        H × W from 0 to 1.
    """
    leaf = given.clone().requires_grad_()
    with torch.enable_grad():
        score = network(leaf)[0, index]
    (slope,) = torch.autograd.grad(score, leaf)
    return _to_one(slope[0].abs().amax(0))


def _starts(side: int, patch: int) -> range:
    """Where squares begin along a side, so that every pixel is covered: fewer where a network takes large pictures."""
    return range(0, max(1, side - patch + 1), patch // 4 if side <= SIDE else patch // 2)


def _to_one(values: Tensor) -> Floats:
    return np.asarray((values / values.max().clamp(min=1e-12)).numpy(), np.float32)
