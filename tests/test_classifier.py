"""The classifiers: the shapes that the slide writes beside its lines, and what their sums of parameters must be."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from impasto.classify.classifier import ARCHITECTURES, Classifier, Modern
from impasto.convolution.geometry import Field, GeometryError
from impasto.convolution.shapes import shapes, table
from impasto.networks.sequential import to_sequential
from impasto.networks.vgg import VGG19


def outputs(model, size=32):
    return [row.output for row in shapes(model, size)]


def test_a_picture_goes_through_the_slides_network_as_the_slide_says():
    assert outputs(Classifier()) == [
        (6, 28, 28), (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 10, 10), (16, 5, 5), (400,),
        (120,), (120,), (84,), (84,), (10,),
    ]  # fmt: skip
    kinds = [row.kind.split()[0] if row.kind else row.name for row in shapes(Classifier())]
    assert kinds == [*["Conv2d", "ReLU", "MaxPool2d"] * 2, "flatten", *["Linear", "ReLU"] * 2, "Linear"]


def test_printing_shows_shapes_parameters_and_multiply_adds():
    text = repr(Classifier(7))
    assert "7 classes" in text
    first = next(line for line in text.splitlines() if line.startswith("features.0"))
    assert all(word in first for word in ("3 × 32 × 32", "6 × 28 × 28", "456", "352,800"))  # 5·5·3·6 + 6; · 28²
    assert "62,006" in repr(Classifier()).splitlines()[-1]


@pytest.mark.parametrize("make", ARCHITECTURES.values())
def test_the_sums_are_those_of_pytorch(make):
    model = make(10, 32)
    rows = shapes(model)
    assert sum(row.parameters for row in rows) == sum(parameter.numel() for parameter in model.parameters())
    assert rows[-1].output == tuple(model(torch.zeros(1, 3, 32, 32)).shape[1:])


def test_the_modern_network_is_small():
    assert sum(parameter.numel() for parameter in Modern().parameters()) < 1_000_000
    assert all(layer.kernel_size == (3, 3) for layer in Modern().modules() if isinstance(layer, nn.Conv2d))


@given(st.sampled_from(list(ARCHITECTURES)), st.integers(16, 70), st.integers(16, 70), st.integers(2, 12))
@settings(deadline=None, max_examples=25)
def test_any_size_from_16_and_any_number_of_classes_work(name, height, width, classes):
    model = ARCHITECTURES[name](classes, (height, width)).eval()
    assert model(torch.zeros(2, 3, height, width)).shape == (2, classes)


@pytest.mark.parametrize("size", [1, 8, 15, (32, 15)])
def test_a_picture_too_small_for_the_slides_network_is_refused_with_the_sizes_that_led_there(size):
    with pytest.raises(GeometryError, match="too small: ") as refused:
        Classifier(10, size)
    assert "\n" not in str(refused.value)


def test_the_refusal_of_12_shows_the_way_down():
    with pytest.raises(GeometryError, match="12 → 8 → 4"):
        Classifier(size=12)


def test_pictures_of_another_size_than_it_was_built_for_are_refused_with_the_layers_that_led_there():
    with pytest.raises(GeometryError, match=r"features\.5 gives 16 × 2 × 2 = 64 numbers, but classifier\.0 takes 400"):
        shapes(Classifier(), 20)


@pytest.mark.parametrize("classes", [0, 1])
def test_one_class_is_nothing_to_choose_from(classes):
    with pytest.raises(ValueError, match="nothing to choose"):
        Classifier(classes)


def test_vgg19s_layers_have_the_published_sums():
    rows = shapes(to_sequential(VGG19), 224)
    assert sum(row.parameters for row in rows) == 20_024_384
    assert rows[-1].output == (512, 14, 14)
    assert next(row for row in rows if row.name == "conv5_1").field == Field(156, 16, 70)


def test_a_layer_that_is_used_twice_is_counted_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            return self.conv(self.conv(x))

    first, second = shapes(Twice(), 8)
    assert (first.parameters, second.parameters) == (84, 0)
    assert first.multiply_adds == second.multiply_adds == 27 * 3 * 64
    assert table([first, second]).splitlines()[-1].split()[-2:] == ["84", f"{2 * 27 * 3 * 64:,}"]


def test_looking_at_shapes_leaves_the_network_as_it_was():
    model = Modern().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shapes(model)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
