"""VGG19 against PyTorch's own layers, in float64, and both formats of weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from published import published
from torch.nn import functional as F

from impasto.networks import winograd
from impasto.networks.extractor import Extractor
from impasto.networks.rectified import convolved
from impasto.networks.table import Layer, NetworkError
from impasto.networks.weights import from_file, packaged


@pytest.fixture(scope="module")
def weights():
    return packaged()


@pytest.mark.parametrize("padding", ["zeros", "replicate"])
@pytest.mark.parametrize(("pooling", "height", "width"), [("max", 37, 50), ("avg", 64, 33)])
def test_features_and_gradient_are_those_of_pytorchs_layers(weights, pooling, height, width, padding):
    asked = {"pooling": pooling, "replicate": padding == "replicate"}
    network = Extractor(weights, ["conv2_2", "conv5_4"], **asked)
    picture = 255 * torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))
    ours, theirs = picture.clone().requires_grad_(), picture.double().requires_grad_()
    features = network(ours)
    expected = published(weights, pooling, padding)(theirs - torch.tensor(weights.mean).view(1, 3, 1, 1))
    torch.testing.assert_close(features["conv5_4"].double(), expected, rtol=1e-3, atol=1e-4 * expected.max().item())
    assert list(features) == ["conv2_2", "conv5_4"]
    exact = Extractor(weights, ["conv2_2", "conv5_4"], dtype=torch.float64, **asked)(theirs)
    torch.testing.assert_close(exact["conv5_4"], expected)
    (g,) = torch.autograd.grad(features["conv5_4"].square().sum(), ours)
    (h,) = torch.autograd.grad(expected.square().sum(), theirs)
    (i,) = torch.autograd.grad(exact["conv5_4"].square().sum(), theirs)
    assert (i - h).norm() <= 1e-9 * h.norm()
    # In float32, rounding turns a ReLU or a maximum here and there, and which ones depends on the processor.
    assert (g - h).norm() <= 1e-2 * h.norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_a_picture_of_one_color_has_no_edge_where_padding_replicates(weights, dtype):
    flat = torch.tensor([200.0, 120.0, 90.0]).view(1, 3, 1, 1).expand(1, 3, 80, 96)
    framed, even = (
        Extractor(weights, ["conv1_1", "conv3_1", "conv5_1"], dtype=dtype, replicate=replicate)(flat)
        for replicate in (False, True)
    )
    for name, features in even.items():
        spread = [float(each.double().std((2, 3)).max()) for each in (features, framed[name])]
        assert spread[0] <= 0.01 * spread[1]


@given(
    batch=st.integers(1, 2),
    inputs=st.integers(1, 9),
    outputs=st.integers(1, 9),
    height=st.integers(1, 23),
    width=st.integers(1, 23),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_winograd_is_a_convolution(batch, inputs, outputs, height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, inputs, height, width, generator=generator).requires_grad_()
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator)
    bias = torch.randn(outputs, generator=generator)
    adjoint = winograd.transform_kernel(weight.transpose(0, 1).flip(2, 3))
    ours = winograd.ConvolutionReLU.apply(x, winograd.transform_kernel(weight), bias, adjoint)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1).relu()
    torch.testing.assert_close(ours.double(), exact, rtol=1e-3, atol=1e-3)
    upstream = torch.randn(ours.shape, generator=generator)
    (g,) = torch.autograd.grad((ours * upstream).sum(), x)
    (h,) = torch.autograd.grad((exact * (ours > 0) * upstream).sum() * 1.0, x)
    kept = (ours > 0) == (exact > 0)
    if kept.all():
        torch.testing.assert_close(g, h.float(), rtol=1e-3, atol=2e-3)


def torchvision_file(weights, path, factor=1.0):
    std = torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1) * 255
    stored = {}
    for index, (name, layer) in enumerate(published(weights).named_children()):
        if name.startswith("conv"):
            kernel = layer.weight.float() * (std if name == "conv1_1" else 1)
            stored[f"features.{index}.weight"], stored[f"features.{index}.bias"] = kernel * factor, layer.bias.float()
    torch.save(stored, path)
    return path


def test_weights_of_another_scale_are_brought_to_ours(weights, tmp_path):
    theirs = from_file(torchvision_file(weights, tmp_path / "vgg.pth", factor=0.8))
    picture = 255 * torch.rand(1, 3, 80, 80, generator=torch.Generator().manual_seed(2))
    layers = ["conv1_1", "conv3_1", "conv5_1"]
    with torch.no_grad():
        expected, features = Extractor(weights, layers)(picture), Extractor(theirs, layers)(picture)
    for name in layers:
        assert features[name].mean().item() == pytest.approx(expected[name].mean().item(), rel=0.3), name


@pytest.mark.parametrize("content", [b"", b"no weights at all", None])
def test_a_weights_file_that_is_something_else_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    if content is None:
        torch.save({"features.0.weight": torch.zeros(2)}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(NetworkError, match=r"weights\.pth"):
        from_file(path)


def test_the_convolution_for_cuda_is_pytorchs():
    layer = Layer(3, padding=2, stride=2, dilation=2, name="c", kind="convolution", channels=7)
    x = torch.randn(1, 4, 13, 11, dtype=torch.float64).requires_grad_()
    kernel, bias = torch.randn(7, 4, 3, 3, dtype=torch.float64), torch.randn(7, dtype=torch.float64)
    y, expected = convolved(x, kernel, bias, layer), F.conv2d(x, kernel, bias, 2, 2, 2).relu()
    weights = torch.randn_like(y)
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(*(torch.autograd.grad(each, x, weights)[0] for each in (y, expected)))
