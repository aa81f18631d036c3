"""`impasto evaluate`: how good a model is."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors
from impasto.cli.own_class import Class, found

if TYPE_CHECKING:
    from impasto.classify.evaluation import Evaluation

WORST = 16


def evaluate(
    model: Annotated[str, typer.Argument(help="A file of impasto train, or the name of a model that we ship.")],
    data: Annotated[
        str, typer.Option(help="digits, fashion-mnist, cifar10, fruits, or a folder with one subfolder a class.")
    ] = "digits",
    plots: Annotated[
        Path | None, typer.Option(help="A folder for the confusion matrix, the worst mistakes, the kernels.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    own: Class = None,
) -> None:
    """How good a model is on the test part of a data set: accuracy, confusion matrix, worst mistakes."""
    from impasto.classify import evaluation as judge
    from impasto.classify import model as models

    if plots is not None:
        from impasto.classify.plots import make_folder

        with plain_errors(FAILURE):
            make_folder(plots)
    with plain_errors(MISUSE):
        judged = models.load(model, found(own))
    from impasto.cli.data import loaded

    tested = loaded(data, "test", judged.side)
    with plain_errors(MISUSE):
        evaluation = judge.evaluate(judged, tested)
    paths: list[Path] = []
    if plots is not None:
        from impasto.classify.plots import write_all

        with plain_errors(FAILURE):
            paths = write_all(plots, judged, evaluation, tested)
    print(json.dumps(evaluation.to_dict(WORST)) if as_json else text(evaluation))
    for path in () if as_json else paths:
        print(path)


def text(found: "Evaluation") -> str:
    """What was found, to be read."""
    width = max(map(len, found.classes))
    lines = [
        f"accuracy {found.accuracy:.2%} on {found.images:,} images, loss {found.loss:.3f}; guessing gives "
        f"{found.guessing:.2%}",
        "",
    ]
    for name, share in found.per_class.items():
        lines.append(f"{name:<{width}}  {'no pictures' if share is None else f'{share:6.1%}'}")
    numbers = found.confusion.tolist()
    cell = max(3, *(len(str(number)) for row in numbers for number in row)) + 1
    lines += ["", "rows: what it is; columns, in the same order: what it was taken for"]
    for name, row in zip(found.classes, numbers, strict=True):
        lines.append(f"{name:<{width}}" + "".join(f"{number or '·':>{cell}}" for number in row))
    if found.mistakes:
        lines += ["", f"the worst of {len(found.mistakes):,} mistakes"]
    for mistake in found.mistakes[:WORST]:
        lines.append(
            f"{mistake.file or f'image {mistake.index}'}: {mistake.truth}, taken for {mistake.taken_for} "
            f"({mistake.probability:.1%})"
        )
    return "\n".join(lines)
