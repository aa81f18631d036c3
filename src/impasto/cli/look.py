"""`impasto look`: inside the network."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, stop, told
from impasto.cli.look_out import Out, keep, target
from impasto.cli.look_paint import Photo, balance, reconstruct, unit
from impasto.cli.named_files import check_outputs, style_file
from impasto.cli.own_class import Class, found
from impasto.cli.progress import busy
from impasto.look.layers import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impasto.images import Picture

look = typer.Typer(
    help="See inside the network: what it makes of a picture, and what it looks for.", no_args_is_help=True
)
Layers = Annotated[list[str] | None, typer.Option("--layer", help="conv1_1 … conv5_4; repeatable (conv1_1 … conv5_1).")]
Size = Annotated[int, typer.Option(help="The long side in pixels; a smaller photo stays as it is.")]


@look.command()
def features(
    photo: Photo,
    layer: Layers = None,
    top: Annotated[int, typer.Option(help="How many maps a layer.")] = 64,
    order: Annotated[Order, typer.Option(help="The strongest first, or by number.")] = "energy",
    size: Annotated[
        int | None, typer.Option(help="The long side in pixels; a smaller photo stays as it is (512).")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Another network than VGG19: a file of impasto train, or fashion-classifier.")
    ] = None,
    own: Class = None,
    out: Out = None,
) -> None:
    """Feature maps as a contact sheet, scale beside scale."""
    where = target(out, photo, "features", ("the photo", photo), ("the model", Path(model) if model else None))
    from impasto import images
    from impasto.look import FIRST_OF_EACH_BLOCK, feature_maps, feature_sheet, model_maps

    with plain_errors(MISUSE):
        mine = found(own, goes_with=model is not None)
        asked = None
        if model is not None:
            from impasto.classify.model import load

            if size is not None:
                raise ValueError("a model takes pictures of one size; leave --size out")
            asked = load(model, mine)
    with plain_errors(FAILURE):
        picture = told(images.read(photo), photo)
    with plain_errors(MISUSE), busy("the picture goes through the network"):
        if asked is not None:
            maps = model_maps(asked, picture, layer)
        else:
            maps = feature_maps(picture, layer or FIRST_OF_EACH_BLOCK, 512 if size is None else size)
    with plain_errors(MISUSE), busy("drawing the sheet"):
        figure = feature_sheet(maps, top, order)
    keep(figure, where)


@look.command()
def gram(
    photo: Photo,
    style: Annotated[str | None, typer.Option(help="A style's name or a file, to compare with.")] = None,
    layer: Layers = None,
    size: Size = 512,
    out: Out = None,
) -> None:
    """Gram matrices as heat maps, side by side with a style's, and their difference."""
    where = target(out, photo, "gram", ("the photo", photo), ("the style", style_file(style) if style else None))
    from impasto import images
    from impasto.look import FIRST_OF_EACH_BLOCK, gram_sheet, layer_grams

    with plain_errors(FAILURE):
        picture = told(images.read(photo), photo)
    with plain_errors(MISUSE), busy("the pictures go through the network"):
        grams = layer_grams(picture, style, layer or FIRST_OF_EACH_BLOCK, size)
    with busy("drawing the sheet"):
        figure = gram_sheet(grams)
    keep(figure, where)


@look.command()
def kernels(
    model: Annotated[
        str, typer.Argument(help="vgg19, or a model: a file of impasto train, or fashion-classifier.")
    ] = "vgg19",
    own: Class = None,
    out: Out = None,
) -> None:
    """The kernels of the first layer, each in the colours that it answers to."""
    where = target(out, Path(Path(model).name), "kernels", ("the model", Path(model)))
    from impasto.classify.model import load
    from impasto.look import kernel_sheet

    with plain_errors(MISUSE):
        mine = found(own, goes_with=model != "vgg19")
        figure = kernel_sheet(None if mine is None and model == "vgg19" else load(model, mine))
    keep(figure, where)


@look.command()
def network(
    network: Annotated[
        str,
        typer.Argument(
            help="vgg19, classifier, modern, a class of your own as mynet.py:Mine, a model by its name, or a file of a "
            "network."
        ),
    ] = "vgg19",
    size: Annotated[
        int | None, typer.Option(help="The picture's side in pixels (VGG19 224; that of a model's pictures, or 32).")
    ] = None,
    own: Class = None,
    out: Out = None,
) -> None:
    """The network as a diagram: each block's shapes, parameters, and receptive field."""
    where = target(out, Path(Path(network).name), "network", ("the model", Path(network)))
    from impasto.cli.shapes import measured

    rows = measured(network, 224 if size is None and network == "vgg19" else size, own)
    from impasto.look import network_sheet

    name = "VGG19" if network == "vgg19" else Path(network.rpartition(":")[2]).stem
    keep(network_sheet(rows, name), where)


for command in (reconstruct, unit, balance):
    look.command()(command)


@look.command()
def patches(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="As conv4_1:17.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Your pictures; subfolders count too.")],
    top: Annotated[int | None, typer.Option(help="How many patches, one a picture (16).")] = None,
    size: Size = 512,
    out: Out = None,
) -> None:
    """The patches of your own pictures that excite a unit most."""
    where = target(out, Path(unit.replace(":", "-")), "patches")
    from impasto.images import pictures_in
    from impasto.images.names import is_folder
    from impasto.look import Unit, best_patches, patch_sheet

    with plain_errors(MISUSE):
        asked = Unit.named(unit)
    if not is_folder(folder):
        stop(f"there is no folder {folder}; give one with pictures in it", FAILURE)
    found = pictures_in(folder, deep=True)
    if not found:
        stop(f"{folder} holds no pictures; give a folder that does", FAILURE)
    if top is not None and top > len(found):
        stop(f"{folder} holds {len(found)} pictures, fewer than the {top} asked for; give --top {len(found)}", FAILURE)
    check_outputs({"-o": out}, (("one of the pictures", path) for path in found))
    with plain_errors(MISUSE):
        best = best_patches(asked, _read_in_turn(found), min(16, len(found)) if top is None else top, size)
    if not best:
        stop(f"of the pictures in {folder} none can be read; give others", FAILURE)
    keep(patch_sheet(asked, best), where)


def _read_in_turn(paths: "list[Path]") -> "Iterator[Picture]":
    """The pictures that can be read, with a bar on a terminal; the others are named."""
    from rich.console import Console
    from rich.progress import track

    from impasto import images

    for path in track(paths, "looking", console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()):
        try:
            yield images.read(path)
        except images.PictureError as error:
            say(f"passed over: {str(error).splitlines()[0]}")
