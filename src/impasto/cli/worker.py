"""`impasto worker`: what a host runs that paints for services elsewhere."""

import os
import socket
from typing import Annotated

import typer

from impasto.cli.amounts import in_bytes
from impasto.cli.configured import SettingsFile, configured
from impasto.cli.errors import FAILURE, MISUSE, stop, tell
from impasto.cli.scheduler import Certificates, Insecure


def worker(
    scheduler: Annotated[
        str | None,
        typer.Argument(metavar="SCHEDULER", help="Its address, as impasto scheduler prints it (IMPASTO_SCHEDULER)."),
    ] = None,
    certificates: Certificates = None,
    name: Annotated[str | None, typer.Option(help="What operators know this host by (its own name).")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of a painting (all cores).")] = None,
    memory: Annotated[str | None, typer.Option(help="A painting may take it, as 4G (a part of what is free).")] = None,
    gpus: Annotated[bool, typer.Option("--gpus", help="Paint on each GPU of this host, a painting on each.")] = False,
    insecure: Insecure = False,
    settings: SettingsFile = None,
) -> None:
    """Paint on this host what services elsewhere ask for, one painting at a time, until Ctrl-C or SIGTERM.

    A painting that is under way then is given back, and another host goes on with it.
    """
    asked = configured(
        settings, scheduler=scheduler, certificates=certificates, insecure=insecure or None, painter_threads=threads,
        painter_memory=in_bytes(memory),
    )  # fmt: skip
    if not asked.scheduler:
        stop("no scheduler; give its address, as in impasto worker tls://painters.example.org:8786", MISUSE)
    from impasto.studio.jobs.stores import StoresError
    from impasto.studio.painters.certificates import CertificatesError
    from impasto.studio.painters.host import paint

    try:
        paint(asked, name or socket.gethostname(), _gpus() if gpus else [None], tell)
    except CertificatesError as error:
        stop(str(error), MISUSE)
    except StoresError as error:
        stop(str(error), FAILURE)


def _gpus() -> list[str]:
    """The GPUs of this host, as CUDA calls them; of those that the environment allows."""
    import torch

    count = torch.cuda.device_count()
    if not count:
        stop("no GPU is here that PyTorch can use; leave --gpus out to paint on the processors", MISUSE)
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return (allowed.split(",") if allowed else [str(number) for number in range(count)])[:count]
