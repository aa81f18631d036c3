"""`impasto paint`: photos in, paintings out."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli import signals, torchrun
from impasto.cli.choices import choice
from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, stop, tell, told
from impasto.cli.named_files import STDIO, expanded, style_file
from impasto.cli.paint_regions import Asked, colours_among, kept, kept_faces, pairs, placed_styles, recalled
from impasto.cli.weighted import split_weight
from impasto.painter.balance import OBJECTIVES
from impasto.painter.settings import CHOICES
from impasto.painter.style_losses import STYLE_LOSSES

if TYPE_CHECKING:
    from impasto.cli.paint_out import Place
    from impasto.images import Picture
    from impasto.painter import Painter, Painting, Progress, Recipe, Run, Style

LOOK, CANVAS, NETWORK, OUTPUT = "Look", "Canvas", "The network", "What is shown and kept"
REGIONS = "Where: masks are pictures, which are stretched over the photo"


def paint(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, a folder, or - for standard input.")],
    style: Annotated[
        list[str] | None, typer.Option(metavar="STYLE[:WEIGHT]", help="A style's name or a file; repeatable.")
    ] = None,
    out: Annotated[
        str | None, typer.Option("-o", "--out", help="A file (jpg, png, webp, avif, tiff), a folder, or -.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="The long side in pixels (512), or full.")] = None,
    quality: Annotated[str | None, choice(CHOICES["quality"], help="How long it works (standard).")] = None,
    objective: Annotated[
        str | None, choice(OBJECTIVES, help="How layers and terms are balanced (impasto).", panel=NETWORK)
    ] = None,
    content_weight: Annotated[
        float | None, typer.Option(help="α: how much of the photo.", rich_help_panel=LOOK)
    ] = None,
    style_weight: Annotated[float | None, typer.Option(help="β: how much of the style.", rich_help_panel=LOOK)] = None,
    style_scale: Annotated[float | None, typer.Option(help="The size of the brush (1).", rich_help_panel=LOOK)] = None,
    keep_colors: Annotated[
        bool | None, typer.Option("--keep-colors", help="Keep the photo's palette.", rich_help_panel=LOOK)
    ] = None,
    luminance: Annotated[
        bool | None,
        typer.Option("--luminance", help="Style the light only; the photo's colours stay.", rich_help_panel=LOOK),
    ] = None,
    tv_weight: Annotated[float | None, typer.Option(help="Smoothness (0).", rich_help_panel=LOOK)] = None,
    like: Annotated[
        Path | None, typer.Option(help="A painting whose settings to repeat.", rich_help_panel=LOOK)
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MASK STYLE[:WEIGHT]",
            help="A style where a mask is white; repeatable. Elsewhere --style holds, or the photo stays.",
            rich_help_panel=REGIONS,
        ),
    ] = None,
    regions: Annotated[
        str | None,
        typer.Option(
            metavar="MAP COLOUR=STYLE...", help="A picture whose colours are regions.", rich_help_panel=REGIONS
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MASK[:STRENGTH]", help="Keep the photo where a mask is white; repeatable.", rich_help_panel=REGIONS
        ),
    ] = None,
    keep_faces: Annotated[
        float | None, typer.Option(metavar="[STRENGTH]", help="Find faces and keep them (1).", rich_help_panel=REGIONS)
    ] = None,
    style_region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MASK", help="Which part of a --style is the style; one for each.", rich_help_panel=REGIONS
        ),
    ] = None,
    feather: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="Soft edges, of the photo's long side (1).", rich_help_panel=REGIONS),
    ] = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A mask of the painting that --like names.", rich_help_panel=REGIONS),
    ] = None,
    init: Annotated[
        str | None, typer.Option(help="Start from: photo, noise, or a file.", rich_help_panel=CANVAS)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the noise.", rich_help_panel=CANVAS)] = None,
    max_pixels: Annotated[
        int | None, typer.Option(help="Refuse larger pictures than this (200 million).", rich_help_panel=CANVAS)
    ] = None,
    content_layer: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER[:WEIGHT]", help="conv1_1 … conv5_4; repeatable.", rich_help_panel=NETWORK),
    ] = None,
    style_layer: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER[:WEIGHT]", help="conv1_1 … conv5_4; repeatable.", rich_help_panel=NETWORK),
    ] = None,
    style_loss: Annotated[
        str | None, choice(STYLE_LOSSES, help="What of a layer's features is compared (gram).", panel=NETWORK)
    ] = None,
    pooling: Annotated[
        str | None, choice(CHOICES["pooling"], help="Between blocks of layers (max).", panel=NETWORK)
    ] = None,
    device: Annotated[str, choice(CHOICES["device"], help="Where it computes.", panel=NETWORK)] = "auto",
    dtype: Annotated[
        str | None, choice(CHOICES["dtype"], help="In which numbers the network computes (auto).", panel=NETWORK)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="How many the processor may use.", rich_help_panel=NETWORK)
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="VGG19 in torchvision's format: a file, or torchvision.", rich_help_panel=NETWORK)
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead of VGG19: what impasto train saved, or an nn.Sequential.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Memory that it may take, as 4G (a part of what is free). Pages of files, which the system takes back "
            "when it needs them, do not count, though ps and time count them.",
            rich_help_panel=CANVAS,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where checkpoints go (beside the painting).", rich_help_panel=CANVAS),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a painting that was stopped.", rich_help_panel=CANVAS)
    ] = False,
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Paint what there is of a damaged photo.", rich_help_panel=CANVAS)
    ] = False,
    bits: Annotated[int, typer.Option(help="Of a png: 8 or 16.", rich_help_panel=OUTPUT)] = 8,
    frames: Annotated[
        Path | None, typer.Option(help="The painting as it grows: a folder, .gif or .webp.", rich_help_panel=OUTPUT)
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="The objective over time, a picture.", rich_help_panel=OUTPUT)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line a painting.", rich_help_panel=OUTPUT)] = False,
) -> None:
    """Paint photos in the style of a painting."""
    from impasto import images

    limit = max_pixels or images.MAX_PIXELS
    photos, colours = colours_among(photos, regions)
    sources = expanded(photos, deep=False, paintings=False)
    from impasto.cli.paint_out import check_asked, place

    places = Asked(pairs(region), regions, colours, keep or [], style_region or [], feather)
    read = _files_to_read(sources, style or [], init, like, weights) + places.files
    check_asked(sources, out, bits, frames, plot, as_json, read)
    from impasto.images import PictureError
    from impasto.painter.checkpoint import CheckpointError
    from impasto.painter.painter import Painter
    from impasto.painter.recipe import Recipe
    from impasto.painter.settings import Settings
    from impasto.painter.sharing import LostError

    with plain_errors(MISUSE):
        before = images.read_settings(like) if like else None
        if like and before is None:
            stop(f"{like} holds no settings of Impasto's; give a painting that it made", MISUSE)
        if before and "network" in before and network is None:
            stop(
                f"{like} was painted with the network {before['network']['name']}; give it with --network FILE", MISUSE
            )
        given = {
            "size": _size(size), "quality": quality, "objective": objective, "content_weight": content_weight,
            "style_weight": style_weight, "style_scale": style_scale,
            "keep_colors": keep_colors, "luminance": luminance, "tv_weight": tv_weight, "seed": seed,
            "content_layers": _weighted_layers(content_layer), "style_layers": _weighted_layers(style_layer),
            "style_loss": style_loss, "pooling": pooling, "dtype": dtype, "threads": threads, "device": device,
            "weights": _weights_file(weights), "memory": _bytes(memory),
            "network": network,
        }  # fmt: skip
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if size == "full":
            changes["size"] = None
        start: Any = "photo"
        if init is not None:
            start = init if init in ("photo", "noise") else told(images.read(Path(init), max_pixels=limit), init)
        settings = replace(Settings.from_dict(before or {}), **changes)
        keeps = kept(places)
        if before and not style and not places.places_styles:
            chosen, theirs, faces = recalled(before, mask or [], _recalled(before.get("styles")))
            keeps, keep_faces = keeps or theirs, faces if keep_faces is None else keep_faces
        else:
            chosen = () if places.places_styles and not style else _styles(style or [])
        chosen = placed_styles(places, chosen)
    failed = False
    for source in sources:
        if signals.asked():  # while the one before was saved
            stop(f"interrupted before {source}", signals.INTERRUPTED)
        try:
            photo = _read(source, limit, damaged)
            with place(source, photo, [s.picture.name for s in chosen], out, checkpoint, resume=resume) as where:
                keeping = (*keeps, *(kept_faces(photo, keep_faces) if keep_faces else ()))
                recipe = Recipe(photo, chosen, settings, start, keeping)
                painter = Painter(recipe, checkpoint=where.checkpoint, share=torchrun.share())
                _paint_one(painter, where, bits, frames, plot, as_json, resume)
        except (PictureError, CheckpointError) as error:
            if len(sources) == 1:
                stop(str(error).splitlines()[0], FAILURE if isinstance(error, PictureError) else MISUSE)
            say(f"passed over {source}: {str(error).splitlines()[0]}")
            failed = True
        except LostError as error:
            stop(str(error), FAILURE)
        except KeyboardInterrupt:
            if lost := torchrun.share().over():
                stop(str(lost), FAILURE)
            raise
        except ValueError as error:  # of what was asked, so of no photo more than of another
            stop(str(error).splitlines()[0], MISUSE)
    if failed:
        raise typer.Exit(FAILURE)


def _paint_one(
    painter: "Painter",
    where: "Place",
    bits: int,
    frames: Path | None,
    plot: Path | None,
    as_json: bool,
    resume: bool,
) -> None:
    from impasto.cli.frames import Frames
    from impasto.cli.plot import draw
    from impasto.cli.progress import shown
    from impasto.images import PictureError
    from impasto.painter.sharing import LostError

    photo = painter.recipe.photo
    if max(photo.width, photo.height) < max(painter.width, painter.height):
        say(f"the photo is {photo.width} × {photo.height}; it is enlarged to {painter.width} × {painter.height}")
    count = painter.share.count
    machines = "this machine" if count == 1 else f"{count} processes like this one"
    say(f"painting {painter.width} × {painter.height} px; about {_duration(painter.estimate())} on {machines}")
    run = painter.start(resume=resume)
    rows: list[Progress] = []
    grown = Frames(frames, goes_on=resume) if frames else None
    interrupted = warned = failed = False
    with signals.keeping():
        try:
            for step in signals.until_asked(shown(run)):
                rows.append(step)
                if run.checkpoint_error is not None and not warned:
                    say(f"no checkpoint can be written ({run.checkpoint_error.strerror}); painting goes on without")
                    warned = True
                if grown is not None and not failed:
                    try:
                        grown.add(step)
                    except PictureError as error:
                        say(f"{error}; painting goes on without its frames")
                        failed = True
        except (KeyboardInterrupt, LostError):
            if not rows:
                raise
            interrupted = True
            _keep(run)
        painting = run.painting()
        try:
            target = where.save(painting, bits)
        except PictureError as error:
            raise PictureError(f"{error}{'; then --resume goes on with it' if run.can_resume else ''}") from error
        if not interrupted:
            run.forget_checkpoint()
        if as_json:
            tell(json.dumps(_row(painter.recipe, painting, target)))
        elif target != STDIO:
            tell(target)
        if grown is not None and rows:  # there are none where all had been done when it was stopped
            grown.save()
        if plot is not None and rows:
            draw(rows, plot)
    lost = painter.share.over()
    if interrupted:
        more = "; --resume goes on with it" if run.can_resume else ""
        why, code = (f"{lost},", FAILURE) if lost else ("interrupted", signals.INTERRUPTED)
        stop(f"{why} after {painting.steps} steps; what there is was saved{more}", code)
    if failed:
        raise typer.Exit(FAILURE)


def _keep(run: "Run") -> None:
    """Write a checkpoint, if that can be."""
    from impasto.painter.sharing import LostError

    try:
        run.checkpoint()
    except LostError:
        pass  # it would need a gradient that nobody can compute now; the one before is still there
    except OSError as error:
        say(f"no checkpoint can be written ({error.strerror})")


def _row(recipe: "Recipe", painting: "Painting", target: str) -> dict[str, Any]:
    height, width = painting.pixels.shape[:2]
    return {
        "out": target, "width": width, "height": height, "seconds": round(painting.seconds, 3),
        "steps": painting.steps, "objective": painting.objective, **painting.costs,
        "styles": {style.picture.name: share for style, share in zip(recipe.styles, recipe.shares, strict=True)},
    }  # fmt: skip


def _read(source: str, limit: int, damaged: bool) -> "Picture":
    from impasto import images

    if source == STDIO:
        photo = images.read(sys.stdin.buffer, name="photo", max_pixels=limit, damaged=damaged)
    else:
        photo = images.read(Path(source), max_pixels=limit, damaged=damaged)
    return told(photo, source)


def _bytes(amount: str | None) -> int | None:
    """A number of bytes, from 4G, 500M or plain bytes."""
    if amount is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", amount.strip().lower())
    if not found:
        stop(f"a memory of {amount!r} is not possible; give bytes, such as 4G or 500M", MISUSE)
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2] or " "))


def _size(size: str | None) -> int | None:
    if size is None or size == "full":
        return None
    if not size.isascii() or not size.isdigit():
        stop(f"a size of {size!r} is not possible; give pixels, or full", MISUSE)
    return int(size)


def _weighted_layers(layers: list[str] | None) -> tuple[tuple[str, float], ...] | None:
    return tuple(map(split_weight, layers)) if layers else None


def _styles(names: list[str]) -> "tuple[Style, ...]":
    from impasto.images import Picture
    from impasto.painter.recipe import Style
    from impasto.styles import DEFAULT_STYLE
    from impasto.styles.library import find

    if not names:
        say(f"no --style was given: painting in the house style {DEFAULT_STYLE}; impasto styles shows the others")
        names = [DEFAULT_STYLE]
    chosen = [(name, find(name), weight) for name, weight in map(split_weight, names)]
    return tuple(Style(told(found, name) if isinstance(found, Picture) else found, w) for name, found, w in chosen)


def _recalled(styles: Any) -> "tuple[Style, ...]":
    from impasto.painter.recipe import Style
    from impasto.painter.settings import SettingsError
    from impasto.styles.library import recall

    try:
        return tuple(Style(recall(style["name"], style.get("digest")), style["weight"]) for style in styles)
    except (AttributeError, KeyError, TypeError):
        raise SettingsError("these stored styles can't be read; give --style") from None


def _files_to_read(
    sources: list[str], styles: list[str], init: str | None, like: Path | None, weights: str | None
) -> list[tuple[str, Path]]:
    """All files that are read, each with what it is."""
    read = [("a photo to paint", Path(source)) for source in sources if source != STDIO]
    read += [("a style", style_file(split_weight(style)[0])) for style in styles]
    others = (("the picture to start from", init), ("the painting to repeat", like), ("the weights", weights))
    return read + [(what, Path(path)) for what, path in others if path is not None]


def _weights_file(weights: str | None) -> Path | None:
    from impasto.cli.weights import fetched

    return None if weights is None else fetched() if weights == "torchvision" else Path(weights)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
