"""`impasto classify`: what a model sees in your pictures."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, stop
from impasto.cli.named_files import STDIO, expanded
from impasto.cli.own_class import Class
from impasto.cli.own_class import found as its_class


def classify(
    pictures: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Files, folders, or - for standard input.")],
    model: Annotated[
        str, typer.Option(help="A file of impasto train, or one that comes along: fashion-modern, fashion-classifier.")
    ] = "fashion-modern",
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a picture.")] = False,
    own: Class = None,
) -> None:
    """What pictures show: the five most probable classes."""
    sources = expanded(pictures, deep=True)
    from impasto.classify import model as models
    from impasto.classify.predict import Prediction, predict

    with plain_errors(MISUSE):
        if top < 1:
            raise ValueError(f"the top {top} is nothing; give --top 1 or more")
        asked = models.load(model, its_class(own))
    given: list[Any] = [sys.stdin.buffer if source == STDIO else Path(source) for source in sources]
    failed = inverted = 0
    for name, found in zip(sources, predict(asked, given, top), strict=True):
        if not isinstance(found, Prediction):
            reason = str(found[1]).splitlines()[0]
            if len(sources) == 1:
                stop(reason, FAILURE)
            say(f"passed over: {reason}")
            failed += 1
            continue
        inverted += found.inverted
        if found.inverted and len(sources) == 1:
            say(f"{name} has a bright ground and was inverted: the model knows bright things on black")
        if as_json:
            row = {"image": name, "top": [{"class": c, "probability": p} for c, p in found.top]}
            print(json.dumps({**row, "inverted": found.inverted}))
        elif len(sources) == 1:
            for label, probability in found.top:
                print(f"{probability:6.1%}  {label}")
        else:
            print(f"{name}: " + ", ".join(f"{label} {probability:.1%}" for label, probability in found.top))
    if inverted and len(sources) > 1:
        say(f"{inverted} of {len(sources)} have a bright ground and were inverted: the model knows things on black")
    if failed:
        stop(f"{failed} of {len(sources)} files could not be read and were passed over", FAILURE)
