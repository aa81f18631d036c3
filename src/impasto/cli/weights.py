"""`impasto weights`: which VGG19 weights are here, and full-precision ones fetched."""

import os
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, stop, tell
from impasto.places import data_folder

weights = typer.Typer(help="Which VGG19 weights are here; fetch full-precision ones.", invoke_without_command=True)


def fetched() -> Path:
    """Where fetched weights are kept: IMPASTO_HOME/weights, or the user's data folder."""
    return data_folder() / "weights" / "vgg19-torchvision.pth"


@weights.callback()
def show(context: typer.Context) -> None:
    """Which VGG19 weights are here; fetch full-precision ones."""
    if context.invoked_subcommand:
        return
    path = fetched()
    print("packaged     the original VGG19, 256 values a layer; used unless --weights says otherwise")
    print(f"torchvision  {path if path.exists() else 'not here; get it with: impasto weights fetch torchvision'}")


@weights.command()
def fetch(name: Annotated[str, typer.Argument(help="torchvision")]) -> None:
    """Fetch full-precision weights (574 MB); what was fetched before an interruption is kept."""
    if name != "torchvision":
        stop(f"no weights are called {name!r}; there is: torchvision", MISUSE)
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from impasto.download import DownloadError, download
    from impasto.networks.weights import TORCHVISION_SHA256, TORCHVISION_URL

    path = fetched()
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("fetching", total=None)
            url = os.environ.get("IMPASTO_WEIGHTS_URL", TORCHVISION_URL)
            download(
                url,
                path,
                sha256=TORCHVISION_SHA256,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except (DownloadError, OSError) as error:
        stop(str(error), FAILURE)
    tell(path)
