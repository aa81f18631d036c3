"""`impasto train`: a network learns to tell the classes of a data set apart."""

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli import signals
from impasto.cli.choices import choice
from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, stop, tell
from impasto.cli.own_class import found, with_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impasto.classify.evaluation import Evaluation
    from impasto.classify.images import LabelledImages
    from impasto.classify.model import Model
    from impasto.classify.plots import History
    from impasto.classify.training import Training
    from impasto.classify.training_run import Report, TrainingSettings

# How much of the loss that the bar shows is that of the mini-batches before.
SMOOTH = 0.98
RECIPES = "slide", "fast"
HOW, OUTPUT = "How it learns", "What is shown and kept"


def train(
    data: Annotated[
        str, typer.Option(help="digits, fashion-mnist, cifar10, fruits, or a folder with one subfolder a class.")
    ] = "digits",
    model: Annotated[
        str | None, typer.Option(help="The network: classifier (the slide's), modern, or yours: mynet.py:Mine.")
    ] = None,
    transfer: Annotated[
        bool,
        typer.Option("--transfer", help="Learn from few pictures of yours: VGG19's features, and a layer on them."),
    ] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The new file of the model.")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="How often every picture is seen (2).", rich_help_panel=HOW)
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures in a mini-batch (4).", rich_help_panel=HOW)] = None,
    lr: Annotated[float | None, typer.Option(help="The learning rate (0.001).", rich_help_panel=HOW)] = None,
    momentum: Annotated[float | None, typer.Option(help="Of the steps (0.9).", rich_help_panel=HOW)] = None,
    recipe: Annotated[
        str | None, choice(RECIPES, help="The slide's, or fast: 12 epochs, batches of 128, lr 0.1.", panel=HOW)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Repeats a run bit for bit on the same machine (0).", rich_help_panel=HOW)
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on in this model's file, until it has had --epochs in all.", rich_help_panel=HOW),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="How many the processor may use.", rich_help_panel=HOW)] = None,
    plots: Annotated[
        Path | None,
        typer.Option(help="A folder for curves, confusion matrix, mistakes, kernels.", rich_help_panel=OUTPUT),
    ] = None,
    small: Annotated[
        bool, typer.Option("--small", help="Keep 16 bits a number and no momentum.", rich_help_panel=OUTPUT)
    ] = False,
) -> None:
    """Train a network to tell pictures apart, as on the course's slide."""
    import torch

    from impasto.classify import model as models
    from impasto.classify.evaluation import evaluate
    from impasto.classify.images import SIDE
    from impasto.classify.own import is_own
    from impasto.classify.plots import History, make_folder
    from impasto.classify.training import Training
    from impasto.classify.vgg19_head import INPUT
    from impasto.images.names import is_file, numbered
    from impasto.networks.trained import VGG19_HEAD

    given = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "momentum": momentum, "recipe": recipe, "seed": seed}
    if model == VGG19_HEAD:
        stop("a head on VGG19's features learns by --transfer; give that in place of --model", MISUSE)
    if transfer:
        beside = {"model": model, "resume": resume, **given}
        _refuse(
            [name for name in ("model", "resume", "recipe", "batch_size", "lr", "momentum") if beside[name] is not None]
        )
        given["recipe"] = "transfer"
    with plain_errors(MISUSE):
        if threads is not None:
            torch.set_num_threads(max(1, threads))
        own = found(model) if model and is_own(model) else None
        before = models.load(resume, own) if resume else None
        if before and before.card.architecture == VGG19_HEAD:
            stop(
                f"{resume} is a head on VGG19's features, which learns in a minute: train it anew by --transfer", MISUSE
            )
        done = int(before.card.training.get("epochs_done", 0)) if before else 0
        settings = _settings({name: value for name, value in given.items() if value is not None}, before, done)
        if before and own is None and model not in (None, before.card.architecture):
            stop(f"{resume} is a model of the architecture {before.card.architecture}, not {model}", MISUSE)
    from impasto.cli.data import loaded

    network = VGG19_HEAD if transfer else model or "classifier"
    tail = f"-{own.named.rpartition(':')[2] if own else network}"
    usual = Path(f"{Path(data.partition(':')[0]).resolve().name}{tail}.safetensors")

    def names() -> "Iterator[Path]":
        return numbered(out) if out else numbered(usual, tail=tail)

    in_place = resume if resume and is_file(resume) and out in (None, resume) else None
    if out and is_file(out) and not in_place:
        stop(f"{out} is there already; give another name, or go on with that model by --resume {out}", MISUSE)
    with plain_errors(FAILURE):
        models.check_target(in_place or out or next(names()))
        if plots is not None:
            make_folder(plots)

    side = INPUT if transfer else SIDE
    images, tested = loaded(data, "train", side), loaded(data, "test", side)
    torch.manual_seed(settings.seed)
    with plain_errors(MISUSE), with_sizes():
        net = before or models.untrained(own or network, images)
        training = Training(net, images, settings, done)
        if own and (doubt := own.doubt(net.network, [])):
            say(doubt)
    interrupted, history = False, History()
    with plain_errors(FAILURE), signals.keeping():
        try:
            _run(training, history, tested if plots else None)
        except KeyboardInterrupt:
            if training.seconds == 0:
                raise
            interrupted = True
        evaluation = evaluate(net, tested)
        target = _keep(net, training, evaluation, in_place or names(), small)
        if plots is not None:
            _plot(plots, net, evaluation, tested, history)
    if interrupted:
        stop(f"interrupted after {training.done} whole epochs; what there is was saved: {target}", signals.INTERRUPTED)


