"""VGG19 as a frozen extractor of features.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014: sixteen 3 × 3
convolutions, each with a ReLU, in five blocks with a 2 × 2 pooling between them. A layer's name stands for its
features after the ReLU.
"""

from collections.abc import Collection
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.networks.tiles import Tile
from impasto.networks.weights import LAYERS, Weights
from impasto.networks.winograd import ConvolutionReLU, transform_kernel

Pooling = Literal["max", "avg"]
# Below this many channels the transforms of Winograd's algorithm cost more than its products save.
WINOGRAD_CHANNELS = 128


class VGG19(nn.Module):
    """Features of pictures at the layers that are asked for.

    Args:
        weights: from :mod:`impasto.networks.weights`.
        layers: the names of the layers wanted, of conv1_1 … conv5_4; nothing above the last of them is computed.
        pooling: "max" as trained, or "avg" (Gatys et al. 2016, section 2.1: slightly more appealing results).
        device: where to compute.
        dtype: torch.float32, or torch.bfloat16 where the processor multiplies it faster; float64 for tests.
        prepare: transform kernels for Winograd's algorithm where it is faster; for one pass or two, that takes longer
            than it saves.
    """

    def __init__(
        self,
        weights: Weights,
        layers: Collection[str],
        *,
        pooling: Pooling = "max",
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        prepare: bool = True,
    ) -> None:
        super().__init__()
        order = list(LAYERS)
        last = max(order.index(name) for name in layers)
        self.layers = frozenset(layers)
        self.names = order[: last + 1]
        self.pool = F.max_pool2d if pooling == "max" else F.avg_pool2d
        self.dtype = dtype
        self.register_buffer("mean", torch.tensor(weights.mean, device=device).view(1, 3, 1, 1))
        winograd = prepare and torch.device(device).type == "cpu" and dtype == torch.float32
        self.winograd: set[str] = set()
        for name in self.names:
            kernel = weights.kernels[name]
            self.register_buffer(f"{name}_bias", weights.biases[name].to(device, dtype))
            if winograd and min(kernel.shape[:2]) >= WINOGRAD_CHANNELS:
                self.winograd.add(name)
                adjoint = kernel.transpose(0, 1).flip(2, 3)
                self.register_buffer(f"{name}_kernel", transform_kernel(kernel))
                self.register_buffer(f"{name}_adjoint", transform_kernel(adjoint))
            else:
                # Channels last is the layout in which the processor's convolutions need no reordering.
                kernel = kernel.to(device, dtype).contiguous(memory_format=torch.channels_last)
                self.register_buffer(f"{name}_kernel", kernel)

    def forward(self, picture: Tensor, tile: Tile | None = None) -> dict[str, Tensor]:
        """The features of a picture, or those in the core of a tile of it.

        Args:
            picture: B × 3 × H × W, RGB in 0–255; of a tile, the pixels that it reads.
            tile: made for the layers of this network.

        Returns:
            layer → B × N × H' × W', in the network's dtype, in the layers' order.
        """
        x = (picture - self.get_buffer("mean")).to(self.dtype).contiguous(memory_format=torch.channels_last)
        features, block = {}, "1"
        for name in self.names:
            if name[4] != block:
                x, block = self.pool(x, 2), name[4]  # (B, N, H // 2, W // 2)
                x = x if tile is None else tile.trim(x, int(block) - 1)
            kernel, bias = self.get_buffer(f"{name}_kernel"), self.get_buffer(f"{name}_bias")
            if name in self.winograd:
                x = ConvolutionReLU.apply(x, kernel, bias, self.get_buffer(f"{name}_adjoint"))  # type: ignore[no-untyped-call]
            else:
                x = F.conv2d(x, kernel, bias, padding=1).relu_()
            if name in self.layers:
                features[name] = x if tile is None else tile.core_of(x, int(block) - 1)
        return features
