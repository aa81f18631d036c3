"""The arithmetic of convolutions: sizes, padding, strides, and what a layer deep in a network sees of the picture.

Every function is about one axis; a layer on a picture uses it twice, for the rows and for the columns. The letters of
the formulas: n the size, k the kernel, p the padding before and after, s the stride, d the dilation; a kernel with
dilation spans d (k − 1) + 1. PyTorch's layers, for which all this holds, document the same formulas
(torch.nn.Conv2d and torch.nn.ConvTranspose2d); receptive fields after Araujo, Norris and Sim, "Computing Receptive
Fields of Convolutional Neural Networks" (Distill, 2019).
"""

from collections.abc import Iterable
from dataclasses import dataclass

Padding = int | str | tuple[int, int]
"""How many zeros go on each side; or (before, after), where before is the top or left; or "same" or "valid"."""


class GeometryError(ValueError):
    """Sizes that do not fit together; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Layer:
    """What the arithmetic needs to know of a convolution or a pooling, along one axis."""

    kernel: int
    padding: int = 0
    stride: int = 1
    dilation: int = 1


@dataclass(frozen=True)
class Field:
    """What the outputs of a layer see of the network's input, along one axis, in the input's pixels.

    Attributes:
        size: how many pixels one output depends on (the receptive field).
        jump: how far the field moves from one output to the next.
        margin: how far the first output's field sticks out of the picture, into zeros that padding put there: it
            covers the pixels −margin … size − margin − 1.
    """

    size: int = 1
    jump: int = 1
    margin: int = 0


def span(kernel: int, dilation: int = 1) -> int:
    """How many pixels a kernel reaches across: d (k − 1) + 1."""
    _at_least(1, kernel=kernel, dilation=dilation)
    return dilation * (kernel - 1) + 1


def same_padding(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """The padding (before, after) with which the output has ⌈n / s⌉ positions: all n of them at a stride of 1.

    The sum is max(0, (⌈n / s⌉ − 1) s + d (k − 1) + 1 − n). Where it is odd (an even kernel, or a stride), the one
    more goes after: to the bottom and to the right.
    """
    _at_least(1, size=size, stride=stride)
    total = max(0, (-(-size // stride) - 1) * stride + span(kernel, dilation) - size)
    return total // 2, total - total // 2


def pads(padding: Padding, size: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Any way to give a padding, as (before, after).

    Raises:
        GeometryError: a negative padding, or a word other than "same" and "valid".
    """
    if padding == "same":
        return same_padding(size, kernel, stride, dilation)
    if padding == "valid":
        return 0, 0
    if isinstance(padding, str):
        raise GeometryError(f"padding can't be {padding!r}; give a number, same or valid")
    before, after = padding if isinstance(padding, tuple) else (padding, padding)
    _at_least(0, padding=min(before, after))
    return before, after


def output_size(size: int, kernel: int, padding: Padding = 0, stride: int = 1, dilation: int = 1) -> int:
    """How many positions a kernel takes: ⌊(n + p_before + p_after − d (k − 1) − 1) / s⌋ + 1.

    With the same padding p on both sides and no dilation that is the course's ⌊(n + 2p − k) / s⌋ + 1.

    Raises:
        GeometryError: a number that makes no sense, or a kernel that is larger than the padded input.
    """
    _at_least(1, size=size, stride=stride)
    before, after = pads(padding, size, kernel, stride, dilation)
    free = size + before + after - span(kernel, dilation)
    if free < 0:
        wide = f" with dilation {dilation}, so {span(kernel, dilation)} across," if dilation > 1 else ""
        raise GeometryError(
            f"a kernel of {kernel}{wide} does not fit in {size + before + after} "
            f"({size} and {before + after} of padding): "
            f"give a padding of at least {-(-(before + after - free) // 2)}, or a larger input"
        )
    return free // stride + 1


