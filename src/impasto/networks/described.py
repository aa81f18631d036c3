"""A chain of PyTorch's own layers in words: what a file can say of a network, so that it is built without its code.

A description is a list with an entry for each layer, in the order in which a picture passes them: the layer's name in
the network, its kind and its settings. `["features.0", "Conv2d", {"in_channels": 3, …}]` is one. A flattening that is
no layer has an empty name.
"""

import copy
import json
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from impasto.convolution.watching import leaves, watched
from impasto.networks.table import NetworkError

Description = list[tuple[str, str, dict[str, Any]]]

_POOLING = ("kernel_size", "stride", "padding")
KINDS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Conv2d: ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias",
                "padding_mode"),
    nn.Linear: ("in_features", "out_features", "bias"),
    nn.BatchNorm1d: ("num_features", "eps", "momentum", "affine", "track_running_stats"),
    nn.BatchNorm2d: ("num_features", "eps", "momentum", "affine", "track_running_stats"),
    nn.MaxPool2d: (*_POOLING, "dilation", "ceil_mode"),
    nn.AvgPool2d: (*_POOLING, "ceil_mode", "count_include_pad", "divisor_override"),
    nn.AdaptiveAvgPool2d: ("output_size",),
    nn.Flatten: ("start_dim", "end_dim"),
    nn.Dropout: ("p",),
    nn.Dropout2d: ("p",),
    nn.ReLU: (),
    nn.LeakyReLU: ("negative_slope",),
    nn.ELU: ("alpha",),
    nn.GELU: ("approximate",),
    nn.SiLU: (),
    nn.Sigmoid: (),
    nn.Tanh: (),
    nn.Identity: (),
}  # fmt: skip
"""The layers that are described, and the settings that make another one like it."""
BY_NAME = {kind.__name__: kind for kind in KINDS}
DEEPEST = 16
"""Names that may lead to a layer."""


def describe(network: nn.Module, pictures: Tensor) -> Description | None:
    """A network in words, or None where its layers and what stands here do not say all that it does.

    The layers are noted as the pictures pass them. What they make one after another is then compared with what the
    network makes, in evaluation and in training: whatever else its forward does shows as a difference.

    Args:
        network: as it was made.
        pictures: some to try it with, B × 3 × H × W.
    """
    passed = _passed(network, pictures[:2])
    described: Description = []
    for name, layer, flattened in passed:
        if type(layer) not in KINDS:
            return None
        if flattened:
            described.append(("", "Flatten", {}))
        described.append((name, type(layer).__name__, {each: _setting(layer, each) for each in KINDS[type(layer)]}))
    if {name.rpartition(".")[0] for name in network.state_dict()} - {name for name, _, _ in passed}:
        return None
    try:
        json.dumps(described)
    except TypeError:  # a number of another library, as numpy's
        return None
    same = all(_alike(network, [(flat, layer) for _, layer, flat in passed], pictures, mode) for mode in (False, True))
    return described if same else None


def built(description: Iterable[Sequence[Any]]) -> list[tuple[str, nn.Module]]:
    """The layers that a description names, without numbers (on PyTorch's device "meta"), each with its name.

    Raises:
        NetworkError: it names no layers that can be.
    """
    made: dict[str, nn.Module] = {}
    order: list[tuple[str, nn.Module]] = []
    try:
        for name, kind, settings in description:
            layer = made.get(name)
            if layer is None:
                given = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
                with torch.device("meta"):
                    layer = BY_NAME[kind](**given)
            if name:
                made[name] = layer
            order.append((str(name), layer))
    except (TypeError, ValueError, LookupError, RuntimeError, ArithmeticError, AttributeError, AssertionError):
        raise NetworkError("its layers are described in a way that can't be") from None
    return order


class Chain(nn.Module):
    """Layers one after another, under the names that they have in the network that was described.

    Args:
        layers: from :func:`built`.

    Raises:
        NetworkError: two layers can't have those names.
    """

    def __init__(self, layers: Sequence[tuple[str, nn.Module]]) -> None:
        super().__init__()
        self.order: list[nn.Module] = []
        for name, layer in layers:
            self.order.append(layer)
            if name:
                self._place(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        """What the last layer gives."""
        for layer in self.order:
            x = layer(x)
        return x

    def _place(self, name: str, layer: nn.Module) -> None:
        *path, last = name.split(".")
        parent: nn.Module = self
        try:
            if len(path) > DEEPEST:
                raise KeyError(name)
            for part in path:
                if part not in parent._modules:
                    parent.add_module(part, nn.Module())
                parent = parent.get_submodule(part)
            if parent._modules.get(last) is not layer:
                parent.add_module(last, layer)
        except (KeyError, TypeError, AttributeError):
            raise NetworkError(f"none of its layers can be called {name[:80]!r}") from None


def _passed(network: nn.Module, pictures: Tensor) -> list[tuple[str, nn.Module, bool]]:
    """The layers in the order in which pictures pass them, and whether what they get was flattened by no layer."""
    found: list[tuple[str, nn.Module, bool]] = []
    last = pictures.ndim

    def note(name: str, layer: nn.Module, given: Any, made: Any) -> None:
        nonlocal last
        found.append((name, layer, bool(given) and isinstance(given[0], Tensor) and given[0].ndim == 2 < last))
        last = made.ndim if isinstance(made, Tensor) else 0

    training = network.training
    try:
        with torch.no_grad(), watched(leaves(network), note):
            network.eval()(pictures)
    finally:
        network.train(training)
    return found


def _alike(network: nn.Module, chain: list[tuple[bool, nn.Module]], pictures: Tensor, training: bool) -> bool:
    """Whether the layers one after another make what the network makes, chance and running means included."""
    network, layers = copy.deepcopy((network, [layer for _, layer in chain]))
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = network.train(training)(pictures)
        network.load_state_dict(before)
        torch.manual_seed(0)
        x = pictures
        try:
            for (flat, _), layer in zip(chain, layers, strict=True):
                x = layer.train(training)(x.flatten(1) if flat else x)
        except (
            RuntimeError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ):  # the network does something between them
            return False
    return theirs.shape == x.shape and torch.allclose(theirs, x, rtol=1e-4, atol=1e-5, equal_nan=True)


def _setting(layer: nn.Module, name: str) -> Any:
    value = getattr(layer, name)
    return value is not None if name == "bias" else value
