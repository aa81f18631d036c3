"""Regions on the command line: where which style holds, and where the photo is kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from impasto.cli.errors import MISUSE, UsageError, say, stop, told
from impasto.cli.weighted import split_weight

if TYPE_CHECKING:
    from impasto.images import Picture
    from impasto.painter.recipe import Style
    from impasto.painter.regions import Keep, Region

BETWEEN = "\0"
"""What stands between a mask and its style in one word: no file's name has it."""
NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+")


class PaintCommand(TyperCommand):
    """The command with options of several words.

    `--region MASK STYLE` takes two, `--keep-faces [STRENGTH]` none or one, `--each-style STYLE...` all up to the next
    option.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Make one word of a mask and its style, and give a bare `--keep-faces` the strength 1."""
        given: list[str] = []
        each = "--each-style" in args
        while args:
            word, *args = args
            if word == "--":
                given += [word, *args]
                break
            if word == "--keep-faces":
                number = args.pop(0) if args and NUMBER.fullmatch(args[0]) else "1"
                word = f"--keep-faces={number}"
            elif word == "--region" and len(args) > 1 and not args[1].startswith("-"):
                word = f"--region={args.pop(0)}{BETWEEN}{args.pop(0)}"
            elif word == "--each-style":
                if not args or args[0].startswith("-"):
                    stop("--each-style names no style; give it some, such as --each-style night ink", MISUSE)
                while len(args) > 1 and not args[1].startswith("-"):
                    given.append(f"--each-style={args.pop(0)}")
                word = f"--each-style={args.pop(0)}"
            given.append(word)
        try:
            return super().parse_args(ctx, given)
        except UsageError as error:
            if each and "PHOTO" in error.format_message():  # type: ignore[attr-defined]
                stop("--each-style takes all words up to the next option; name the photos before it", MISUSE)
            raise


@dataclass(frozen=True)
class Asked:
    """What was asked of regions, as words.

    Attributes:
        region: (mask, style with or without its weight) pairs.
        regions: a picture whose colours are regions.
        colours: colour=style, for that picture.
        keep: masks, with or without a strength.
        style_region: masks of the styles, in the order of the styles.
        feather: the width of soft edges, in percent of the photo's long side.
    """

    region: Sequence[tuple[str, str]]
    regions: str | None
    colours: Sequence[str]
    keep: Sequence[str]
    style_region: Sequence[str]
    feather: float | None

    @property
    def files(self) -> list[tuple[str, Path]]:
        """The files of masks, each with what it is."""
        names = [mask for mask, _ in self.region] + [split_weight(mask)[0] for mask in self.keep] + [*self.style_region]
        return [("a mask", Path(name)) for name in names + ([self.regions] if self.regions else [])]

    @property
    def places_styles(self) -> bool:
        """Whether any style has a region."""
        return bool(self.region or self.regions)


def pairs(region: list[str] | None) -> list[tuple[str, str]]:
    """The (mask, style) pairs that :class:`PaintCommand` has made one word each."""
    split = [word.partition(BETWEEN) for word in region or []]
    for mask, _, style in split:
        if not style:
            stop(f"--region {mask} names no style; give a mask and a style, such as --region {mask} night", MISUSE)
    return [(mask, style) for mask, _, style in split]


def colours_among(photos: list[str], regions: str | None) -> tuple[list[str], list[str]]:
    """The photos, and the colour=style pairs that follow `--regions`."""
    colours = [word for word in photos if regions and "=" in word and not Path(word).exists()]
    if regions and not colours:
        stop(f"{regions} has colours; say which style each one is, such as red=night", MISUSE)
    return [word for word in photos if word not in colours], colours


def placed_styles(asked: Asked, styles: "Sequence[Style]") -> "tuple[Style, ...]":
    """The styles that hold where no region is, and those of the regions.

    Raises:
        PictureError, SettingsError, StyleError: a mask or a style can't be used.
    """
    from impasto import images
    from impasto.painter.recipe import Style

    if len(asked.style_region) > len(styles):
        stop(f"{len(asked.style_region)} --style-region for {len(styles)} --style; give one for each", MISUSE)
    parts = [replace(style, part=_region(mask, 0.0)) for style, mask in zip(styles, asked.style_region, strict=False)]
    placed = [*parts, *styles[len(parts) :]]
    for mask, name in asked.region:
        picture, weight = _style(name)
        placed.append(Style(picture, weight, _region(mask, _share(asked))))
    if asked.regions:
        coloured = told(images.read(Path(asked.regions)), asked.regions)
        for pair in asked.colours:
            colour, _, name = pair.partition("=")
            picture, weight = _style(name)
            placed.append(Style(picture, weight, _of(images.of_colour(coloured, colour), _share(asked))))
    return tuple(placed)


def kept(asked: Asked) -> "list[Keep]":
    """Where the photo is kept.

    Raises:
        PictureError, SettingsError: a mask can't be used.
    """
    from impasto.painter.regions import Keep

    return [Keep(_region(mask, _share(asked)), strength) for mask, strength in map(split_weight, asked.keep)]


def kept_faces(photo: "Picture", strength: float) -> "list[Keep]":
    """Where the faces of a photo are kept; people are told where none is found."""
    from impasto.painter.regions import faces_kept

    keeps = faces_kept(photo, strength)
    if not keeps:
        say(f"no face was found in {photo.name}")
    return keeps


def recalled(stored: Mapping[str, Any], masks: Sequence[Path], styles: "Sequence[Style]") -> "tuple[Any, Any, Any]":
    """Where a painting's styles held and its photo was kept: (styles, keeps, the strength of faces or None).

    Args:
        stored: the painting's settings.
        masks: files among which its masks are.
        styles: its styles.

    Raises:
        SettingsError: a mask is not among them.
    """
    from impasto import images
    from impasto.painter.regions import FACES, Keep, Region
    from impasto.painter.settings import SettingsError

    by_digest = {mask.digest: mask for mask in (images.read_mask(path) for path in masks)}

    def region(of: Mapping[str, Any] | None) -> "Region | None":
        if of is None:
            return None
        if of["digest"] not in by_digest:
            raise SettingsError(f"the painting was made with a mask {of['name']!r}; give it with --mask FILE")
        return Region(by_digest[of["digest"]], of["feather"])

    placed = tuple(
        replace(style, region=region(of.get("region")), part=region(of.get("part")))
        for style, of in zip(styles, stored["styles"], strict=True)
    )
    keeps, faces = [], None
    for keep in stored.get("keep", ()):
        if keep["region"]["name"] == FACES:
            faces = keep["strength"]
        elif (there := region(keep["region"])) is not None:
            keeps.append(Keep(there, keep["strength"]))
    return placed, keeps, faces


@cache
def _region(mask: str, feather: float) -> "Region":
    from impasto import images

    return _of(told(images.read_mask(Path(mask)), mask), feather)


def _of(mask: "Picture", feather: float) -> "Region":
    from impasto.painter.regions import Region

    return Region(mask, feather)


def _share(asked: Asked) -> float:
    from impasto.painter.regions import Region

    return Region.feather if asked.feather is None else asked.feather / 100


def _style(text: str) -> "tuple[Any, float]":
    from impasto.images import Picture
    from impasto.styles.library import find

    name, weight = split_weight(text)
    found = find(name)
    return (told(found, name) if isinstance(found, Picture) else found), weight
