"""`impasto paint`: photos in, paintings out."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.errors import FAILURE, INTERRUPTED, MISUSE, plain_errors, say, stop, told
from impasto.cli.files import STDIO, expanded, unused
from impasto.painter.balance import OBJECTIVES
from impasto.painter.style_losses import STYLE_LOSSES

if TYPE_CHECKING:
    from impasto.images import Picture
    from impasto.painter import Painter, Painting, Progress, Recipe, Run, Style

LOOK, CANVAS, NETWORK, OUTPUT = "Look", "Canvas", "The network", "What is shown and kept"


def paint(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, a folder, or - for standard input.")],
    style: Annotated[
        list[str] | None, typer.Option(metavar="STYLE[:WEIGHT]", help="A style's name or a file; repeatable.")
    ] = None,
    out: Annotated[
        str | None, typer.Option("-o", "--out", help="A file (jpg, png, webp, avif, tiff), a folder, or -.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="The long side in pixels (512), or full.")] = None,
    quality: Annotated[str | None, typer.Option(help="How long it works: draft, standard or fine.")] = None,
    objective: Annotated[
        str | None,
        typer.Option(help=f"How layers are balanced: {', '.join(OBJECTIVES)}.", rich_help_panel=NETWORK),
    ] = None,
    content_weight: Annotated[
        float | None, typer.Option(help="α: how much of the photo.", rich_help_panel=LOOK)
    ] = None,
    style_weight: Annotated[float | None, typer.Option(help="β: how much of the style.", rich_help_panel=LOOK)] = None,
    style_scale: Annotated[float | None, typer.Option(help="The size of the brush (1).", rich_help_panel=LOOK)] = None,
    keep_colors: Annotated[
        bool | None, typer.Option("--keep-colors", help="Keep the photo's palette.", rich_help_panel=LOOK)
    ] = None,
    tv_weight: Annotated[float | None, typer.Option(help="Smoothness (0).", rich_help_panel=LOOK)] = None,
    like: Annotated[
        Path | None, typer.Option(help="A painting whose settings to repeat.", rich_help_panel=LOOK)
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
        str | None, typer.Option(help=f"What is compared: {', '.join(STYLE_LOSSES)}.", rich_help_panel=NETWORK)
    ] = None,
    pooling: Annotated[str | None, typer.Option(help="max or avg.", rich_help_panel=NETWORK)] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=NETWORK)] = "auto",
    dtype: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.", rich_help_panel=NETWORK)] = None,
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
        typer.Option(help="What it may take, such as 4G (a part of what is free).", rich_help_panel=CANVAS),
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
    sources = expanded(photos, deep=False)
    _check_outputs(sources, out, bits, frames, plot, as_json)
    from impasto.images import PictureError
    from impasto.painter.painter import Painter
    from impasto.painter.recipe import Recipe
    from impasto.painter.settings import Settings

    with plain_errors(MISUSE):
        before = images.read_settings(like) if like else None
        if like and before is None:
            stop(f"{like} holds no settings of Impasto's; give a painting that it made", MISUSE)
        if before and "network" in before and network is None:
            stop(
                f"{like} was painted with the network {before['network']['name']}; give it with --network FILE", MISUSE
            )
        given = {
            "size": _size(size), "quality": quality, "objective": objective, "content_weight": content_weight, "style_weight": style_weight,
            "style_scale": style_scale, "keep_colors": keep_colors, "tv_weight": tv_weight, "seed": seed,
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
        chosen = _recalled(before["styles"]) if before and not style else _styles(style or [])
    failed = False
    for source in sources:
        try:
            photo = _read(source, limit, damaged)
            target = _target(source, out, [style.picture.name for style in chosen], photo, checkpoint, resume)
            recipe = Recipe(photo, chosen, settings, start)
            painter = Painter(recipe, checkpoint=_checkpoint(target, checkpoint))
            _paint_one(painter, resume, target, bits, frames, plot, as_json)
        except PictureError as error:
            if len(sources) == 1:
                stop(str(error).splitlines()[0], FAILURE)
            say(f"passed over {source}: {str(error).splitlines()[0]}")
            failed = True
        except ValueError as error:  # of what was asked, so of no photo more than of another
            stop(str(error).splitlines()[0], MISUSE)
    if failed:
        raise typer.Exit(FAILURE)


def _paint_one(
    painter: "Painter",
    resume: bool,
    target: str,
    bits: int,
    frames: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    from impasto.cli.frames import Frames
    from impasto.cli.plot import draw
    from impasto.cli.progress import shown
    from impasto.images import PictureError

    photo = painter.recipe.photo
    if max(photo.width, photo.height) < max(painter.width, painter.height):
        say(f"the photo is {photo.width} × {photo.height}; it is enlarged to {painter.width} × {painter.height}")
    say(f"painting {painter.width} × {painter.height} px; about {_duration(painter.estimate())} on this machine")
    run = painter.start(resume=resume)
    rows: list[Progress] = []
    grown = Frames(frames) if frames else None
    interrupted = warned = False
    try:
        for step in shown(run):
            rows.append(step)
            if run.checkpoint_error is not None and not warned:
                say(f"no checkpoint can be written ({run.checkpoint_error.strerror}); painting goes on without")
                warned = True
            if grown is not None:
                grown.add(step)
    except KeyboardInterrupt:
        if not rows:
            raise
        interrupted = True
        _keep(run)
    painting = run.painting()
    try:
        _save(painting, target, bits)
    except PictureError as error:
        raise PictureError(f"{error}{'; then --resume goes on with it' if run.can_resume else ''}") from error
    if not interrupted:
        run.forget_checkpoint()
    if grown is not None and rows:  # there are none where all had been done when it was stopped
        grown.save()
    if plot is not None and rows:
        draw(rows, plot)
    if as_json:
        print(json.dumps(_row(painter.recipe, painting, target)), flush=True)
    elif target != STDIO:
        print(target, flush=True)
    if interrupted:
        more = "; --resume goes on with it" if run.can_resume else ""
        stop(f"interrupted after {painting.steps} steps; what there is was saved{more}", INTERRUPTED)


def _keep(run: "Run") -> None:
    """Write a checkpoint, if that can be."""
    try:
        run.checkpoint()
    except OSError as error:
        say(f"no checkpoint can be written ({error.strerror})")


def _row(recipe: "Recipe", painting: "Painting", target: str) -> dict[str, Any]:
    height, width = painting.pixels.shape[:2]
    return {
        "out": target, "width": width, "height": height, "seconds": round(painting.seconds, 3),
        "steps": painting.steps, "objective": painting.objective, **painting.costs,
        "styles": {style.picture.name: share for style, share in zip(recipe.styles, recipe.shares, strict=True)},
    }  # fmt: skip


def _save(painting: "Painting", target: str, bits: int) -> None:
    if target == STDIO:
        painting.save(sys.stdout.buffer, format="png", bits=bits)
    else:
        painting.save(target, bits=bits)


def _check_outputs(
    sources: list[str], out: str | None, bits: int, frames: Path | None, plot: Path | None, as_json: bool
) -> None:
    """Refuse before painting what could not be written after it."""
    from impasto import images

    if bits not in (8, 16):
        stop(f"{bits} bits are not possible; give 8 or 16", MISUSE)
    if out == STDIO and as_json:
        stop("the painting and --json can't both go to standard output; give -o a file", MISUSE)
    if len(sources) > 1 and (frames or plot):
        stop("--frames and --plot show one painting; give one photo", MISUSE)
    if len(sources) > 1 and out is not None and (out == STDIO or (not Path(out).is_dir() and Path(out).suffix)):
        stop(f"{len(sources)} photos can't go to one file; give -o a folder", MISUSE)
    if out not in (None, STDIO) and not Path(out).is_dir():
        if Path(out).suffix:
            with plain_errors(FAILURE):
                images.check_target(out)
        else:
            try:
                Path(out).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                stop(f"{out} can't be made: {error.strerror}; give another folder", FAILURE)
    if plot is not None:
        with plain_errors(FAILURE):
            images.check_target(plot)


def _read(source: str, limit: int, damaged: bool) -> "Picture":
    from impasto import images

    if source == STDIO:
        photo = images.read(sys.stdin.buffer.read(), name="photo", max_pixels=limit, damaged=damaged)
    else:
        photo = images.read(Path(source), max_pixels=limit, damaged=damaged)
    return told(photo, source)


def _target(
    source: str, out: str | None, styles: list[str], photo: "Picture", checkpoint: Path | None, resume: bool
) -> str:
    """Where the painting goes: as asked, or PHOTO-STYLE.jpg beside the photo and never over an existing file.

    One that goes on goes where it was going: to the first of these names that has a checkpoint.
    """
    if out == STDIO or (out is not None and not Path(out).is_dir()):
        return out
    folder = Path(out) if out else Path() if source == STDIO else Path(source).parent
    stem = f"{photo.name}-{'-'.join(styles)}"
    target = folder / f"{stem}.jpg"
    if resume and out is None:
        names = (folder / f"{stem}{number}.jpg" for number in ("", *(f"-{n}" for n in range(2, 1000))))
        return str(next((name for name in names if _has_checkpoint(name, checkpoint)), target))
    if out is None:
        target = unused(target)
    from impasto import images

    images.check_target(target)
    return str(target)


def _checkpoint(target: str, folder: Path | None) -> Path | None:
    """The folder of a painting's checkpoint: in the one that was asked for, or beside the painting."""
    if target == STDIO:
        return folder and folder / "painting.checkpoint"
    return (folder or Path(target).parent) / f"{Path(target).name}.checkpoint"


