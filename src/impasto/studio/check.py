"""Whether a studio with these settings would work: each part is tried once, and nothing of it stays."""

import os
import pwd
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.stores import StoresError, check_mail_folder, explained, make_folders, open_files
from impasto.studio.mail import server
from impasto.studio.painters import cluster
from impasto.studio.painters.sample import SIDE, paint_sample

PREFIX, FIELDS = "IMPASTO_", [name.upper() for name in Configuration.model_fields]
NEAR = 0.8
"""How alike a name must be to a setting's to be taken for a slip."""
NO_JOB = 0
"""A number that no job has: under it the store is tried."""
PATIENCE = 300.0
"""Seconds that a painter may take to load, and to paint the sample."""


class WrongError(Exception):
    """A part does not work; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Finding:
    """What came out for one part.

    Attributes:
        part: its name.
        right: whether it works.
        said: what was seen; where it is wrong, with the fix.
    """

    part: str
    right: bool
    said: str


def checked(configuration: Configuration, settings: Path | None = None) -> Iterator[Finding]:
    """Try each part in turn: what a studio could not start without comes first.

    Args:
        configuration: the settings.
        settings: the file that some of them are from.
    """
    parts: dict[str, Callable[[Configuration], str]] = {
        "settings": lambda _: _settings(settings),
        "folder": _folder,
        "database": _database,
        "pictures": _pictures,
        "disk": _disk,
        "mail": _mail,
        "links": _links,
        "painter": _painter,
    }
    for part, try_it in parts.items():
        try:
            yield Finding(part, right=True, said=try_it(configuration))
        except (WrongError, StoresError, server.ServerError) as error:
            yield Finding(part, right=False, said=str(error))
            if try_it is _folder:  # the rest lies in it, or would be made by the wrong user
                return


def _settings(file: Path | None) -> str:
    """Look for names that are nearly a setting's: a name that is none's is not read."""
    names = {*os.environ, *(dotenv_values(file) if file else ())}
    given = sorted(name.upper() for name in names if name.upper().startswith(PREFIX))
    for name in given:
        if (bare := name.removeprefix(PREFIX)) not in FIELDS and (near := get_close_matches(bare, FIELDS, 1, NEAR)):
            raise WrongError(f"{name} is no setting; did you mean IMPASTO_{near[0]}?")
    return f"{sum(name.removeprefix(PREFIX) in FIELDS for name in given)} are set, and make sense"


def _folder(configuration: Configuration) -> str:
    folder = configuration.data_dir
    if folder.exists() and folder.stat().st_uid != os.geteuid():
        owner = _user(folder.stat().st_uid)
        raise WrongError(
            f"{folder} is {owner}'s, and you are {_user(os.geteuid())}; run this as the studio's user: "
            f"sudo -u {owner} impasto serve --check"
        )
    make_folders(configuration)
    return f"{folder} is this user's alone"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _database(configuration: Configuration) -> str:
    with explained():
        database = Database(configuration.database)
        try:
            database.rehearse()
        finally:
            database.close()
    return f"{database.engine.url.render_as_string(hide_password=True)} was reached, and takes rows"


def _pictures(configuration: Configuration) -> str:
    """Write, read and delete."""
    files, name, data = open_files(configuration), f"{secrets.token_hex(8)}.check", secrets.token_bytes(1 << 16)
    try:
        files.write(NO_JOB, name, data)
        same = files.read(NO_JOB, name) == data
        files.remove(NO_JOB)
    except Exception as error:  # each kind of store has errors of its own
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0] or type(error).__name__
        raise WrongError(f"{configuration.files} can't be used: {reason}; see IMPASTO_FILES_URL") from error
    if not same or files.names(NO_JOB):
        raise WrongError(f"{configuration.files} does not give what was written to it; see IMPASTO_FILES_URL")
    return f"{configuration.files} was written to, read and cleaned"


def _disk(configuration: Configuration) -> str:
    free = shutil.disk_usage(configuration.data_dir).free
    if free < configuration.min_free:
        raise WrongError(
            f"{free / 1e9:.1f} GB are free, and no paintings are taken below {configuration.min_free / 1e9:.1f}; "
            "make room, or set IMPASTO_MIN_FREE"
        )
    return f"{free / 1e9:.1f} GB are free"


def _mail(configuration: Configuration) -> str:
    if configuration.mail_folder:
        check_mail_folder(configuration.mail_folder)
        return f"mails are written to {configuration.mail_folder}"
    if not configuration.smtp_host:
        return "none is sent: neither IMPASTO_SMTP_HOST nor IMPASTO_MAIL_FOLDER is set"
    server.check(configuration)
    return (
        f"{configuration.smtp_host}:{configuration.smtp_port} was greeted, and takes mails from "
        f"{configuration.mail_from}; none was sent"
    )


def _links(configuration: Configuration) -> str:
    if configuration.smtp_host and not configuration.mail_folder and not configuration.public_url:
        raise WrongError(
            f"links in mails begin with {configuration.address}, which only this machine can open; "
            "set IMPASTO_PUBLIC_URL"
        )
    return f"they begin with {configuration.address}"


def _painter(configuration: Configuration) -> str:
    """One painter, started as the studio starts them, or of the cluster elsewhere."""
    one = configuration.model_copy(update={"painters": 1, "smtp_password": SecretStr("")})
    fix = "see IMPASTO_SCHEDULER" if configuration.scheduler else "see IMPASTO_PAINTER_THREADS and _MEMORY"
    if configuration.cluster:
        fix = "see IMPASTO_CLUSTER"
    try:
        with cluster.joined(one, lambda: 1) as client:
            seconds = client.submit(paint_sample, one, pure=False).result(timeout=PATIENCE)
    except Exception as error:  # whatever a painter dies of
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WrongError(f"none painted: {reason}; {fix}") from error
    open_to_all = configuration.scheduler.startswith("tcp://")
    warning = "; whoever reaches the scheduler can run code there: see docs/many.md" if open_to_all else ""
    return f"one painted {SIDE} px in {seconds:.1f} s{warning}"
