"""A chain of PyTorch's own layers as a network that paints, and a table as such a chain.

Convolutions are called conv1, conv2, … and poolings pool1, pool2, … in the order in which a picture passes them. A
batch normalisation that follows a convolution is folded into its numbers, as it is once training is over; dropout does
nothing then. The chain ends where features are flattened or a linear layer begins.
"""

from collections.abc import Iterator, Sequence
from statistics import fmean

import torch
from torch import Tensor, nn

from impasto.networks.backbone import Backbone
from impasto.networks.table import Layer, NetworkError, Table

IGNORED = (nn.Identity, nn.Dropout, nn.Dropout2d)
ENDS = (nn.Flatten, nn.Linear)
# The side in pixels of a picture above which a network's smallest one is taken for a mistake.
LARGEST = 2048


def from_sequential(network: nn.Sequential, mean: Sequence[float], std: Sequence[float], source: str) -> Backbone:
    """The convolutions, ReLUs and poolings that a chain of layers begins with, nested chains included.

    Args:
        network: its convolutions have groups of 1, zeros for padding, and the same numbers along both axes; the first
            takes RGB, or one channel, the mean of RGB.
        mean: of the pictures in 0–1 that it was trained on, three numbers, or one of grey; a picture has it subtracted.
        std: their deviation, by which a picture is divided.
        source: what the layers came from, for the line of an error.

    Raises:
        NetworkError: nothing is left that paints, or a layer before the last convolution is of another kind.
    """
    layers = list(_chain(network))
    last = max((i for i, (_, layer) in enumerate(layers) if isinstance(layer, nn.Conv2d)), default=-1)
    rows: list[Layer] = []
    kernels: dict[str, Tensor] = {}
    biases: dict[str, Tensor] = {}
    for i, (path, layer) in enumerate(layers):
        where = f"{source}: layer {path} ({type(layer).__name__})"
        if type(layer) in ENDS:
            break
        if type(layer) in IGNORED:
            continue
        if type(layer) is nn.Conv2d:
            row = _convolution(layer, f"conv{len(kernels) + 1}", where)
            kernels[row.name] = layer.weight.detach().float()
            biases[row.name] = torch.zeros(row.channels) if layer.bias is None else layer.bias.detach().float()
            if len(kernels) == 1:
                kernels[row.name], centre = _on_pixels(kernels[row.name], mean, std, bare=not rows, where=where)
            rows.append(row)
        elif type(layer) is nn.BatchNorm2d and rows and rows[-1].kind == "convolution":
            name = rows[-1].name
            kernels[name], biases[name] = _normalised(layer, kernels[name], biases[name], where)
        elif type(layer) is nn.MaxPool2d or type(layer) is nn.AvgPool2d:
            count = sum(row.kind == "pooling" for row in rows) + 1
            rows.append(_pooling(layer, f"pool{count}", rows[-1].channels if rows else 3, where))
        elif type(layer) is nn.ReLU:
            count = sum(row.kind == "relu" for row in rows) + 1
            rows.append(Layer(1, name=f"relu{count}", kind="relu", channels=rows[-1].channels if rows else 3))
        elif i < last:
            raise NetworkError(
                f"{where} is not among Conv2d, BatchNorm2d after it, ReLU, MaxPool2d and AvgPool2d; "
                "replace it, or give the layers before it"
            )
        else:
            break
    if not kernels:
        raise NetworkError(f"{source}: no convolution to begin with; give an nn.Sequential of Conv2d, ReLU, poolings")
    table = Table(tuple(rows))
    if table.smallest > LARGEST:
        raise NetworkError(f"{source}: it takes no picture below {table.smallest} px; give its first layers alone")
    return Backbone(table, kernels, biases, centre).check(source)


def to_sequential(table: Table) -> nn.Sequential:
    """A table's convolutions and poolings as PyTorch's layers without numbers, only to be looked at.

    ReLUs are left out: they have no numbers and change no shape.
    """
    network, inputs = nn.Sequential(), 3
    for row in table.steps:
        place = row.kernel, row.stride, row.padding
        if row.kind == "convolution":
            layer: nn.Module = nn.Conv2d(inputs, row.channels, *place, row.dilation, device="meta")
        else:
            layer = nn.MaxPool2d(*place, row.dilation) if row.pooling == "max" else nn.AvgPool2d(*place)
        network.add_module(row.name, layer)
        inputs = row.channels
    return network


