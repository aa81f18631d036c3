"""`impasto serve`: the studio on this machine, all of it."""

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from impasto.cli.configured import SettingsFile, configured
from impasto.cli.errors import FAILURE, MISUSE, stop, tell

if TYPE_CHECKING:
    from impasto.studio.configuration import Configuration


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="The port (8000); 0 takes any that is free.")] = None,
    mail_folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write mails here instead of sending them.")
    ] = None,
    settings: SettingsFile = None,
    check: Annotated[
        bool, typer.Option("--check", help="Try each part once, say what is right and what is not, and exit.")
    ] = False,
    help_settings: Annotated[bool, typer.Option("--help-settings", help="List all settings, and exit.")] = False,
) -> None:
    """The studio: pages to upload a photo and choose a style, painters, and mail when it is painted."""
    given: dict[str, Any] = {"host": host, "port": port, "mail_folder": mail_folder}
    configuration = configured(settings, refuse=_list_wrong, **given) if check else configured(settings, **given)
    if help_settings:
        print(_described())
        return
    if check:
        _check(configuration, settings)
        return
    from impasto.studio.jobs.stores import StoresError
    from impasto.studio.mail.server import ServerError
    from impasto.studio.painters.certificates import CertificatesError
    from impasto.studio.painters.growing import ClusterError
    from impasto.studio.serving import serve as start

    listener = _listener(configuration)
    configuration = configuration.model_copy(update={"port": listener.getsockname()[1]})
    try:
        start(configuration, listener, lambda: tell(configuration.address))
    except (CertificatesError, ClusterError) as error:
        stop(str(error), MISUSE)
    except (StoresError, ServerError) as error:
        stop(str(error), FAILURE)


def _check(configuration: "Configuration", settings: Path | None) -> None:
    """Print a line for each part as soon as it was tried."""
    from impasto.studio.check import checked

    wrong = []
    for finding in checked(configuration, settings):
        print(_line(finding.part, finding.said, right=finding.right), flush=True)
        if not finding.right:
            wrong.append(finding.part)
    if wrong:
        stop(f"not right: {', '.join(wrong)}", FAILURE)


def _list_wrong(lines: list[str]) -> NoReturn:
    for line in lines:
        print(_line("settings", line, right=False))
    stop("not right: settings; the rest is tried when they are", FAILURE)


def _line(part: str, said: str, *, right: bool) -> str:
    return f"{'right' if right else 'WRONG'}  {part:<9} {said}"


def _listener(configuration: "Configuration") -> socket.socket:
    """The socket that is served on; taken first, so that nothing is begun where it is another's."""
    where = configuration.host, configuration.port
    family = socket.AF_INET6 if ":" in configuration.host else socket.AF_INET
    try:
        return socket.create_server(where, family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            stop(f"port {configuration.port} is in use; choose another with --port, or 0 for any", FAILURE)
        stop(f"{configuration.host} port {configuration.port} can't be served on: {error.strerror or error}", FAILURE)


def _described() -> str:
    """All settings: the name, the default, and what it means."""
    from impasto.studio.configuration import Configuration

    lines = []
    for name, field in Configuration.model_fields.items():
        default = field.get_default()
        shown = getattr(default, "get_secret_value", lambda value=default: value)()
        lines.append(f"IMPASTO_{name.upper()}={'' if shown is None else shown}\n    {field.description}")
    return "\n".join(lines)
