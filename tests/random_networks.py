"""Networks with random numbers: small ones, in which float64 is bearable."""

import torch

from impasto.networks.backbone import Backbone
from impasto.networks.weights import packaged


def drawn(table, seed, dtype=torch.float32):
    """A table with random numbers."""
    generator, kernels, biases, inputs = torch.Generator().manual_seed(seed), {}, {}, 3
    for layer in table.steps:
        if layer.kind == "convolution":
            spread = (2 / (layer.kernel**2 * inputs)) ** 0.5
            shape = layer.channels, inputs, layer.kernel, layer.kernel
            kernels[layer.name] = spread * torch.randn(shape, generator=generator, dtype=dtype)
            biases[layer.name] = torch.randn(layer.channels, generator=generator, dtype=dtype)
        inputs = layer.channels
    return Backbone(table, kernels, biases, packaged().mean)
