"""`impasto shapes`: what each layer of a network does to the size of a picture, and what it costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import MISUSE, plain_errors, say
from impasto.cli.own_class import Class, found, with_sizes

if TYPE_CHECKING:
    from impasto.convolution.shapes import LayerShape


def shapes(
    network: Annotated[
        str,
        typer.Argument(
            help="classifier, modern, vgg19, a class of your own as mynet.py:Mine, a model by its name, or a file of a "
            "network."
        ),
    ] = "classifier",
    size: Annotated[
        int | None, typer.Option(help="The picture's side in pixels (that of a model's pictures, or 32).")
    ] = None,
    own: Class = None,
) -> None:
    """Each layer's input and output, parameters, multiply-adds, and what one output sees of the picture."""
    from impasto.convolution.shapes import table, unfollowed

    rows = measured(network, size, own, learns=True)
    print(table(rows))
    if why := unfollowed(rows):
        print(why)


def measured(network: str, asked: int | None, own: str | None = None, *, learns: bool = False) -> "list[LayerShape]":
    """The layers of a network that is named as the commands name it.

    Args:
        network: its name.
        asked: the pictures' side, if one was asked for.
        own: the class of a model's network.
        learns: whether a class of somebody's own is refused where `impasto train` would refuse it.
    """
    from impasto.classify.classifier import ARCHITECTURES
    from impasto.classify.images import SIDE
    from impasto.classify.own import USUAL, is_own
    from impasto.convolution.shapes import shapes as measure
    from impasto.networks.sequential import to_sequential
    from impasto.networks.vgg import VGG19

    with plain_errors(MISUSE), with_sizes():
        size = SIDE if asked is None else asked
        if size < 1:
            raise ValueError(f"a size of {size} is not possible; give 1 or more")
        a_class = is_own(network)
        mine = found(network if a_class else own, goes_with=network not in ("vgg19", *ARCHITECTURES))
        if mine and a_class:
            found(own, goes_with=False)
            made = mine.build(USUAL, size)
            rows = mine.measured(made, size)
            if learns and (doubt := mine.doubt(made, rows, size)):
                say(doubt)
            return rows
        if network == "vgg19":
            return measure(to_sequential(VGG19), size)
        if network in ARCHITECTURES:
            return measure(ARCHITECTURES[network](10, size), size)
        from impasto.networks.loading import is_safetensors, load

        if Path(network).is_file() and not is_safetensors(Path(network)):
            return measure(to_sequential(load(network).table), size)
        from impasto.classify.model import load as load_model

        model = load_model(network, mine)
        size = model.side if asked is None else asked
        if mine:
            return mine.measured(model.network, size)
        make = ARCHITECTURES.get(model.card.architecture)
        return measure(make(len(model.card.classes), size) if make else model.network, size)