def _has_checkpoint(target: Path, folder: Path | None) -> bool:
    place = _checkpoint(str(target), folder)
    return place is not None and place.is_dir()


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


def _split_weight(text: str) -> tuple[str, float]:
    name, colon, weight = text.rpartition(":")
    try:
        return (name, float(weight)) if colon and name else (text, 1.0)
    except ValueError:
        return text, 1.0


def _weighted_layers(layers: list[str] | None) -> tuple[tuple[str, float], ...] | None:
    return tuple(map(_split_weight, layers)) if layers else None


def _styles(names: list[str]) -> "tuple[Style, ...]":
    from impasto.images import Picture
    from impasto.painter.recipe import Style
    from impasto.styles import DEFAULT_STYLE
    from impasto.styles.library import find

    if not names:
        say(f"no --style was given: painting in the house style {DEFAULT_STYLE}; impasto styles shows the others")
        names = [DEFAULT_STYLE]
    chosen = [(name, find(name), weight) for name, weight in map(_split_weight, names)]
    return tuple(Style(told(found, name) if isinstance(found, Picture) else found, w) for name, found, w in chosen)


def _recalled(styles: list[dict[str, Any]]) -> "tuple[Style, ...]":
    from impasto.painter.recipe import Style
    from impasto.styles.library import recall

    return tuple(Style(recall(style["name"], style.get("digest")), style["weight"]) for style in styles)


def _weights_file(weights: str | None) -> Path | None:
    from impasto.cli.weights import fetched

    return None if weights is None else fetched() if weights == "torchvision" else Path(weights)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
