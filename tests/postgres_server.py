"""A PostgreSQL server of the tests' own, on a socket in a folder: nothing listens on a port."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them out of the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Start a server with its data in a folder; gives its URL for SQLAlchemy. It stops at the end."""
    programs = binaries()
    assert programs is not None
    # the server refuses to run as root, and its user must reach the folder
    user = "postgres" if os.getuid() == 0 else getpass.getuser()
    place = Path("/tmp") / f"impasto-postgres-{os.getpid()}" if os.getuid() == 0 else folder
    place.mkdir(mode=0o700, exist_ok=True)
    if os.getuid() == 0:
        shutil.chown(place, user)

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments], user=user, check=True, capture_output=True, timeout=60, cwd=place
        )

    data = str(place / "data")
    call("initdb", "-D", data, "-A", "trust", "-U", "impasto", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={place} -c fsync=off"
    call("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(place / "log"), "start")
    try:
        yield f"postgresql+psycopg://impasto@/postgres?host={place}"
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(place)
