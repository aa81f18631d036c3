"""`impasto try`: a photo in all styles at once, small, to choose one."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.choices import choice
from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, told
from impasto.cli.look_out import Out, keep, target
from impasto.cli.named_files import expanded, style_file
from impasto.painter.settings import CHOICES

if TYPE_CHECKING:
    from impasto.images import Picture

SIZE, COLUMNS = 256, 5


def trial(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, or a folder.")],
    style: Annotated[
        list[str] | None,
        typer.Option(metavar="STYLE", help="A style's name or a file; repeatable. All house styles and yours without."),
    ] = None,
    out: Out = None,
    size: Annotated[int, typer.Option(help="The long side of each painting in pixels.")] = SIZE,
    quality: Annotated[str, choice(CHOICES["quality"], help="How long it works on each.")] = "draft",
) -> None:
    """Paint photos small in every style, and show all on one sheet, to choose from."""
    from impasto import images
    from impasto.look import picture_sheet
    from impasto.look.picture_sheets import Tile
    from impasto.painter.painting import to_bytes
    from impasto.painter.recipe import Recipe, Style
    from impasto.painter.settings import Settings
    from impasto.styles import HOUSE_STYLES
    from impasto.styles.library import added, find

    names = style or [*HOUSE_STYLES, *added()]
    sources = expanded(photos, deep=False, paintings=False)
    read = [("a photo", Path(source)) for source in sources] + [("a style", style_file(name)) for name in names]
    where = target(out, Path(sources[0]), "styles", *read)
    with plain_errors(FAILURE):
        pictures = [told(images.read(Path(source)), source) for source in sources]
    with plain_errors(MISUSE):
        settings = Settings(size=size, quality=quality)  # type: ignore[arg-type]
        styles = [Style(find(name)) for name in names]
        tiles = [Tile(images.resize(each.pixels, *_fitted(each, size)), (each.name,)) for each in pictures]
        from impasto.cli.progress import at_once
        from impasto.painter.lanes import lanes

        # Style by style, so that what is known of a style is computed once.
        recipes = [Recipe(picture, (style,), settings) for style in styles for picture in pictures]
        say(f"painting {len(recipes)} small pictures: {len(pictures)} in {len(styles)} styles")
        largest = max(prod(_fitted(each, size)) for each in pictures)
        for run in at_once(recipes, lanes(settings, largest)):
            chosen = run.painter.recipe.styles[0].picture.name
            tiles.append(Tile(to_bytes(run.painting().pixels), (chosen,)))
    columns = COLUMNS if len(pictures) == 1 else len(pictures)
    shown = pictures[0].name if len(pictures) == 1 else f"{len(pictures)} photos"
    below = f"{len(styles)} styles at {size} px, {quality}. To paint one: impasto paint PHOTO --style STYLE"
    keep(picture_sheet(tiles, columns, f"{shown} in each style", below), where)


def _fitted(picture: "Picture", size: int) -> tuple[int, int]:
    from impasto.painter.schedule import canvas_size

    return canvas_size(picture.width, picture.height, size)
