"""The arithmetic of layers: the course's examples, and every formula against PyTorch's own layers."""

import warnings

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from impasto.convolution import geometry
from impasto.convolution.geometry import (
    Field,
    GeometryError,
    Layer,
    output_size,
    receptive_field,
    same_padding,
    sizes,
    transposed_size,
    unread,
)

SIZES, KERNELS, PADS, STRIDES, DILATIONS = (
    st.integers(1, 24),
    st.integers(1, 6),
    st.integers(0, 5),
    st.integers(1, 5),
    st.integers(1, 3),
)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [
        # "a 3×3 filter does not reduce the image size"; and what the slide's sentence "image 5×5, stride of 1,
        # padding of 1 → image 3×3" gives with the slide's kernel
        (5, 3, 1, 1, 5),
        (5, 4, 1, 2, 6),
        (5, 3, 1, 2, 7),
        (6, 3, 2, 1, 3),
        (5, 2, 1, 0, 4),
        (5, 5, 1, 1, 3),  # that sentence as printed needs this kernel
        (5, 3, 2, 1, 3),  # and its figure shows this stride
    ],
)
def test_the_courses_examples(size, kernel, stride, padding, expected):
    assert output_size(size, kernel, padding, stride) == expected
    assert nn.Conv2d(1, 1, kernel, stride, padding)(torch.ones(1, 1, size, size)).shape[2:] == (expected, expected)


def test_in_the_courses_example_one_padded_row_is_never_read():
    assert unread(6, 3, 1, 2) == [6]
    assert unread(5, 3, 1, 2) == []


@given(SIZES, KERNELS, PADS, STRIDES, DILATIONS)
@settings(deadline=None)
def test_the_output_size_is_conv2ds(size, kernel, padding, stride, dilation):
    convolution = nn.Conv2d(1, 1, kernel, stride, padding, dilation)
    picture = torch.ones(1, 1, size, size)
    if size + 2 * padding < geometry.span(kernel, dilation):
        with pytest.raises(GeometryError, match="does not fit"):
            output_size(size, kernel, padding, stride, dilation)
        with pytest.raises(RuntimeError):
            convolution(picture)
    else:
        assert output_size(size, kernel, padding, stride, dilation) == convolution(picture).shape[2]


@given(st.integers(1, 6), st.integers(4, 30), st.integers(0, 2), STRIDES, DILATIONS)
def test_the_padding_that_a_refusal_names_is_the_least_that_works(size, kernel, padding, stride, dilation):
    assume(size + 2 * padding < geometry.span(kernel, dilation))
    with pytest.raises(GeometryError) as refused:
        output_size(size, kernel, padding, stride, dilation)
    least = int(str(refused.value).split("at least ")[1].split(",")[0])
    assert output_size(size, kernel, least, stride, dilation) >= 1
    with pytest.raises(GeometryError):
        output_size(size, kernel, least - 1, stride, dilation)


@given(SIZES, st.integers(1, 4), st.integers(0, 2), STRIDES)
@settings(deadline=None)
def test_a_poolings_output_size_is_max_pool2ds(size, kernel, padding, stride):
    assume(2 * padding <= kernel <= size + 2 * padding)
    assert (
        output_size(size, kernel, padding, stride)
        == F.max_pool2d(torch.ones(1, 1, size, size), kernel, stride, padding).shape[2]
    )


