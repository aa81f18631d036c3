"""Convolution as the course draws it: a matrix, zeros around it, a small kernel that slides, and the sums.

Plain numpy and one product a tap, to be read and looked at; networks compute with PyTorch. As in every framework the
kernel is not turned round: out[i, j] = Σ_uv kernel[u, v] · in[i s + u d, j s + v d].
"""

from typing import Any

import numpy as np

from impasto.convolution.geometry import Padding, output_size, pads, transposed_pads, transposed_size

Matrix = np.ndarray[Any, np.dtype[np.float64]]
"""Rows × columns; of a layer also channels × rows × columns, and more."""

KERNELS: dict[str, Matrix] = {
    "identity": np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "blur": np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,  # a Gaussian, by Pascal's triangle
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),  # identity less Laplacian
    "sobel-x": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),  # brighter to the right
    "sobel-y": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),  # brighter below
    "laplacian": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "emboss": np.array([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),  # light from the top left, on the picture itself
}
"""3 × 3 kernels that have a name. Those of sum 0 (Sobel, Laplacian) answer to edges, with either sign."""


def pad(matrix: Matrix, rows: tuple[int, int], columns: tuple[int, int]) -> Matrix:
    """The matrix with zeros: above and below it, and left and right of it."""
    return np.pad(matrix, (rows, columns))


def convolve(
    matrix: Matrix, kernel: Matrix, padding: tuple[Padding, Padding] = (0, 0), stride: int = 1, dilation: int = 1
) -> Matrix:
    """Slide the kernel over the matrix.

    Args:
        matrix: H × W.
        kernel: K × L.
        padding: for the rows, and for the columns.
        stride: how far the kernel moves at each step.
        dilation: how far its taps are apart.

    Returns:
        H' × W', as :func:`impasto.convolution.geometry.output_size` says.

    Raises:
        GeometryError: the kernel does not fit.
    """
    sides = [pads(p, n, k, stride, dilation) for p, n, k in zip(padding, matrix.shape, kernel.shape, strict=True)]
    rows, columns = (
        output_size(n, k, side, stride, dilation) for n, k, side in zip(matrix.shape, kernel.shape, sides, strict=True)
    )
    padded, out = pad(matrix, sides[0], sides[1]), np.zeros((rows, columns))
    for (u, v), tap in np.ndenumerate(kernel):
        top, left = u * dilation, v * dilation
        out += (
            tap * padded[top : top + rows * stride : stride, left : left + columns * stride : stride][:rows, :columns]
        )
    return out


def convolve_channels(
    volume: Matrix,
    kernels: Matrix,
    biases: Matrix,
    padding: tuple[Padding, Padding] = (0, 0),
    stride: int = 1,
    dilation: int = 1,
) -> Matrix:
    """A layer: for each output, every channel has a kernel of its own; the sums over all channels, and a bias.

    Args:
        volume: C × H × W, such as red, green and blue.
        kernels: N × C × K × L.
        biases: N.
        padding: for the rows, and for the columns.
        stride: how far the kernels move at each step.
        dilation: how far their taps are apart.

    Returns:
        N × H' × W': out[n] = bias[n] + Σ_c convolve(volume[c], kernels[n, c]).

    Raises:
        GeometryError: the kernels do not fit.
    """
    made = []
    for of_output, bias in zip(kernels, biases, strict=True):
        parts = [
            convolve(matrix, kernel, padding, stride, dilation)
            for matrix, kernel in zip(volume, of_output, strict=True)
        ]
        made.append(np.sum(parts, axis=0) + bias)
    return np.stack(made)


def convolve_transposed(
    matrix: Matrix, kernel: Matrix, padding: tuple[Padding, Padding] = (0, 0), stride: int = 1, dilation: int = 1
) -> Matrix:
    """The other way: each number of the matrix puts down a kernel times itself; where they overlap, they add up.

    Args:
        matrix: H × W.
        kernel: K × L.
        padding: what is cropped off the result's rows, and its columns.
        stride: how far apart the kernels are put down.
        dilation: how far their taps are apart.

    Returns:
        H' × W', as :func:`impasto.convolution.geometry.transposed_size` says.

    Raises:
        GeometryError: everything would be cropped away.
    """
    sides = [transposed_pads(p, k, stride, dilation) for p, k in zip(padding, kernel.shape, strict=True)]
    rows, columns = (
        transposed_size(n, k, side, stride, dilation)
        for n, k, side in zip(matrix.shape, kernel.shape, sides, strict=True)
    )
    whole = np.zeros((rows + sum(sides[0]), columns + sum(sides[1])))
    height, width = matrix.shape
    for (u, v), tap in np.ndenumerate(kernel):
        top, left = u * dilation, v * dilation
        whole[top : top + (height - 1) * stride + 1 : stride, left : left + (width - 1) * stride + 1 : stride] += (
            tap * matrix
        )
    return whole[sides[0][0] : sides[0][0] + rows, sides[1][0] : sides[1][0] + columns]
