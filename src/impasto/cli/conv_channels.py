"""`impasto conv --channels`: a layer over several channels, worked through for its first output."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impasto.convolution.kernels import Matrix

SHOWN = 8
"""Channels whose sums are printed."""


def print_layer(ones: "Matrix", kernel: "Matrix", channels: int, outputs: int) -> None:
    """Print what a layer computes: each channel's sum in the middle of the first output, their sum, and the bias.

    Channel c is a matrix of c everywhere, so its sums are c times those of a matrix of ones. Output n has the kernel
    for every channel, and the bias n.

    Args:
        ones: what the kernel makes of a matrix of ones.
        kernel: K × L.
        channels: of the input.
        outputs: of the layer.
    """
    row, column = (side // 2 for side in ones.shape)
    part = ones[row, column]
    taps = " · ".join(map(str, kernel.shape))
    print(f"numbers to learn: {outputs} · ({channels} · {taps}) + {outputs} = {outputs * (channels * kernel.size + 1)}")
    print("\nan example: channel c holds c everywhere, each channel has the kernel, and output n has the bias n")
    for line in kernel if max(kernel.shape) <= SHOWN else []:
        print("  " + " ".join(f"{number:.4g}" for number in line))
    print(f"\noutput 1, row {row + 1}, column {column + 1}")
    for channel in range(1, min(channels, SHOWN) + 1):
        print(f"  channel {channel}, all {channel}: the products with its kernel sum to {channel * part:g}")
    if channels > SHOWN:
        print(f"  channels {SHOWN + 1} to {channels}: the same, each with its own number")
    print("  the bias: 1")
    print(f"  all channels and the bias: {part * channels * (channels + 1) / 2 + 1:g}")
    if outputs > 1:
        print(f"outputs 2 to {outputs}: the same sums with kernels and biases of their own")
