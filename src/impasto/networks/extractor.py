"""A network as a frozen extractor of features: it runs a table with its numbers."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.networks.backbone import Backbone
from impasto.networks.rectified import convolved
from impasto.networks.table import Layer, Pooling
from impasto.networks.tiles import Tile, tiles
from impasto.networks.winograd import ConvolutionReLU, transform_kernel

# Below this many channels the transforms of Winograd's algorithm cost more than its products save.
WINOGRAD_CHANNELS = 128


class Extractor(nn.Module):
    """Features of pictures at the layers that are asked for.

    Args:
        backbone: the network, as :func:`impasto.networks.weights.packaged` and :func:`impasto.networks.loading.load`
            give it.
        layers: the names of the layers wanted, if any; nothing after the last of them is computed.
        pooling: "max" or "avg" (Gatys et al. 2016, section 2.1: slightly more appealing results); None for that with
            which the network was trained.
        device: where to compute.
        dtype: torch.float32, or torch.bfloat16 where the processor multiplies it faster; float64 for tests.
        replicate: a convolution pads with the numbers at the edge instead of zeros. Zeros are an edge all
            around a picture, and painting it adds to a frame there.
        prepare: transform kernels for Winograd's algorithm where it is faster; for one pass or two, that takes longer
            than it saves.

    Attributes:
        names: the layers that may be asked for.
        layers: those that are.
        smallest: the side in pixels of the smallest picture in which the last of them has a position.
        dtype: in which it computes.

    Raises:
        NetworkError: a layer that the network doesn't have.
    """

    mean: Tensor

    def __init__(
        self,
        backbone: Backbone,
        layers: Collection[str],
        *,
        pooling: Pooling | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        replicate: bool = False,
        prepare: bool = True,
    ) -> None:
        super().__init__()
        self.names = backbone.table.names
        self.layers = frozenset(layers)
        table = backbone.table.up_to(self.layers)
        self.table = table if pooling is None else table.with_pooling(pooling)
        self.smallest = self.table.smallest
        self.dtype = dtype
        self.replicate = replicate
        self.register_buffer("mean", torch.tensor(backbone.mean, device=device).view(1, 3, 1, 1))
        winograd = prepare and torch.device(device).type == "cpu" and dtype == torch.float32
        self.winograd: set[str] = set()
        for layer in self.table.steps:
            if layer.kind == "pooling":
                continue
            name, kernel = layer.name, backbone.kernels[layer.name]
            self.register_buffer(f"{name}_bias", backbone.biases[name].to(device, dtype))
            if winograd and self._suits_winograd(layer, kernel):
                self.winograd.add(name)
                adjoint = kernel.transpose(0, 1).flip(2, 3)
                self.register_buffer(f"{name}_kernel", transform_kernel(kernel))
                self.register_buffer(f"{name}_adjoint", transform_kernel(adjoint))
            else:
                # Channels last is the layout in which the processor's convolutions need no reordering.
                kernel = kernel.to(device, dtype).contiguous(memory_format=torch.channels_last)
                self.register_buffer(f"{name}_kernel", kernel)

    def channels(self, name: str) -> int:
        """How many features a layer gives.

        Raises:
            NetworkError: a layer that isn't computed.
        """
        return self.table.channels(name)

    def tiles(
        self, height: int, width: int, pixels: int | None, reach: int = 1, paces: Sequence[float] = (1.0,)
    ) -> list[Tile]:
        """The tiles of a picture for the layers wanted; see :func:`impasto.networks.tiles.tiles`."""
        return tiles(height, width, self.table, self.layers, pixels, reach, paces)

    def forward(self, picture: Tensor, tile: Tile | None = None) -> dict[str, Tensor]:
        """The features of a picture, or those in the core of a tile of it.

        Args:
            picture: B × 3 × H × W, RGB in 0–255; of a tile, the pixels in its window.
            tile: made by :meth:`tiles`.

        Returns:
            layer → B × N × H' × W', in the network's dtype, in the layers' order.
        """
        x = (picture - self.mean).to(self.dtype).contiguous(memory_format=torch.channels_last)
        if self.table.layers and self.table.layers[0].kind == "relu":
            x = x.relu()
        features = {}
        for layer in self.table.steps:
            x = self._pooled(x, layer) if layer.kind == "pooling" else self._convolved(x, layer)
            if tile is not None:
                x = tile.trim(x, layer.name)
            if layer.name in self.layers:
                features[layer.name] = x if tile is None else tile.core_of(x, layer.name)
        return features

    def _suits_winograd(self, layer: Layer, kernel: Tensor) -> bool:
        """Whether :mod:`impasto.networks.winograd` computes such a convolution, and sooner."""
        numbers = (layer.kernel, layer.padding, layer.stride, layer.dilation)
        wide = min(kernel.shape[:2]) >= WINOGRAD_CHANNELS
        return wide and numbers == (3, 1, 1, 1) and layer.name in self.table.rectified

    def _convolved(self, x: Tensor, layer: Layer) -> Tensor:
        """The features of a convolution, after the ReLU that follows it."""
        kernel, bias = self.get_buffer(f"{layer.name}_kernel"), self.get_buffer(f"{layer.name}_bias")
        margin = layer.padding if self.replicate else 0
        if margin:
            x = F.pad(x, (margin,) * 4, mode="replicate")
        if layer.name in self.winograd:
            adjoint = self.get_buffer(f"{layer.name}_adjoint")
            made: Tensor = ConvolutionReLU.apply(x, kernel, bias, adjoint)  # type: ignore[no-untyped-call]
            return F.pad(made, (-margin,) * 4) if margin else made
        if margin:
            layer = replace(layer, padding=0)
        if x.is_cuda and layer.name in self.table.rectified:
            return convolved(x, kernel, bias, layer)
        x = F.conv2d(x, kernel, bias, layer.stride, layer.padding, layer.dilation)
        return x.relu_() if layer.name in self.table.rectified else x

    def _pooled(self, x: Tensor, layer: Layer) -> Tensor:
        """The features of a pooling, after the ReLU that follows it."""
        if layer.pooling == "max":
            x = F.max_pool2d(x, layer.kernel, layer.stride, layer.padding, layer.dilation)
        else:
            x = F.avg_pool2d(x, layer.kernel, layer.stride, layer.padding)
        return x.relu() if layer.name in self.table.rectified else x