def _refuse(given: list[str]) -> None:
    """Refuse what --transfer has of its own."""
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        stop(f"--transfer has VGG19 for its network, and its own way to learn; leave {names} out", MISUSE)


def _run(training: "Training", history: "History", tested: "LabelledImages | None") -> None:
    """Train, printing what the slide prints, and note the curves."""
    from impasto.classify.evaluation import evaluate

    for report in signals.until_asked(_shown(training)):
        history.losses.append(report.loss)
        if report.batch == report.batches and tested is not None:
            paused = time.perf_counter()
            history.ended(evaluate(training.model, tested).accuracy)
            training.pause(time.perf_counter() - paused)
    tell("Finished Training")


def _shown(training: "Training") -> "Iterator[Report]":
    """The reports, with the slide's lines on standard output and a bar on a terminal."""
    if not sys.stderr.isatty():
        for report in training:
            if report.running_loss is not None:
                tell(report.line)
            yield report
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("epoch {task.fields[epoch]}, batch {task.fields[batch]}"),
        BarColumn(),
        TextColumn("loss {task.fields[loss]}, {task.fields[left]} s left"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, redirect_stdout=False, transient=True) as bar:
        task, loss = bar.add_task("", total=1.0, epoch="-", batch="-", loss="-", left="-"), math.nan
        for report in training:
            # single mini-batches jump up and down
            loss = report.loss if math.isnan(loss) else SMOOTH * loss + (1 - SMOOTH) * report.loss
            if report.running_loss is not None:
                if sys.stdout.isatty():
                    console.print(report.line, highlight=False, markup=False)
                else:
                    tell(report.line)
            whole = report.epochs * report.batches
            bar.update(
                task,
                completed=((report.epoch - 1) * report.batches + report.batch) / whole,
                epoch=f"{report.epoch}/{report.epochs}",
                batch=f"{report.batch}/{report.batches}",
                loss=f"{loss:.3f}",
                left="-" if report.seconds_left is None else f"{report.seconds_left:.0f}",
            )
            yield report


def _keep(
    net: "Model", training: "Training", evaluation: "Evaluation", out: "Path | Iterator[Path]", small: bool
) -> Path:
    """Save the model in the file that it went on in, or under the first of some names that no file has."""
    from dataclasses import replace

    from impasto.images.names import written

    seen = len(training.images) * (training.done - training.began)
    figures = {
        "accuracy": evaluation.accuracy,
        "test_images": evaluation.images,
        "loss": evaluation.loss,
        "seconds": round(training.seconds, 2),
    }
    settings = {**training.settings.to_dict(), "epochs_done": training.done}
    kept = replace(net, card=replace(net.card, training=settings, figures=figures))
    if isinstance(out, Path):
        kept.save(target := out, small=small)
    else:
        target = written(out, lambda free: kept.save(free, small=small, new=True))
    speed = f", {seen / training.seconds:,.0f} images a second" if seen else ""
    tell(
        f"accuracy {evaluation.accuracy:.2%} on {evaluation.images:,} test images; guessing gives "
        f"{evaluation.guessing:.2%}"
    )
    say(f"trained for {training.seconds:.1f} s{speed}; the model is {target}")
    return target


def _plot(folder: Path, net: "Model", evaluation: "Evaluation", tested: "LabelledImages", history: "History") -> None:
    from impasto.classify.plots import write_all

    history.ended(evaluation.accuracy)  # of the numbers that were kept
    for path in write_all(folder, net, evaluation, tested, history):
        tell(path)


def _settings(given: dict[str, Any], before: "Model | None", done: int) -> "TrainingSettings":
    """What was given; else, when going on, what the model was trained with; else the recipe's defaults."""
    from impasto.classify import transfer, vgg19_head
    from impasto.classify.fast import BATCH_SIZE, defaults
    from impasto.classify.training_run import TrainingSettings

    known = set(TrainingSettings.__dataclass_fields__)
    stored = {name: value for name, value in (before.card.training if before else {}).items() if name in known}
    if given.get("recipe", stored.get("recipe")) != stored.get("recipe"):
        stored = {}
    recipe = given.get("recipe", stored.get("recipe", "slide"))
    batch_size = given.get("batch_size", stored.get("batch_size", BATCH_SIZE))
    usual = defaults(batch_size) if recipe == "fast" else {}
    if recipe == "transfer":
        usual = {"epochs": transfer.EPOCHS, "batch_size": vgg19_head.AT_ONCE}
    if "epochs" not in given and stored.get("epochs", 0) <= done:
        stored["epochs"] = done + usual.get("epochs", TrainingSettings.epochs)
    return TrainingSettings(**{**usual, **stored, **given})