@given(SIZES, KERNELS, DILATIONS)
@settings(deadline=None)
def test_same_is_pytorchs_same_at_stride_1_with_the_odd_row_at_the_bottom(size, kernel, dilation):
    before, after = same_padding(size, kernel, 1, dilation)
    assert output_size(size, kernel, "same", 1, dilation) == size
    assert after - before in (0, 1)
    picture = torch.randn(1, 1, size, size)
    weight = torch.randn(1, 1, kernel, kernel)
    ours = F.conv2d(F.pad(picture, (before, after, before, after)), weight, dilation=dilation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a copy that an even kernel costs
        theirs = F.conv2d(picture, weight, padding="same", dilation=dilation)
    torch.testing.assert_close(ours, theirs)


@given(SIZES, KERNELS, STRIDES, DILATIONS)
def test_same_with_a_stride_gives_the_ceiling_and_no_padding_too_many(size, kernel, stride, dilation):
    before, after = same_padding(size, kernel, stride, dilation)
    assert output_size(size, kernel, "same", stride, dilation) == -(-size // stride)
    assert after - before in (0, 1)
    if after:
        fewer = size + before + after - 1 - geometry.span(kernel, dilation)
        assert fewer // stride + 1 < -(-size // stride)


@given(SIZES, KERNELS, st.tuples(PADS, PADS), STRIDES, DILATIONS)
@settings(deadline=None)
def test_a_padding_for_each_side_is_pad_and_then_conv2d(size, kernel, padding, stride, dilation):
    assume(size + sum(padding) >= geometry.span(kernel, dilation))
    padded = F.pad(torch.ones(1, 1, size, 9 + size), (*(5, 5), *padding))
    expected = F.conv2d(padded, torch.ones(1, 1, kernel, 1), stride=stride, dilation=dilation).shape[2]
    assert output_size(size, kernel, padding, stride, dilation) == expected


@given(SIZES, KERNELS, PADS, STRIDES, DILATIONS, st.integers(0, 4))
@settings(deadline=None)
def test_the_transposed_size_is_conv_transpose2ds(size, kernel, padding, stride, dilation, more):
    assume(more < max(stride, dilation))
    layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding, more, dilation=dilation)
    if (size - 1) * stride + geometry.span(kernel, dilation) - 2 * padding + more < 1:
        with pytest.raises(GeometryError, match="smaller"):
            transposed_size(size, kernel, padding, stride, dilation, more)
    else:
        expected = layer(torch.ones(1, 1, size, size)).shape[2]
        assert transposed_size(size, kernel, padding, stride, dilation, more) == expected


@given(SIZES, KERNELS, PADS, STRIDES, DILATIONS)
def test_a_transposed_convolution_undoes_the_size_of_a_convolution(size, kernel, padding, stride, dilation):
    assume(size + 2 * padding >= geometry.span(kernel, dilation))
    smaller = output_size(size, kernel, padding, stride, dilation)
    lost = (size + 2 * padding - geometry.span(kernel, dilation)) % stride
    assume(size - lost >= 1)
    assert transposed_size(smaller, kernel, padding, stride, dilation) == size - lost


@given(SIZES, KERNELS, st.tuples(PADS, PADS), STRIDES, DILATIONS)
@settings(deadline=None)
def test_unread_rows_are_those_without_a_gradient(size, kernel, padding, stride, dilation):
    assume(size + sum(padding) >= geometry.span(kernel, dilation))
    padded = torch.zeros(1, 1, sum(padding) + size, 1, requires_grad=True)
    F.conv2d(
        padded, torch.ones(1, 1, kernel, 1), stride=stride, dilation=(dilation, 1) if dilation > 1 else 1
    ).sum().backward()
    expected = [row - padding[0] for row in range(padded.shape[2]) if padded.grad[0, 0, row, 0] == 0]
    assert unread(size, kernel, padding, stride, dilation) == expected


@given(SIZES, KERNELS, st.tuples(PADS, PADS), STRIDES, DILATIONS)
@settings(deadline=None)
def test_a_row_is_read_as_often_as_its_gradient_says(size, kernel, padding, stride, dilation):
    assume(size + sum(padding) >= geometry.span(kernel, dilation))
    rows = torch.zeros(1, 1, size, requires_grad=True)
    F.conv1d(F.pad(rows, padding), torch.ones(1, 1, kernel), stride=stride, dilation=dilation).sum().backward()
    assert geometry.reads(size, kernel, padding, stride, dilation) == rows.grad[0, 0].tolist()


LAYERS = st.builds(Layer, st.integers(1, 4), st.integers(0, 3), st.integers(1, 3), st.integers(1, 2))


@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(30, 60))
@settings(deadline=None, max_examples=50)
def test_the_field_is_where_an_outputs_gradient_reaches(layers, size):
    """With paddings as real pixels, the outermost ones with a gradient are the ends of the field."""
    try:
        last = sizes(size, layers)[-1]
    except GeometryError:
        return
    field = receptive_field(layers)
    assume(last >= 2)
    for at in (0, 1):
        picture = torch.zeros(1, 1, size, dtype=torch.float64, requires_grad=True)
        x = picture
        for layer in layers:
            weight = torch.ones(1, 1, layer.kernel, dtype=torch.float64)
            x = F.conv1d(x, weight, stride=layer.stride, padding=layer.padding, dilation=layer.dilation)
        x[0, 0, at].backward()
        seen = picture.grad[0, 0].nonzero()[:, 0].tolist()
        first = at * field.jump - field.margin
        if all(layer.padding == 0 for layer in layers):
            assert (min(seen), max(seen)) == (first, first + field.size - 1)
        else:
            assert all(first <= pixel < first + field.size for pixel in seen)


def test_the_field_of_the_slides_network_and_of_vgg19s_conv5_1():
    slide = [Layer(5), Layer(2, stride=2), Layer(5), Layer(2, stride=2)]
    assert sizes(32, slide) == [32, 28, 14, 10, 5]
    assert receptive_field(slide) == Field(size=16, jump=4, margin=0)
    three, pool = Layer(3, padding=1), Layer(2, stride=2)
    vgg = [*[three] * 2, pool, *[three] * 2, pool, *[three] * 4, pool, *[three] * 4, pool, three]
    assert receptive_field(vgg) == Field(size=156, jump=16, margin=2 * 1 + 2 * 2 + 4 * 4 + 4 * 8 + 16)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: output_size(0, 3), "size of 0"),
        (lambda: output_size(5, 0), "kernel of 0"),
        (lambda: output_size(5, 3, -1), "padding of -1"),
        (lambda: output_size(5, 3, stride=0), "stride of 0"),
        (lambda: output_size(5, 3, dilation=0), "dilation of 0"),
        (lambda: output_size(5, 3, "full"), "same or valid"),
        (lambda: output_size(5, 9), "at least 2"),
        (lambda: transposed_size(5, 3, "same", 4), "stride 4 is wider"),
        (lambda: transposed_size(5, 3, 1, 2, output_padding=2), "less than the stride"),
        (lambda: sizes(12, [Layer(5), Layer(2, stride=2), Layer(5)]), "12 → 8 → 4"),
    ],
)
def test_what_does_not_fit_is_one_line_that_names_the_mend(call, words):
    with pytest.raises(GeometryError, match=words) as refused:
        call()
    assert "\n" not in str(refused.value)
