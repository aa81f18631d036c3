"""Features brought to a scale: the weights of losses then mean the same whichever network or numbers are used.

ReLU, poolings and convolutions without their bias commute with a positive factor, so a layer's features are scaled by
scaling its kernels and biases.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from impasto.networks.backbone import Backbone
from impasto.networks.extractor import Extractor

# Pixels of the side of the picture on which means are taken.
SIZE = 160
# A layer of C features is brought to a mean of this times √C, which brings the terms 10 / C² · G² of style to one order
# at all layers. VGG19 with its packaged weights has 2 to 19 at the layers that paintings listen to.
LOUDNESS = 10.0


def evened(backbone: Backbone) -> Backbone:
    """The same network with all of its convolutions about as loud, for networks about which nothing is known."""
    table = backbone.table
    return scaled(backbone, {name: LOUDNESS * table.channels(name) ** 0.5 for name in table.convolutions})


def scaled(backbone: Backbone, means: Mapping[str, float]) -> Backbone:
    """The same network with each convolution's mean feature, on one fixed picture, as `means` has it.

    A convolution that is silent there keeps the scale of the one before it.
    """
    ours = mean_features(backbone)
    kernels, biases, before = {}, {}, 1.0
    for name in backbone.table.convolutions:
        factor = means[name] / ours[name] if ours[name] > 0 else before
        kernels[name] = backbone.kernels[name] * (factor / before)
        biases[name] = backbone.biases[name] * factor
        before = factor
    return replace(backbone, kernels=kernels, biases=biases)


def mean_features(backbone: Backbone) -> dict[str, float]:
    """The mean size of each convolution's features on one fixed picture."""
    picture = _cloud(max(SIZE, backbone.table.smallest))
    with torch.no_grad():
        features = Extractor(backbone, backbone.table.convolutions, prepare=False)(picture)
    return {name: found.abs().mean().item() for name, found in features.items()}


def _cloud(size: int) -> Tensor:
    """A cloud of colours with a photo's spectrum (1/f), 1 × 3 × size × size in 0–255."""
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    rows, columns = torch.fft.fftfreq(size), torch.fft.rfftfreq(size)
    frequency = (rows[:, None].square() + columns.square()).sqrt().clamp(min=1 / size)
    cloud: Tensor = torch.fft.irfft2(torch.fft.rfft2(noise) / frequency, s=(size, size))
    return (128 + 60 * cloud / cloud.std()).clamp(0, 255)
