"""The fused layers against PyTorch's own, in numbers and in gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from impasto.classify.classifier import Classifier, Modern
from impasto.classify.fused import convolve_pool, forward


@given(
    st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.sampled_from([3, 5]),
    st.integers(3, 8), st.integers(3, 8), st.integers(0, 99),
)  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_convolve_pool_is_convolution_relu_and_pooling(batch, channels, outputs, kernel, rows, columns, seed):
    torch.manual_seed(seed)
    x = torch.randn(batch, channels, 2 * rows, 2 * columns, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(outputs, channels, kernel, kernel, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(outputs, dtype=torch.float64, requires_grad=True)
    ours = convolve_pool(x.permute(0, 2, 3, 1), weight, bias).permute(0, 3, 1, 2)
    theirs = F.max_pool2d(F.relu(F.conv2d(x, weight, bias)), 2)
    torch.testing.assert_close(ours, theirs)
    upstream = torch.randn_like(theirs)
    ours_ = torch.autograd.grad(ours, (x, weight, bias), upstream)
    theirs_ = torch.autograd.grad(theirs, (x, weight, bias), upstream)
    torch.testing.assert_close(ours_, theirs_)


def test_where_four_outputs_are_equal_the_gradient_goes_to_the_first_as_in_pytorch():
    x = torch.ones(1, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    weight, bias = torch.ones(1, 1, 5, 5, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    (ours,) = torch.autograd.grad(convolve_pool(x.permute(0, 2, 3, 1), weight, bias).sum(), x)
    (theirs,) = torch.autograd.grad(F.max_pool2d(F.relu(F.conv2d(x, weight, bias)), 2).sum(), x)
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("network", [Classifier(7), Modern(7).eval()])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_classifier_fused_is_the_classifier(network, channels):
    torch.manual_seed(0)
    x = torch.randn(4, channels, 32, 32).expand(-1, 3, -1, -1)
    torch.testing.assert_close(forward(network, x), network(x), rtol=1e-4, atol=1e-5)
    ours = torch.autograd.grad(forward(network, x).square().sum(), network.parameters())
    theirs = torch.autograd.grad(network(x).square().sum(), network.parameters())
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_the_classifier_fused_can_be_trained_in_bfloat16():
    torch.manual_seed(0)
    network, x = Classifier(7), torch.randn(64, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        scores = forward(network, x)
    rough = torch.autograd.grad(scores.float().square().sum(), network.parameters())
    exact = torch.autograd.grad(network(x).square().sum(), network.parameters())
    for one, other in zip(rough, exact, strict=True):
        assert one.dtype == torch.float32
        assert (one - other).norm() < 0.15 * other.norm()  # PyTorch's own layers are off by 0.06
