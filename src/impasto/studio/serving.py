"""The studio as one process: the web server in front, the engine behind it, both ended by SIGTERM or Ctrl-C."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn
from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from impasto.studio import logs
from impasto.studio.configuration import Configuration
from impasto.studio.database import Database
from impasto.studio.engine import Engine
from impasto.studio.files import Files
from impasto.studio.web.app import create_app

log = structlog.get_logger("impasto.studio.serving")

# Seconds that answers under way, and then painters, may take to end; together less than the 30 s of a service manager.
ANSWERS, PAINTERS = 2, 20


class StartError(RuntimeError):
    """The studio can't be started; the message is one plain line."""


def serve(configuration: Configuration, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called when pages are answered.

    Raises:
        StartError: the folder or the database can't be used.
    """
    logs.configure()
    database, files = _stores(configuration)
    engine = Engine(configuration, database, files)
    app = create_app(configuration, database, files)
    app.state.engine = engine
    server = _Server(
        uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=ANSWERS, server_header=False,
            proxy_headers=False, backlog=2048,
        ),
        ready,
        engine.ask_to_stop,
    )  # fmt: skip
    engine.start()
    try:
        server.run(sockets=[listener])
    finally:
        engine.stop(PAINTERS)
        database.close()
        log.info("stopped")


def _stores(configuration: Configuration) -> tuple[Database, Files]:
    try:
        configuration.data_dir.mkdir(parents=True, exist_ok=True)
        configuration.work.mkdir(exist_ok=True)
    except OSError as error:
        raise StartError(
            f"{configuration.data_dir} can't be used: {error.strerror}; choose another with IMPASTO_DATA_DIR"
        ) from error
    try:
        database = Database(configuration.database)
        database.migrate()
    except ArgumentError as error:
        raise StartError("IMPASTO_DATABASE_URL is no URL of a database; see SQLAlchemy's documentation") from error
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StartError(f"the database can't be used: {reason}; see IMPASTO_DATABASE_URL") from error
    except CommandError as error:
        raise StartError(
            "the database was made by a later version of Impasto; install that, or restore a backup"
        ) from error
    return database, Files(configuration.files)


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
        """Handle signals from now on; uvicorn would raise them again at the end, when painters still have to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On a signal: both halves end at the same time; at the second Ctrl-C, answers are not waited for."""
        self._leaving()
        super().handle_exit(sig, frame)
