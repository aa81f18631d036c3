"""Sliding a kernel by hand gives what PyTorch's layers give; and named kernels do what their names say."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from impasto.convolution.geometry import span
from impasto.convolution.kernels import KERNELS, convolve, convolve_channels, convolve_transposed, pad

SIDE, TAPS = st.integers(1, 9), st.integers(1, 4)
STEP = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.integers(1, 2))


@given(SIDE, SIDE, TAPS, TAPS, STEP)
@settings(deadline=None)
def test_convolve_is_conv2d(height, width, down, across, step):
    top, left, stride, dilation = step
    assume(height + 2 * top >= span(down, dilation))
    assume(width + 2 * left >= span(across, dilation))
    x, kernel = (
        torch.randn(1, 1, height, width, dtype=torch.float64),
        torch.randn(1, 1, down, across, dtype=torch.float64),
    )
    expected = F.conv2d(x, kernel, None, stride, (top, left), dilation)[0, 0]
    found = convolve(x[0, 0].numpy(), kernel[0, 0].numpy(), (top, left), stride, dilation)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(SIDE, SIDE, TAPS, TAPS, STEP, st.integers(1, 3), st.integers(1, 4))
@settings(deadline=None)
def test_convolve_channels_is_conv2d(height, width, down, across, step, channels, outputs):
    top, left, stride, dilation = step
    assume(height + 2 * top >= span(down, dilation))
    assume(width + 2 * left >= span(across, dilation))
    random = torch.Generator().manual_seed(height)
    x, kernels, biases = (
        torch.randn(*shape, dtype=torch.float64, generator=random)
        for shape in ((channels, height, width), (outputs, channels, down, across), (outputs,))
    )
    expected = F.conv2d(x[None], kernels, biases, stride, (top, left), dilation)[0]
    found = convolve_channels(x.numpy(), kernels.numpy(), biases.numpy(), (top, left), stride, dilation)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(SIDE, SIDE, TAPS, TAPS, STEP)
@settings(deadline=None)
def test_convolve_transposed_is_conv_transpose2d(height, width, down, across, step):
    top, left, stride, dilation = step
    assume((height - 1) * stride + span(down, dilation) > 2 * top)
    assume((width - 1) * stride + span(across, dilation) > 2 * left)
    x, kernel = (
        torch.randn(1, 1, height, width, dtype=torch.float64),
        torch.randn(1, 1, down, across, dtype=torch.float64),
    )
    expected = F.conv_transpose2d(x, kernel, None, stride, (top, left), dilation=dilation)[0, 0]
    found = convolve_transposed(x[0, 0].numpy(), kernel[0, 0].numpy(), (top, left), stride, dilation)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_padding_may_differ_from_side_to_side():
    assert pad(np.ones((2, 2)), (1, 0), (0, 2)).tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    assert convolve(np.ones((2, 2)), np.ones((2, 2)), ((1, 0), (0, 2))).tolist() == [[2, 1, 0], [4, 2, 0]]


@pytest.mark.parametrize("name", ["identity", "blur", "sharpen", "emboss"])
def test_kernels_of_sum_1_leave_a_flat_picture_as_it_is(name):
    np.testing.assert_allclose(convolve(np.full((5, 5), 7.0), KERNELS[name]), np.full((3, 3), 7.0))


@pytest.mark.parametrize("name", ["sobel-x", "sobel-y", "laplacian"])
def test_kernels_of_edges_answer_nothing_to_a_flat_picture(name):
    assert not convolve(np.full((5, 5), 7.0), KERNELS[name]).any()


def test_sobel_answers_to_its_own_direction():
    ramp = np.tile(np.arange(5.0), (5, 1))  # brighter to the right
    assert (convolve(ramp, KERNELS["sobel-x"]) == 8).all()
    assert not convolve(ramp, KERNELS["sobel-y"]).any()
    assert (convolve(ramp.T, KERNELS["sobel-y"]) == 8).all()
