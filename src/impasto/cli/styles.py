"""`impasto styles`: the house styles and the user's."""

import json
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors, tell
from impasto.cli.named_files import check_outputs, check_replaced

styles = typer.Typer(help="The house styles and yours; a contact sheet as a picture.", invoke_without_command=True)
TILE = 256


@styles.callback()
def show(
    context: typer.Context,
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet of all styles to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a style.")] = False,
) -> None:
    """The house styles and yours; a contact sheet as a picture."""
    if context.invoked_subcommand:
        return
    from impasto.styles import HOUSE_STYLES
    from impasto.styles.library import added

    rows = [(style.name, style.title, style.description) for style in HOUSE_STYLES.values()]
    rows += [(name, "yours", path.name) for name, path in added().items()]
    if sheet is not None:
        check_outputs({"--sheet": sheet}, ((f"the style {name}", path) for name, path in added().items()))
        check_replaced("--sheet", sheet)
        with plain_errors(FAILURE):
            _write_sheet([name for name, _, _ in rows], sheet)
        tell(sheet)
    elif as_json:
        for name, title, description in rows:
            print(json.dumps({"name": name, "title": title, "description": description}))
    else:
        for name, title, _ in rows:
            print(f"{name:<16} {title}")


@styles.command()
def add(
    file: Annotated[Path, typer.Argument(help="A picture of a painting.")],
    name: Annotated[str | None, typer.Option(help="What to call it; by default as the file.")] = None,
) -> None:
    """Keep a picture as a style of your own."""
    from impasto.styles import library

    with plain_errors(MISUSE):
        tell(library.add(file, name))


@styles.command()
def remove(name: str) -> None:
    """Forget a style that you added."""
    from impasto.styles import library

    with plain_errors(MISUSE):
        library.remove(name)


def _write_sheet(names: list[str], path: Path) -> None:
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from impasto import images
    from impasto.images.sheets import MARK
    from impasto.styles import HOUSE_STYLES, render
    from impasto.styles.library import added

    columns, caption = 4, 28
    high = TILE * 3 // 4
    rows = -(-len(names) // columns)
    sheet = Image.new("RGB", (columns * TILE, rows * (high + caption)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, name in enumerate(names):
        left, top = index % columns * TILE, index // columns * (high + caption)
        pixels = render(name, 2 * TILE, 2 * high) if name in HOUSE_STYLES else images.read(added()[name]).pixels
        sheet.paste(Image.fromarray(images.resize(pixels, TILE - 4, high - 4)), (left + 2, top + 2))
        draw.text((left + 6, top + high + 4), name, fill="black", font=ImageFont.load_default(15))
    images.write(path, np.asarray(sheet), settings=MARK)
