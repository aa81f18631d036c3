"""The database: SQLite in a file by default, PostgreSQL by its URL; the same code for both."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, false, func, make_url, select
from sqlalchemy.orm import DeclarativeBase, Session

# Names the lock of PostgreSQL's that `alone` takes; any number that no other program uses in this database.
ALONE = 0x1A7A5706


class Base(DeclarativeBase):
    """What the tables of the studio are declared on."""


class Database:
    """The tables at an SQLAlchemy URL.

    Attributes:
        url: as it was given.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        where = make_url(url)
        self._sqlite = where.get_backend_name() == "sqlite"
        if self._sqlite and where.database:
            Path(where.database).parent.mkdir(parents=True, exist_ok=True)
        # SQLite lets one write at a time: the others wait for it, at most so many seconds
        options: dict[str, Any] = {"connect_args": {"timeout": 20}} if self._sqlite else {"pool_pre_ping": True}
        # a connection for each of the web's threads, where all ask at once
        # and errors, which are logged, say no parameters: tokens and addresses are among them
        self.engine = create_engine(url, pool_size=10, max_overflow=40, hide_parameters=True, **options)
        self._readers = self.engine.execution_options(reads=True)
        if self._sqlite:
            event.listen(self.engine, "connect", _prepare)
            event.listen(self.engine, "begin", _begin)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, undone when an error leaves it."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, and so waits for no writer."""
        with Session(self._readers, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables to this version's form."""
        with self.engine.begin() as connection:
            _upgrade(connection)

    def rehearse(self) -> None:
        """See that tables can be brought to this version's form and that rows can be changed; nothing is.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: they can't.
            alembic.util.CommandError: a later version has made the tables.
        """
        with self.engine.connect() as connection, connection.begin() as transaction:
            try:
                _upgrade(connection)
                _delete_nothing(connection)
            finally:
                transaction.rollback()

    def check_writable(self) -> None:
        """See that rows can be changed.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: they can't.
        """
        with self.engine.begin() as connection:
            _delete_nothing(connection)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def alone(session: Session) -> None:
    """Make this transaction, until its end, the only one that is beyond this line: what it counts, nobody adds to.

    SQLite's transactions that write are so from their beginning. PostgreSQL's wait here, and see from here on what the
    one before has written; so it is called late, when little is left to do.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ALONE)))


def _upgrade(connection: Connection) -> None:
    with as_file(files("impasto.studio.jobs") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _delete_nothing(connection: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        connection.execute(table.delete().where(false()))


def _prepare(connection: Any, _record: Any) -> None:
    """SQLite: readers beside a writer, foreign keys kept, and transactions begun by us (see `_begin`)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was confirmed is on the disk
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Any) -> None:
    # A transaction that reads first and writes later fails at once, whatever the timeout, where another wrote between;
    # begun as a writer it waits its turn instead.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