def transposed_size(
    size: int, kernel: int, padding: Padding = 0, stride: int = 1, dilation: int = 1, output_padding: int = 0
) -> int:
    """The size that a transposed convolution gives: (n − 1) s − p_before − p_after + d (k − 1) + 1 + output padding.

    It is the size whose convolution, with the same numbers, has n positions; where the stride rounds, several sizes
    have, the smallest of which this is, and `output_padding` (less than the stride) chooses another. "same" crops to
    n · s.

    Raises:
        GeometryError: a number that makes no sense, or nothing left after cropping.
    """
    _at_least(1, size=size, stride=stride)
    _at_least(0, output_padding=output_padding)
    before, after = transposed_pads(padding, kernel, stride, dilation)
    if output_padding >= max(stride, dilation):
        raise GeometryError(f"an output padding of {output_padding} is not possible; give less than the stride")
    result = (size - 1) * stride + span(kernel, dilation) - before - after + output_padding
    if result < 1:
        raise GeometryError(f"a padding of {before} and {after} crops everything away; give a smaller one")
    return result


def transposed_pads(padding: Padding, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """What a transposed convolution crops off its result, as (before, after); "same" leaves n · s.

    Raises:
        GeometryError: a negative padding, another word, or "same" where the stride is wider than the kernel.
    """
    if padding == "same":
        total = span(kernel, dilation) - stride
        if total < 0:
            raise GeometryError(f"same is not possible where the stride {stride} is wider than the kernel {kernel}")
        return total // 2, total - total // 2
    return pads(padding, 1, kernel, stride, dilation)


def unread(size: int, kernel: int, padding: Padding = 0, stride: int = 1, dilation: int = 1) -> list[int]:
    """The rows (or columns) that no position of the kernel reads, padding included.

    Returns:
        Indices in the input: 0 … n − 1 are its own rows, −p_before … −1 and n … n + p_after − 1 the padding.
    """
    positions = output_size(size, kernel, padding, stride, dilation)
    before, after = pads(padding, size, kernel, stride, dilation)
    read = {at * stride + tap * dilation for at in range(positions) for tap in range(kernel)}
    return [row - before for row in range(before + size + after) if row not in read]


def reads(size: int, kernel: int, padding: Padding = 0, stride: int = 1, dilation: int = 1) -> list[int]:
    """How often each of the input's own rows (or columns) is read, over all positions of the kernel.

    A pixel is read as often as its row times as often as its column. Without padding those at the edges count least.
    """
    positions = output_size(size, kernel, padding, stride, dilation)
    before, _ = pads(padding, size, kernel, stride, dilation)
    counts = [0] * size
    for at in range(positions):
        for tap in range(kernel):
            row = at * stride + tap * dilation - before
            if 0 <= row < size:
                counts[row] += 1
    return counts


def see_through(field: Field, layer: Layer) -> Field:
    """The field of a layer's outputs, given that of its inputs.

    size + (k − 1) d · jump; jump · s; margin + p · jump.
    """
    return Field(
        size=field.size + (span(layer.kernel, layer.dilation) - 1) * field.jump,
        jump=field.jump * layer.stride,
        margin=field.margin + layer.padding * field.jump,
    )


def receptive_field(layers: Iterable[Layer]) -> Field:
    """The field of the last layer's outputs in a network whose layers follow one another."""
    field = Field()
    for layer in layers:
        field = see_through(field, layer)
    return field


def read(outputs: tuple[int, int], size: int, layer: Layer) -> tuple[int, int]:
    """The inputs that some of a layer's outputs depend on; both are (start, stop), padding not counted.

    Outputs a … b − 1 read a · s − p … (b − 1) · s − p + d (k − 1), of which 0 … n − 1 exist.
    """
    start, stop = outputs
    first = start * layer.stride - layer.padding
    last = (stop - 1) * layer.stride - layer.padding + span(layer.kernel, layer.dilation)
    return max(0, first), min(size, last)


def sizes(size: int, layers: Iterable[Layer]) -> list[int]:
    """The size that goes into a network, and then what comes out of each of its layers.

    Raises:
        GeometryError: the picture is too small; the line holds the sizes that led there.
    """
    result = [size]
    for layer in layers:
        try:
            result.append(output_size(result[-1], layer.kernel, layer.padding, layer.stride, layer.dilation))
        except GeometryError:
            led = " → ".join(map(str, result))
            raise GeometryError(
                f"{size} is too small: {led}, and there a kernel of {layer.kernel} does not fit; give a larger size"
            ) from None
    return result


def _at_least(least: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if number < least:
            raise GeometryError(f"a {name.replace('_', ' ')} of {number} is not possible; give {least} or more")
