"""`impasto shapes`: what each layer of a network does to the size of a picture, and what it costs."""

from typing import Annotated

import typer

from impasto.cli.errors import MISUSE, plain_errors


def shapes(
    network: Annotated[
        str, typer.Argument(help="classifier, modern, vgg19, or a model: its file, or its name.")
    ] = "classifier",
    size: Annotated[int, typer.Option(help="The picture's side in pixels.")] = 32,
) -> None:
    """Each layer's input and output, parameters, multiply-adds, and what one output sees of the picture."""
    from impasto.nn.classifier import ARCHITECTURES
    from impasto.nn.shapes import shapes as measure
    from impasto.nn.shapes import table, vgg19

    with plain_errors(MISUSE):
        if size < 1:
            raise ValueError(f"a size of {size} is not possible; give 1 or more")
        if network == "vgg19":
            net = vgg19()
        elif network in ARCHITECTURES:
            net = ARCHITECTURES[network](10, size)
        else:
            from impasto.classify.model import load

            card = load(network).card
            net = ARCHITECTURES[card.architecture](len(card.classes), size)
        print(table(measure(net, size)))
