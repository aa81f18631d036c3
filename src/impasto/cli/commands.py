"""All commands, one module per group of them."""

import os
from importlib.metadata import version
from typing import Annotated

import typer

from impasto.cli.backup import backup
from impasto.cli.certificates import certificates
from impasto.cli.classify import classify
from impasto.cli.conv import conv
from impasto.cli.errors import tell
from impasto.cli.evaluate import evaluate
from impasto.cli.jobs import jobs
from impasto.cli.look import look
from impasto.cli.paint import paint
from impasto.cli.paint_regions import PaintCommand
from impasto.cli.scheduler import scheduler
from impasto.cli.serve import serve
from impasto.cli.shapes import shapes
from impasto.cli.styles import styles
from impasto.cli.train import train
from impasto.cli.trial import trial
from impasto.cli.weights import weights
from impasto.cli.worker import worker

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        tell(f"impasto {version('impasto')}")
        raise typer.Exit


@app.callback()
def _every_command(
    context: typer.Context,
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is, and exit.")
    ] = False,
) -> None:
    """Paint a photo in the style of a painting, and see how the network does it."""
    # Threads that turn round and round while they wait keep the cores of a lab's server from all others. A painting
    # is faster with them where it is alone.
    if context.invoked_subcommand != "paint":
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


app.command(cls=PaintCommand)(paint)
app.command("try")(trial)
app.add_typer(styles, name="styles")
app.add_typer(weights, name="weights")
app.add_typer(look, name="look")
app.add_typer(jobs, name="jobs")
for command in (classify, train, evaluate, shapes, conv, serve, backup, scheduler, worker, certificates):
    app.command()(command)
