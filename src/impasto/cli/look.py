"""`impasto look`: inside the network."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors
from impasto.cli.look_out import Out, keep, target

look = typer.Typer(
    help="See inside the network: what it makes of a picture, and what it looks for.", no_args_is_help=True
)
Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="A picture.")]
Layers = Annotated[list[str] | None, typer.Option("--layer", help="conv1_1 … conv5_4; repeatable (conv1_1 … conv5_1).")]
Size = Annotated[int, typer.Option(help="The long side in pixels; a smaller photo stays as it is.")]


@look.command()
def features(
    photo: Photo,
    layer: Layers = None,
    top: Annotated[int, typer.Option(help="How many maps a layer.")] = 64,
    order: Annotated[str, typer.Option(help="energy (the strongest first) or number.")] = "energy",
    size: Size = 512,
    out: Out = None,
) -> None:
    """Feature maps as a contact sheet, scale beside scale."""
    path = target(out, photo, "features")
    from impasto import images
    from impasto.look import FIRST_OF_EACH_BLOCK, feature_maps, feature_sheet

    with plain_errors(FAILURE):
        picture = images.read(photo)
    with plain_errors(MISUSE):
        figure = feature_sheet(feature_maps(picture, layer or FIRST_OF_EACH_BLOCK, size), top, order)
    keep(figure, path)


@look.command()
def gram(
    photo: Photo,
    style: Annotated[str | None, typer.Option(help="A style's name or a file, to compare with.")] = None,
    layer: Layers = None,
    size: Size = 512,
    out: Out = None,
) -> None:
    """Gram matrices as heat maps, side by side with a style's, and their difference."""
    path = target(out, photo, "gram")
    from impasto import images
    from impasto.look import FIRST_OF_EACH_BLOCK, gram_sheet, layer_grams

    with plain_errors(FAILURE):
        picture = images.read(photo)
    with plain_errors(MISUSE):
        figure = gram_sheet(layer_grams(picture, style, layer or FIRST_OF_EACH_BLOCK, size))
    keep(figure, path)
