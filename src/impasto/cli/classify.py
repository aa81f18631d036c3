"""`impasto classify`: what a model sees in your pictures."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, stop, tell
from impasto.cli.look_out import Out, Target, target, write_sheet
from impasto.cli.named_files import STDIO, expanded
from impasto.cli.own_class import Class
from impasto.cli.own_class import found as its_class

if TYPE_CHECKING:
    from impasto.classify.model import Model


def classify(
    pictures: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Files, folders, or - for standard input.")],
    model: Annotated[
        str, typer.Option(help="A file of impasto train, or one that comes along: fashion-modern, fashion-classifier.")
    ] = "fashion-modern",
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a picture.")] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Also draw what speaks for the class: Grad-CAM, occlusion, the gradient.")
    ] = False,
    out: Out = None,
    own: Class = None,
) -> None:
    """What pictures show: the five most probable classes; and why, as a sheet."""
    sources = expanded(pictures, deep=True)
    if out is not None and (not why or len(sources) > 1):
        stop("-o is the sheet of --why, of one picture; leave it out, or give one picture and --why", MISUSE)
    if why and STDIO in sources:
        stop("--why draws beside the picture; give a file, and not standard input", MISUSE)
    from impasto.classify import model as models
    from impasto.classify.predict import Prediction, predict

    with plain_errors(MISUSE):
        if top < 1:
            raise ValueError(f"the top {top} is nothing; give --top 1 or more")
        asked = models.load(model, its_class(own))
    sheets = [_sheet(out, name, pictures) for name in sources] if why else []
    given: list[Any] = [sys.stdin.buffer if source == STDIO else Path(source) for source in sources]
    failed = inverted = unsure = 0
    knows = f"the model knows {', '.join(asked.card.classes)}"
    for place, (name, found) in enumerate(zip(sources, predict(asked, given, top), strict=True)):
        if not isinstance(found, Prediction):
            reason = str(found[1]).splitlines()[0]
            if len(sources) == 1:
                stop(reason, FAILURE)
            say(f"passed over: {reason}")
            failed += 1
            continue
        inverted += found.inverted
        unsure += found.unsure
        if found.inverted and len(sources) == 1:
            say(f"{name} has a bright ground and was inverted: the model knows bright things on black")
        if found.unsure and len(sources) == 1:
            doubt = "shows nothing, so its shares mean nothing" if found.blank else "may be none of these"
            say(f"{name} {doubt}: {knows}")
        if as_json:
            row = {"image": name, "top": [{"class": c, "probability": p} for c, p in found.top]}
            drawn = {"why": str(_draw_why(asked, name, sheets[place]))} if sheets else {}
            print(json.dumps({**row, "inverted": found.inverted, "unsure": found.unsure, **drawn}))
        elif len(sources) == 1:
            for label, probability in found.top:
                print(f"{probability:6.1%}  {label}")
        else:
            print(f"{name}: " + ", ".join(f"{label} {probability:.1%}" for label, probability in found.top))
        if sheets and not as_json:
            tell(_draw_why(asked, name, sheets[place]))
    if inverted and len(sources) > 1:
        say(f"{inverted} of {len(sources)} have a bright ground and were inverted: the model knows things on black")
    if unsure and len(sources) > 1:
        say(f"{unsure} of {len(sources)} show nothing, or may be none of these: {knows}")
    if failed:
        stop(f"{failed} of {len(sources)} files could not be read and were passed over", FAILURE)


def _sheet(out: Path | None, name: str, given: list[str]) -> Target:
    """Where a picture's sheet goes: beside it, but for a picture of a folder that was given, which may be data.

    Those go to FOLDER-why in the current folder, under the same subfolders; where the current folder is in FOLDER
    itself, they go beside that.
    """
    from impasto.images.names import is_folder

    picture = Path(name)
    folder = next((Path(each) for each in given if is_folder(each) and picture.is_relative_to(each)), None)
    beside = picture
    if folder is not None:
        data = folder.resolve()
        place = data.parent if Path.cwd().is_relative_to(data) else Path()
        beside = place / f"{data.name}-why" / picture.relative_to(folder)
        if out is None:
            try:
                beside.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                stop(
                    f"{beside.parent} can't be made: {error.strerror}; begin in a folder that you may write in", FAILURE
                )
    return target(out, beside, "why", ("the picture", picture))


def _draw_why(model: "Model", name: str, where: Target) -> Path:
    from impasto.look import explain, why_sheet

    with plain_errors(FAILURE):
        figure = why_sheet(explain(model, Path(name)))
    return write_sheet(figure, where)