def _chain(network: nn.Sequential, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The layers one after another, each with the names that lead to it."""
    for name, layer in network.named_children():
        if type(layer) is nn.Sequential:
            yield from _chain(layer, f"{path}{name}.")
        else:
            yield f"{path}{name}", layer


def _convolution(layer: nn.Conv2d, name: str, where: str) -> Layer:
    if layer.groups != 1 or layer.padding_mode != "zeros":
        raise NetworkError(f"{where} has groups or pads with other numbers than zeros; give it groups=1 and zeros")
    kernel, stride, dilation = (_both(layer, each, where) for each in ("kernel_size", "stride", "dilation"))
    if layer.padding == "same" and dilation * (kernel - 1) % 2 == 0:
        padding = dilation * (kernel - 1) // 2
    elif layer.padding == "valid":
        padding = 0
    else:
        padding = _both(layer, "padding", where)
    channels = layer.weight.shape[0]
    return Layer(kernel, padding, stride, dilation, name=name, kind="convolution", channels=channels)


def _pooling(layer: nn.MaxPool2d | nn.AvgPool2d, name: str, channels: int, where: str) -> Layer:
    kernel, padding, stride = (_both(layer, each, where) for each in ("kernel_size", "padding", "stride"))
    if layer.ceil_mode:
        raise NetworkError(f"{where} rounds sizes up; give it ceil_mode=False")
    if 2 * padding > kernel:
        raise NetworkError(f"{where} pads more than half of its kernel; give it a smaller padding")
    if isinstance(layer, nn.MaxPool2d):
        dilation = _both(layer, "dilation", where)
        return Layer(kernel, padding, stride, dilation, name=name, kind="pooling", channels=channels)
    if layer.divisor_override is not None or (padding and not layer.count_include_pad):
        raise NetworkError(f"{where} counts in another way; give it count_include_pad=True and no divisor_override")
    return Layer(kernel, padding, stride, name=name, kind="pooling", channels=channels, pooling="avg")


def _both(layer: nn.Module, attribute: str, where: str) -> int:
    """A number of a layer that is the same along both axes."""
    value = getattr(layer, attribute)
    least = 0 if attribute == "padding" else 1
    numbers = set(value) if isinstance(value, tuple) else {value}
    if len(numbers) != 1 or not all(type(number) is int and number >= least for number in numbers):
        raise NetworkError(f"{where} has a {attribute} of {value}; give it one number for both axes, {least} or more")
    (number,) = numbers
    return int(number)


def _on_pixels(
    kernel: Tensor, mean: Sequence[float], std: Sequence[float], *, bare: bool, where: str
) -> tuple[Tensor, tuple[float, float, float]]:
    """The first convolution's kernels for RGB in 0–255 less a mean, and that mean."""
    channels = kernel.shape[1]
    if channels not in (1, 3):
        raise NetworkError(f"{where} takes {channels} channels; give a first convolution of 3 (RGB) or 1 (grey)")
    grey = channels == 1 or len(mean) == 1
    if not grey:
        red, green, blue = (255 * value for value in mean)
        return kernel / (255 * torch.tensor(std).view(1, 3, 1, 1)), (red, green, blue)
    if not bare:
        raise NetworkError(f"{where} takes grey and is not the first layer; give a network that begins with it")
    whole = kernel.sum(1, keepdim=True) / (3 * 255 * fmean(std))
    return whole.repeat(1, 3, 1, 1), (255 * fmean(mean),) * 3


def _normalised(norm: nn.BatchNorm2d, kernel: Tensor, bias: Tensor, where: str) -> tuple[Tensor, Tensor]:
    """A convolution's numbers with the batch normalisation after it, by its running means."""
    if norm.running_mean is None or norm.running_var is None:
        raise NetworkError(f"{where} keeps no running means; give it track_running_stats=True and train it")
    factor = (norm.running_var.float() + norm.eps).rsqrt()
    factor = factor if norm.weight is None else factor * norm.weight.detach().float()
    shift = 0 if norm.bias is None else norm.bias.detach().float()
    return kernel * factor.view(-1, 1, 1, 1), (bias - norm.running_mean.float()) * factor + shift
