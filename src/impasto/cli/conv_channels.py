"""`impasto conv --channels`: a layer over several channels, worked through for its first output."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impasto.convolution.kernels import Matrix


def print_layer(
    sides: tuple[int, int], kernel: "Matrix", pads: list[tuple[int, int]], stride: int, dilation: int, channels: int,
    outputs: int,
) -> None:  # fmt: skip
    """Print what a layer computes: each channel's sum in the middle of the first output, their sum, and the bias.

    Channel c is a matrix of c everywhere. Output n has the kernel for every channel, and the bias n.

    Args:
        sides: rows and columns of a channel.
        kernel: K × L.
        pads: zeros before and after, of the rows and of the columns.
        stride: how far the kernel moves at each step.
        dilation: how far its numbers are apart.
        channels: of the input.
        outputs: of the layer.
    """
    import numpy as np

    from impasto.convolution.kernels import convolve, convolve_channels

    volume = np.stack([np.full(sides, float(channel)) for channel in range(1, channels + 1)])
    kernels = np.broadcast_to(kernel, (outputs, channels, *kernel.shape))
    biases = np.arange(1.0, outputs + 1)
    around = pads[0], pads[1]
    made = convolve_channels(volume, kernels, biases, around, stride, dilation)
    row, column = (side // 2 for side in made.shape[1:])
    taps = " · ".join(map(str, kernel.shape))
    print(f"numbers to learn: {outputs} · ({channels} · {taps}) + {outputs} = {kernels.size + outputs}")
    print(f"\noutput 1, row {row + 1}, column {column + 1}")
    for channel, matrix in enumerate(volume):
        part = convolve(matrix, kernel, around, stride, dilation)[row, column]
        print(f"  channel {channel + 1}, all {channel + 1}: the products with its kernel sum to {part:g}")
    print(f"  the bias: {biases[0]:g}")
    print(f"  all channels and the bias: {made[0, row, column]:g}")
    if outputs > 1:
        print(f"outputs 2 to {outputs}: the same sums with kernels and biases of their own")
