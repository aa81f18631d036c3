"""`impasto paint`: photos in, paintings out."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.amounts import in_bytes
from impasto.cli.choices import choice
from impasto.cli.errors import MISUSE, plain_errors, say, stop, told
from impasto.cli.named_files import STDIO, expanded, style_file
from impasto.cli.paint_regions import Asked, colours_among, kept, pairs, placed_styles, recalled
from impasto.cli.weighted import split_weight
from impasto.painter.balance import OBJECTIVES
from impasto.painter.settings import CHOICES
from impasto.painter.style_losses import STYLE_LOSSES

if TYPE_CHECKING:
    from impasto.painter import Style

LOOK, CANVAS, NETWORK, OUTPUT = "Look", "Canvas", "The network", "What is shown and kept"
REGIONS = "Where: masks are pictures, which are stretched over the photo"


def paint(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, a folder, or - for standard input.")],
    style: Annotated[
        list[str] | None, typer.Option(metavar="STYLE[:WEIGHT]", help="A style's name or a file; repeatable.")
    ] = None,
    each_style: Annotated[
        list[str] | None,
        typer.Option(metavar="STYLE...", help="Styles to paint one picture in each; after the photos."),
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
    each = list(dict.fromkeys(each_style or []))
    if style and each:
        stop("--style mixes styles, and --each-style paints one in each; give one of the two", MISUSE)
    from impasto.cli.paint_out import check_asked

    places = Asked(pairs(region), regions, colours, keep or [], style_region or [], feather)
    named = [split_weight(name)[0] for name in style or []] + each
    read = _files_to_read(sources, named, init, like, weights) + places.files
    check_asked(len(sources) * max(len(each), 1), out, bits, frames, plot, as_json, read)
    from impasto.images.sheets import MARK
    from impasto.painter.settings import Settings

    with plain_errors(MISUSE):
        before = images.read_settings(like) if like else None
        if like and before in (None, MARK):
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
            "weights": _weights_file(weights), "memory": in_bytes(memory),
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
        if before and not style and not each and not places.places_styles:
            chosen, theirs, faces = recalled(before, mask or [], _recalled(before.get("styles")))
            keeps, keep_faces = keeps or theirs, faces if keep_faces is None else keep_faces
        elif each or (places.places_styles and not style):
            chosen = ()
        else:
            chosen = _styles([*map(split_weight, style or [])])
        looks = [placed_styles(places, look) for look in [_styles([(name, 1.0)]) for name in each] or [chosen]]
    from impasto.cli.paint_in_turn import Order, Output, paint_in_turn

    order = Order(sources, looks, settings, start, keeps, keep_faces, limit, damaged)
    paint_in_turn(order, Output(out, checkpoint, resume, bits, frames, plot, as_json))


def _size(size: str | None) -> int | None:
    if size is None or size == "full":
        return None
    if not size.isascii() or not size.isdigit():
        stop(f"a size of {size!r} is not possible; give pixels, or full", MISUSE)
    return int(size)


def _weighted_layers(layers: list[str] | None) -> tuple[tuple[str, float], ...] | None:
    return tuple(map(split_weight, layers)) if layers else None


def _styles(weighted: list[tuple[str, float]]) -> "tuple[Style, ...]":
    from impasto.images import Picture
    from impasto.painter.recipe import Style
    from impasto.styles import DEFAULT_STYLE
    from impasto.styles.library import find

    if not weighted:
        say(f"no --style was given: painting in the house style {DEFAULT_STYLE}; impasto styles shows the others")
        weighted = [(DEFAULT_STYLE, 1.0)]
    chosen = [(name, find(name), weight) for name, weight in weighted]
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
    read += [("a style", style_file(style)) for style in styles]
    others = (("the picture to start from", init), ("the painting to repeat", like), ("the weights", weights))
    return read + [(what, Path(path)) for what, path in others if path is not None]


def _weights_file(weights: str | None) -> Path | None:
    from impasto.cli.weights import fetched

    return None if weights is None else fetched() if weights == "torchvision" else Path(weights)
