"""Watching a network at work: what each of its layers is given, and makes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

Named = tuple[str, nn.Module]


def leaves(network: nn.Module) -> list[Named]:
    """The layers that have no layers of their own, each with its name in the network."""
    return [(name, each) for name, each in network.named_modules() if name and next(each.children(), None) is None]


@contextmanager
def watched(layers: Iterable[Named], note: Callable[[str, nn.Module, Any, Any], Any]) -> Iterator[None]:
    """Until the body ends, tell of each layer that is run.

    Args:
        layers: those that are watched, each with its name.
        note: called with a layer's name, itself, the tuple that it was given, and what it made; where it returns
            something else than None, that takes the place of what was made.
    """
    hooks = [
        layer.register_forward_hook(lambda layer, given, made, name=name: note(name, layer, given, made))
        for name, layer in layers
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
