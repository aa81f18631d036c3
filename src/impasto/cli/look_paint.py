"""`impasto look reconstruct`, `unit` and `balance`: the ones that paint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors, stop, told
from impasto.cli.look_out import Out, keep, target
from impasto.cli.named_files import style_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from impasto.look import Unit
    from impasto.look.page import Bytes
    from impasto.painter import Run

Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="A picture.")]


def reconstruct(
    photo: Photo,
    content: Annotated[list[str] | None, typer.Option(metavar="LAYER", help="Keep its content; repeatable.")] = None,
    style: Annotated[list[str] | None, typer.Option(metavar="LAYER", help="Keep its style; repeatable.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Content of conv1_1 … conv5_1, and style of growing sets of them.")
    ] = False,
    size: Annotated[int, typer.Option(help="The long side in pixels; a smaller photo stays as it is.")] = 256,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    out: Out = None,
) -> None:
    """What those layers alone keep of a picture, grown from noise."""
    if everything and (content or style):
        stop("--all shows all layers; leave --content and --style out", MISUSE)
    where = target(out, photo, "kept", ("the photo", photo))
    from impasto import images
    from impasto.look import FIGURE_1, Kept, figure_1_sheet, reconstruction, reconstruction_sheet

    with plain_errors(FAILURE):
        picture = told(images.read(photo), photo)
    with plain_errors(MISUSE):
        asked = FIGURE_1 if everything else (Kept(tuple(content or ()), tuple(style or ())),)
        runs = (reconstruction(picture, kept, size, seed).start() for kept in asked)
        made = _painted(runs, len(asked))
    figure = figure_1_sheet(picture.name, made) if everything else reconstruction_sheet(picture, asked[0], made[0])
    keep(figure, where)


def unit(
    units: Annotated[
        list[str], typer.Argument(metavar="UNIT...", help="As conv4_1:17; or conv4_1, a poster of the whole layer.")
    ],
    count: Annotated[int, typer.Option(help="How many pictures of each, as different as can be.")] = 1,
    centre: Annotated[bool, typer.Option("--centre", help="Excite it at one position instead of everywhere.")] = False,
    size: Annotated[int | None, typer.Option(help="Of each picture (128; of a poster 64).")] = None,
    out: Out = None,
) -> None:
    """The picture that excites a unit most: what it looks for."""
    where = target(out, Path(units[0].replace(":", "-")), "unit")
    if count < 1:
        stop(f"{count} pictures are nothing; give --count 1 or more", MISUSE)
    from impasto.look import unit_sheet, visualizations

    with plain_errors(MISUSE):
        asked = [unit for name in units for unit in _units(name)]
        poster = any(":" not in name for name in units)
        runs = visualizations(asked, count, "centre" if centre else "mean", size or (64 if poster else 128))
        made = _painted(runs, len(asked) * count)
    keep(unit_sheet([unit for unit in asked for _ in range(count)], made), where)


def balance(
    photo: Photo,
    style: Annotated[str, typer.Option(help="A style's name or a file.")],
    size: Annotated[int, typer.Option(help="Of each painting, the long side in pixels.")] = 160,
    out: Out = None,
) -> None:
    """A grid of paintings: α / β across, style layers down."""
    where = target(out, photo, "balance", ("the photo", photo), ("the style", style_file(style)))
    from impasto import images
    from impasto.look import balance, balance_sheet
    from impasto.look.balance_grid import DEPTHS, RATIOS
    from impasto.styles.library import find

    with plain_errors(FAILURE):
        picture = told(images.read(photo), photo)
    with plain_errors(MISUSE):
        chosen = find(style)
        runs = (painter.start() for painter in balance(picture, chosen, size))
        made = _painted(runs, len(DEPTHS) * len(RATIOS))
    keep(balance_sheet(picture.name, chosen.name, made), where)


def _painted(runs: "Iterable[Run]", count: int) -> "list[Bytes]":
    from impasto.cli.progress import in_turn
    from impasto.painter.painting import to_bytes

    return [to_bytes(run.painting().pixels) for run in in_turn(runs, count)]


def _units(name: str) -> "list[Unit]":
    from impasto.look import Unit
    from impasto.look.layers import check_layer
    from impasto.networks.vgg import VGG19

    if ":" in name:
        return [Unit.named(name)]
    return [Unit(name, index) for index in range(VGG19.channels(check_layer(name)))]
