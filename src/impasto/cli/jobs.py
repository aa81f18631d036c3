"""`impasto jobs`: the studio's jobs, for who runs it."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.configured import SettingsFile, configured
from impasto.cli.errors import FAILURE, MISUSE, plain_errors, stop, tell

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from impasto.studio.jobs.database import Database
    from impasto.studio.jobs.folders import Files
    from impasto.studio.jobs.rows import Job

jobs = typer.Typer(help="List, look at, cancel, retry and delete the studio's jobs.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="JOB", help="Its number.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@jobs.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="Only waiting, painting, done, failed or cancelled.")] = None,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """List the jobs, the newest first."""
    database, _ = _opened(settings)
    from sqlalchemy import select

    from impasto.studio.jobs.rows import Job, State

    query = select(Job).order_by(Job.id.desc())
    if state is not None:
        if state not in list(State):
            stop(f"no job is ever {state!r}; give one of: {', '.join(State)}", MISUSE)
        query = query.where(Job.state == state)
    with database.reading() as session:
        found = list(session.scalars(query))
    if as_json:
        print(json.dumps([_row(job) for job in found], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("job", "state", "submitted", "canvas", "quality", "styles", "attempts", box=None)
    for job in found:
        styles = " + ".join(style["name"] for style in job.styles)
        canvas = f"{job.width} × {job.height}"
        table.add_row(
            str(job.id), job.state, _when(job.created), canvas, job.quality, styles, str(job.attempt)
        )  # fmt: skip
    Console().print(table)


@jobs.command()
def show(number: Number, as_json: AsJson = False, settings: SettingsFile = None) -> None:
    """Show all that is known of a job, its mails and its files."""
    database, files = _opened(settings)
    from sqlalchemy import select

    from impasto.studio.mail.outbox import Mail

    with database.reading() as session:
        row = _row(_job(session, number))
        mails = list(session.scalars(select(Mail).where(Mail.job_id == number)))
    row["mails"] = [
        {"kind": mail.kind, "to": mail.recipient, "tries": mail.tries, "sent": mail.sent, "error": mail.error}
        for mail in mails
    ]
    row["files"] = files.names(number)
    if as_json:
        print(json.dumps(row, indent=2))
        return
    for name, value in row.items():
        shown = _when(value) if name in ("created", "started", "finished", "expires") and value else value
        print(f"{name:10} {'' if shown is None else shown}")


@jobs.command()
def cancel(number: Number, settings: SettingsFile = None) -> None:
    """Paint a job no further."""
    database, _ = _opened(settings)
    from impasto.studio.jobs import rows

    with plain_errors(MISUSE), database.session() as session:
        rows.cancel(session, _job(session, number), time.time())
    tell(f"job {number} is cancelled")


@jobs.command()
def retry(number: Number, settings: SettingsFile = None) -> None:
    """Put a job that failed or was cancelled into the queue again."""
    database, _ = _opened(settings)
    from impasto.studio.jobs import rows

    with plain_errors(MISUSE), database.session() as session:
        rows.retry(session, _job(session, number))
    tell(f"job {number} waits again")


@jobs.command()
def purge(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[JOB]...", help="These; else all whose time is over.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Delete jobs, with all their files."""
    database, files = _opened(settings)
    from impasto.studio.jobs import rows
    from impasto.studio.jobs.expiry import erase

    work = configured(settings).work
    with database.session() as session:
        chosen = [_job(session, number) for number in numbers or []] or rows.expired(session, time.time())
        for job in chosen:
            rows.remove(session, job)
    for job in chosen:
        erase(job.id, files, work)
    tell(f"deleted {', '.join(f'job {job.id}' for job in chosen) or 'nothing: no job has expired'}")


def _opened(settings: Path | None) -> "tuple[Database, Files]":
    configuration = configured(settings)
    from impasto.studio.jobs.stores import open_stores

    with plain_errors(FAILURE):
        return open_stores(configuration)


def _job(session: "Session", number: int) -> "Job":
    from impasto.studio.jobs.rows import Job

    job = session.get(Job, number)
    if job is None:
        stop(f"there is no job {number}; see them with: impasto jobs list", MISUSE)
    return job


def _row(job: "Job") -> dict[str, Any]:
    """A job as JSON; without its token, which would open its page."""
    names = ("state", "created", "started", "finished", "expires", "width", "height", "settings", "styles", "email")
    return {
        "job": job.id,
        **{name: getattr(job, name) for name in names},
        **{name: getattr(job, name) for name in ("attempt", "deaths", "progress", "seconds", "error")},
    }


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
