"""`impasto shapes`: what each layer of a network does to the size of a picture, and what it costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import MISUSE, plain_errors

if TYPE_CHECKING:
    from impasto.convolution.shapes import LayerShape


def shapes(
    network: Annotated[
        str,
        typer.Argument(help="classifier, modern, vgg19, a model by its name, or a file of a network."),
    ] = "classifier",
    size: Annotated[int, typer.Option(help="The picture's side in pixels.")] = 32,
) -> None:
    """Each layer's input and output, parameters, multiply-adds, and what one output sees of the picture."""
    from impasto.convolution.shapes import table

    print(table(measured(network, size)))


def measured(network: str, size: int) -> "list[LayerShape]":
    """The layers of a network that is named as the commands name it."""
    from impasto.classify.classifier import ARCHITECTURES
    from impasto.convolution.shapes import shapes as measure
    from impasto.networks.sequential import to_sequential
    from impasto.networks.vgg import VGG19

    with plain_errors(MISUSE):
        if size < 1:
            raise ValueError(f"a size of {size} is not possible; give 1 or more")
        if network == "vgg19":
            return measure(to_sequential(VGG19), size)
        if network in ARCHITECTURES:
            return measure(ARCHITECTURES[network](10, size), size)
        from impasto.networks.loading import is_safetensors, load

        if Path(network).is_file() and not is_safetensors(Path(network)):
            return measure(to_sequential(load(network).table), size)
        from impasto.classify.model import load as load_model

        card = load_model(network).card
        return measure(ARCHITECTURES[card.architecture](len(card.classes), size), size)
