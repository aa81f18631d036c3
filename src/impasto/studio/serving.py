"""The studio as one process: the web server in front, the engine behind it, both ended by Ctrl-C, SIGTERM or SIGHUP."""

import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn

from impasto.studio import logs
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.stores import check_writable, open_stores
from impasto.studio.mail.server import ServerError, check
from impasto.studio.painters import certificates, growing
from impasto.studio.painters.engine import Engine
from impasto.studio.web.app import create_app
from impasto.studio.web.connections import open_more_files, server_config

log = structlog.get_logger("impasto.studio.serving")

# Seconds that answers under way, and then painters, may take to end; together less than the 30 s of a service manager.
ANSWERS, PAINTERS = 2, 20


def serve(configuration: Configuration, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `ready` is called when pages are answered.

    Raises:
        StoresError: a folder or the database can't be used.
        ServerError: the mail server will never take a mail.
        CertificatesError: the painters' scheduler can't be talked to with this host's certificate.
        ClusterError: the function that makes the painters' cluster can't be loaded.
    """
    logs.configure()
    if configuration.scheduler and configuration.certificates:
        certificates.check(configuration.certificates)
    if configuration.cluster:
        growing.factory(configuration.cluster)
    # The thread that answers takes turns with those that ask the database; by default each may hold it for 5 ms.
    sys.setswitchinterval(0.0005)
    open_more_files()
    database, files = open_stores(configuration)
    check_writable(configuration, database, files)
    utf8 = _check_mail(configuration) if configuration.smtp_host and not configuration.mail_folder else True
    if shutil.disk_usage(configuration.data_dir).free < configuration.min_free:
        log.warning("no paintings are taken until IMPASTO_MIN_FREE bytes are free on the disk")
    if configuration.scheduler.startswith("tcp://"):
        log.warning("whoever reaches the scheduler can run code there; give hosts certificates, as docs/many.md says")
    engine = Engine(configuration, database, files)
    app = create_app(configuration, database, files)
    app.state.engine, app.state.utf8_addresses = engine, utf8
    served = server_config(app, trusted_proxy=configuration.trusted_proxy)
    served.timeout_graceful_shutdown = ANSWERS
    server = _Server(served, ready, engine.ask_to_stop)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup has it ignored
            signal.signal(number, server.handle_exit)
    engine.start()
    try:
        server.run(sockets=[listener])
    finally:
        engine.stop(PAINTERS)
        database.close()
        log.info("stopped")


def _check_mail(configuration: Configuration) -> bool:
    """Warn of what keeps mails from being sent, or from being of use, for now; whether SMTPUTF8 is known to work."""
    utf8 = False
    try:
        utf8 = check(configuration)
    except ServerError as error:
        if error.lasting:
            raise
        log.warning(str(error))
    if not configuration.public_url:
        log.warning(
            f"links in mails begin with {configuration.address}, which only this machine can open; "
            "set IMPASTO_PUBLIC_URL"
        )
    return utf8


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it is ready, and ends on a signal without ending the process."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], leaving: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._leaving = leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals as they are; uvicorn would raise them again at the end, when painters still have to stop."""
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On a signal: both halves end at the same time; at the second Ctrl-C, answers are not waited for."""
        self._leaving()
        super().handle_exit(sig, frame)
