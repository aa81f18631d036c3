"""A convolution with a ReLU and a 2 × 2 max-pooling, as one matrix product: the same numbers as the three layers give.

A layer of few channels leaves a processor's arithmetic idle: the course's first convolution has one matrix row per
output of 25 numbers (75 in colour). But the four outputs that a pooling compares read almost the same pixels, a patch
of (k + 1) × (k + 1). Here each such patch is one row, and each kernel four columns, moved by nothing, one to the
right, one down, and both: a quarter of the rows, four times the columns, and the pooling is a maximum of four blocks
side by side. For a 5 × 5 kernel that is 36 / 25 of the multiplications, done several times as fast.

A picture whose three channels are one (grey, expanded) has its kernels summed over the channels first.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from impasto.classify.classifier import Classifier

PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Where a pooling's four outputs lie: rows down, columns to the right."""


def forward(network: nn.Module, x: Tensor) -> Tensor:
    """What `network(x)` gives; for the course's classifier by the products above, for others as it is."""
    if type(network) is Classifier and all(side % 4 == 0 for side in x.shape[2:]):
        first, second = (cast(nn.Conv2d, network.features[place]) for place in (0, 3))
        weight = first.weight
        if x.stride(1) == 0:  # three times the same channel
            x, weight = x[:, :1], weight.sum(1, keepdim=True)
        y = convolve_pool(x.permute(0, 2, 3, 1), weight, first.bias)  # (B, 14, 14, 6)
        y = convolve_pool(y, second.weight, second.bias)  # (B, 5, 5, 16)
        y = y.permute(0, 3, 1, 2).flatten(1)  # the slide's network flattens in this order
        scores: Tensor = network.classifier(y)
        return scores
    as_it_is: Tensor = network(x)
    return as_it_is


def convolve_pool(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """relu(max-pool(convolution)), which is max-pool(relu(convolution)).

    Args:
        x: B × H × W × C, channels last; H and W even.
        weight: N × C × k × k with k odd.
        bias: N.

    Returns:
        B × (H − k + 1) / 2 × (W − k + 1) / 2 × N; under autocast in its type, as a convolution would give it.
    """
    if torch.is_autocast_enabled(x.device.type):  # autocast does not look into functions with gradients of their own
        dtype = torch.get_autocast_dtype(x.device.type)
        x, weight, bias = x.to(dtype), weight.to(dtype), bias if bias is None else bias.to(dtype)
    made: Tensor = ConvolvePool.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return made


class ConvolvePool(torch.autograd.Function):
    """The product, the maximum and the ReLU, and their gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """See :func:`convolve_pool`."""
        batch, height, width, _ = x.shape
        outputs, _, kernel, _ = weight.shape
        rows, columns, half = (height - kernel + 1) // 2, (width - kernel + 1) // 2, (kernel + 1) // 2
        patches = cut(x, half, rows, columns)  # (B·rows·columns, half·half·4·C)
        moved = spread(weight)  # (4·N, half·half·4·C)
        four = (patches @ moved.t()).view(-1, 4, outputs)
        first, second, third, fourth = four.unbind(1)
        best = torch.maximum(torch.maximum(first, second), torch.maximum(third, fourth))
        ctx.save_for_backward(patches, moved, four, best, bias)
        ctx.shapes = (x.shape, weight.shape, rows, columns)
        return (best + bias).relu_().view(batch, rows, columns, outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """To where the maximum came from, the first such place as PyTorch's pooling has it."""
        patches, moved, four, best, bias = ctx.saved_tensors
        shape, weight_shape, rows, columns = ctx.shapes
        upstream = gradients[0].reshape(best.shape) * (best + bias > 0)
        spread_out = torch.empty_like(four)
        left = upstream
        for place in range(3):
            hit = four[:, place] == best
            torch.mul(left, hit, out=spread_out[:, place])
            left = left - spread_out[:, place]
        spread_out[:, 3] = left
        flat = spread_out.view(len(patches), -1)
        weight = gather(flat.t() @ patches, weight_shape)
        picture = paste(flat @ moved, shape, rows, columns) if ctx.needs_input_grad[0] else None
        return picture, weight, upstream.sum(0)


def cut(x: Tensor, half: int, rows: int, columns: int) -> Tensor:
    """The patches of 2·half × 2·half at every second row and column, one a line, as half × half blocks of 2 × 2 × C."""
    batch, height, width, channels = x.shape
    blocks = x.reshape(batch, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
    blocks = blocks.reshape(batch, height // 2, width // 2, 4 * channels)
    patches = x.new_empty(batch, rows, columns, half * half, 4 * channels)
    for i in range(half):
        for j in range(half):
            patches[:, :, :, i * half + j] = blocks[:, i : i + rows, j : j + columns]
    return patches.view(batch * rows * columns, -1)


def paste(patches: Tensor, shape: tuple[int, int, int, int], rows: int, columns: int) -> Tensor:
    """The adjoint of :func:`cut`: patches put back where they came from, and added where they overlap."""
    batch, height, width, channels = shape
    blocks = patches.new_zeros(batch, height // 2, width // 2, 4 * channels)
    parts = patches.view(batch, rows, columns, -1, 4 * channels)
    half = int(parts.shape[3] ** 0.5)
    for i in range(half):
        for j in range(half):
            blocks[:, i : i + rows, j : j + columns] += parts[:, :, :, i * half + j]
    whole = blocks.view(batch, height // 2, width // 2, 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
    return whole.reshape(batch, height, width, channels)


def spread(weight: Tensor) -> Tensor:
    """Each kernel at the four places in a patch: 4·N × the patch's numbers, in the order of :func:`cut`."""
    outputs, channels, kernel, _ = weight.shape
    patch = weight.new_zeros(4, outputs, kernel + 1, kernel + 1, channels)
    for place, (i, j) in enumerate(PLACES):
        patch[place, :, i : i + kernel, j : j + kernel] = weight.permute(0, 2, 3, 1)
    half = (kernel + 1) // 2
    return patch.view(4 * outputs, half, 2, half, 2, channels).permute(0, 1, 3, 2, 4, 5).reshape(4 * outputs, -1)


def gather(moved: Tensor, shape: tuple[int, int, int, int]) -> Tensor:
    """The adjoint of :func:`spread`: the four places of each kernel added up."""
    outputs, channels, kernel, _ = shape
    half = (kernel + 1) // 2
    patch = moved.view(4 * outputs, half, half, 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
    patch = patch.reshape(4, outputs, kernel + 1, kernel + 1, channels)
    whole = moved.new_zeros(outputs, kernel, kernel, channels)
    for place, (i, j) in enumerate(PLACES):
        whole += patch[place, :, i : i + kernel, j : j + kernel]
    return whole.permute(0, 3, 1, 2)
