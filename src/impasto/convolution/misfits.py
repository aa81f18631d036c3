"""Why a picture gets no further in a network: which layer does not fit the one before it, and what to write instead."""

import math
import re
from collections.abc import Sequence

from torch import Tensor, nn

Shape = tuple[int, ...]
VIEWED = re.compile(r"shape '\[(?P<asked>[^]]*)\]' is invalid for input of size (?P<numbers>\d+)")
"""PyTorch's words for a `view` that does not fit."""


def by(shape: Shape) -> str:
    """A shape as it is written: 16 × 5 × 5."""
    return " × ".join(map(str, shape))


def misfit(name: str, layer: nn.Module, given: Shape, before: str, made: Shape, pictures: int) -> str | None:
    """Why a layer can't take what it is given, or None where that isn't known.

    Args:
        name: the layer's.
        layer: itself.
        given: the shape that reaches it, with the mini-batch.
        before: what the picture passed last.
        made: what that gave, without the mini-batch.
        pictures: how many are in the mini-batch.
    """
    if isinstance(layer, nn.Linear) and given[-1] != layer.in_features:
        return _linear(name, layer, given, before, made, pictures)
    if isinstance(layer, nn.Conv2d):
        if len(given) != 4:
            return f"{name} is a convolution and gets {by(given[1:])}: put it before what flattens"
        if given[1] != layer.in_channels:
            fix = f"nn.Conv2d({given[1]}, {layer.out_channels}, {_one(layer.kernel_size)}, …)"
            return f"{before} gives {given[1]} channels, but {name} takes {layer.in_channels}: write {fix}"
    if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d) and len(given) > 1 and given[1] != layer.num_features:
        kind = type(layer).__name__
        what = "channels" if len(given) == 4 else "numbers"
        fix = f"nn.{kind}({given[1]})"
        return f"{before} gives {given[1]} {what}, but {name} takes {layer.num_features}: write {fix}"
    return None


def of_other_numbers(name: str, layer: nn.Module, given: Tensor) -> str | None:
    """That a layer's numbers are of another type than those that it is given, if they are."""
    weight = getattr(layer, "weight", None)
    if not isinstance(weight, Tensor) or weight.dtype == given.dtype:
        return None
    own, theirs = (str(each.dtype).removeprefix("torch.") for each in (weight, given))
    call = {"float64": ".double()", "float16": ".half()", "bfloat16": ".bfloat16()"}.get(own, "what makes them so")
    return f"the numbers of {name} are {own}, but those that it gets {theirs}: leave {call} out"


def rows_of_others(before: str, made: Shape, rows: int, pictures: int) -> str:
    """Why a mini-batch has not as many rows as it has pictures."""
    return (
        f"{before} gives {_numbers(made)} for a picture, but the flattening after it makes {rows} rows of {pictures} "
        f"pictures: write x.view(-1, {math.prod(made)})"
    )


def viewed(error: str, before: str, made: Shape, pictures: int) -> str | None:
    """Why a flattening failed, from PyTorch's words, or None where it was something else."""
    found = VIEWED.search(error)
    if not found or int(found["numbers"]) != pictures * math.prod(made):
        return None
    asked = found["asked"].split(",")[-1].strip()
    return (
        f"{before} gives {_numbers(made)} for a picture, but forward views them as {asked}: "
        f"write x.view(-1, {math.prod(made)}), or change the layers before it"
    )


def too_small(height: int, width: int, passed: Sequence[tuple[str, Shape]], stopped: str) -> str:
    """That a picture gets no further, with the sizes that led there and what stopped it."""
    led = " → ".join([f"{height} × {width}", *(f"{by(shape[1:])} ({name})" for name, shape in passed)])
    return f"this network does not take {height} × {width}: {led}, and no further; {stopped}"


def _linear(name: str, layer: nn.Linear, given: Shape, before: str, made: Shape, pictures: int) -> str:
    count, fix = math.prod(made), f"nn.Linear({math.prod(made)}, {layer.out_features})"
    if math.prod(given) == pictures * count and len(made) > 1 and given[1:] == made:
        return (
            f"{before} gives {by(made)}, which nothing flattens before {name}: write x = x.view(-1, {count}), or add "
            f"nn.Flatten()" + (f", and write {fix}" if layer.in_features != count else "")
        )
    if given[0] != pictures or len(given) != 2:
        return rows_of_others(before, made, math.prod(given[:-1]), pictures)
    if given[1] != count:
        fix = f"nn.Linear({given[1]}, {layer.out_features})"
        return f"{name} is given {given[1]} numbers, but takes {layer.in_features}: write {fix}"
    return f"{before} gives {_numbers(made)}, but {name} takes {layer.in_features}: write {fix}"


def _numbers(shape: Shape) -> str:
    return f"{by(shape)} = {math.prod(shape)} numbers" if len(shape) > 1 else f"{by(shape)} numbers"


def _one(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(values)
