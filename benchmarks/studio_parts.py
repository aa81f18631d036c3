"""A studio in parts: processes that can be killed or stopped, and a host whose link can be cut."""

import asyncio
import json
import logging
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import fsspec
import httpx
import psutil
from aiosmtpd.controller import Controller
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

LEASE = 6.0
# Seconds after which what has not come is lost.
LOST = 300.0
# The two ends of the link to a host of its own.
HERE, THERE, HOST = "10.199.77.1", "10.199.77.2", "impasto-chaos"
KEYS = {"AWS_ACCESS_KEY_ID": "painter", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_DEFAULT_REGION": "us-east-1"}


class Mailbox:
    """A mail server's end: what it accepts is on the disk before it says so."""

    def __init__(self, file: Path) -> None:
        self.file = file

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Note whose page the mail links to; of one that asks, where to say yes."""
        letter = message_from_bytes(envelope.content, policy=policy.default)
        body = letter.get_body(("plain",))
        found = re.search(r"/(?:p|mail/confirm)/[\w-]+", body.get_content() if body else "")
        with self.file.open("a") as file:
            file.write(f"{found[0] if found else 'unknown'}\n")
            file.flush()
            os.fsync(file.fileno())
        return "250 OK"


def take_mails(file: Path, port: int) -> None:
    """Be a mail server."""
    Controller(Mailbox(file), hostname="127.0.0.1", port=port).start()
    signal.pause()


def keep_objects(port: int) -> None:
    """Be a store of objects that speaks S3, in memory."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False).start()
    signal.pause()


def pass_on(address: str, port: int, to: int) -> None:
    """Be the door of a server on loopback: killed or stopped, the server is out of reach and loses nothing."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def both_ways(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            out, back = (await asyncio.open_connection("127.0.0.1", to))[::-1]
        except OSError:  # the server has not begun
            writer.close()
            return
        await asyncio.gather(pump(reader, out), pump(back, writer))

    async def serve() -> None:
        await (await asyncio.start_server(both_ways, address, port)).serve_forever()

    asyncio.run(serve())


class Link:
    """The one way to a host of its own, which is a network namespace. Linux and root alone can make it."""

    def __init__(self) -> None:
        self.end()
        for command in (
            f"netns add {HOST}",
            f"link add {HOST} type veth peer name there netns {HOST}",
            f"address add {HERE}/24 dev {HOST}",
            f"-n {HOST} address add {THERE}/24 dev there",
            f"-n {HOST} link set lo up",
            f"-n {HOST} link set there up",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        self.set("up")

    def set(self, state: str) -> None:
        """Make the link `up`, or cut it: `down`."""
        subprocess.run(["ip", "link", "set", HOST, state], check=True)

    def end(self) -> None:
        """Take host and link away."""
        for kind in ("link", "netns"):
            subprocess.run(["ip", kind, "delete", HOST], check=False, stderr=subprocess.DEVNULL)


class Studio:
    """A server and a mail server, and what else is asked for; all can be started again.

    Args:
        folder: of the server, and of the hosts.
        database: SQLAlchemy's URL of an empty one; empty for SQLite.
        hosts: whether a scheduler and two workers paint, each a process with a folder of its own.
        store: whether pictures are in a store of objects.
        link: whether the first worker is on a host of its own; then there are hosts.
    """

    def __init__(self, folder: Path, database: str, *, hosts: bool, store: bool, link: bool) -> None:
        self.folder, self.mails_file, self.log_file = folder, folder / "mails", folder / "log"
        self.link = Link() if link else None
        self.address = HERE if link else "127.0.0.1"
        self.database = create_engine(database or f"sqlite:///{folder / 'studio.db'}", pool_pre_ping=True)
        self.mails_file.touch()
        self.http, self.smtp, self.dask, self.s3, self.door = free_ports(5)
        self.others: dict[str, subprocess.Popen[bytes]] = {}
        self.servers: dict[str, Any] = {}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        self.environment |= {
            f"IMPASTO_{name}": str(value)
            for name, value in {
                "DATA_DIR": folder, "LEASE_SECONDS": LEASE, "PAINTER_THREADS": 1, "MAX_CANVAS": 64, "MIN_FREE": 0,
                "JOBS_PER_HOUR": 10**6, "MAILS_PER_DAY": 10**6, "DECODE_SECONDS": 5, "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": self.smtp, "SMTP_SECURITY": "none",
            }.items()
        }  # fmt: skip
        if database:
            self.environment["IMPASTO_DATABASE_URL"] = database
        if store:
            self.use_store()
        if hosts:
            self.use_hosts()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.http}", timeout=60)
        self.start_server("mail server")
        self.start()

    def use_store(self) -> None:
        """Have pictures in a store of objects."""
        self.start_server("objects")
        self.start_server("store")
        address = f"http://{self.address}:{self.door}"
        self.environment |= {**KEYS, "AWS_ENDPOINT_URL": address, "IMPASTO_FILES_URL": "s3://studio/pictures"}
        store = fsspec.filesystem(
            "s3", key=KEYS["AWS_ACCESS_KEY_ID"], secret=KEYS["AWS_SECRET_ACCESS_KEY"], endpoint_url=address
        )

        def made() -> bool:
            with suppress(OSError):
                store.mkdir("studio")
                return True
            return False

        assert until(made, 60)

    def use_hosts(self) -> None:
        """Have a scheduler and two workers paint; with certificates, where they are on two hosts."""
        if self.link:
            authority, names = self.folder / "authority", ("web", "scheduler", "worker", "second worker")
            hosts = [word for name in names for word in ("--host", name.replace(" ", "-"))]
            subprocess.run([sys.executable, "-m", "impasto", "certificates", authority, *hosts], check=True)
            self.environment["IMPASTO_CERTIFICATES"] = str(authority / "web")
        self.environment["IMPASTO_SCHEDULER"] = f"{'tls' if self.link else 'tcp'}://{self.address}:{self.dask}"
        for name in ("scheduler", "worker", "second worker"):
            self.start_other(name)

    def start(self) -> None:
        """Begin to serve."""
        with self.log_file.open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "impasto", "serve", "--port", str(self.http)], stdout=subprocess.PIPE,
                stderr=log, env=self.environment, start_new_session=True,
            )  # fmt: skip
        assert self.server.stdout is not None
        assert self.server.stdout.readline(), self.log_file.read_text()

    def start_other(self, name: str) -> None:
        """Begin to be a scheduler, or a host that paints."""
        address = self.environment["IMPASTO_SCHEDULER"]
        asked = ["scheduler", "--address", address] if name == "scheduler" else ["worker", address, "--threads", "1"]
        if self.link:
            asked += ["--certificates", str(self.folder / "authority" / name.replace(" ", "-"))]
        away = ["ip", "netns", "exec", HOST] if self.link and name == "worker" else []
        own = {"IMPASTO_DATA_DIR": str(self.folder / name)}  # as on a host of its own
        with self.log_file.open("ab") as log:
            self.others[name] = subprocess.Popen(
                [*away, sys.executable, "-m", "impasto", *asked], stdout=log, stderr=log, env=self.environment | own
            )

    def start_server(self, name: str) -> None:
        """Begin to take mails, to keep objects, or to be their door, which is what is called the store."""
        spawn = multiprocessing.get_context("spawn")
        targets: dict[str, tuple[Callable[..., None], tuple[Any, ...]]] = {
            "mail server": (take_mails, (self.mails_file, self.smtp)),
            "objects": (keep_objects, (self.s3,)),
            "store": (pass_on, (self.address, self.door, self.s3)),
        }
        target, given = targets[name]
        self.servers[name] = spawn.Process(target=target, args=given, daemon=True)
        self.servers[name].start()

    def again(self, name: str) -> None:
        """Start what was killed, as a service manager would; painters and decoders have those who do it."""
        if name == "server":
            self.server.wait()
            self.start()
        elif name in self.servers:
            self.servers[name].join()
            self.start_server(name)
        elif name in self.others:
            self.others[name].wait()
            self.start_other(name)

    def end(self) -> None:
        """End them all."""
        for each in (self.server, *reversed(self.others.values())):
            each.terminate()
            each.wait(60)
        for server in self.servers.values():
            server.kill()
        if self.link:
            self.link.end()

    def victims(self, name: str) -> list[psutil.Process]:
        """The processes of that name, alive."""
        if name in self.servers:
            return [psutil.Process(self.servers[name].pid)]
        if name in self.others:
            return [psutil.Process(self.others[name].pid)]
        if name == "database":
            with self.database.connect() as connection:
                own = connection.execute(text("select pg_backend_pid()")).scalar_one()
            siblings = psutil.Process(own).parent().children()
            named = re.compile(r"\[local\]|\(\d+\)")  # where a connection comes from; others of its processes have none
            return [each for each in siblings if each.pid != own and named.search(" ".join(each.cmdline()))]
        server = psutil.Process(self.server.pid)
        if name == "server":
            return [server]
        children = server.children()
        if name == "painter" and self.others:
            return [*psutil.Process(self.others["worker"].pid).children()]
        if name == "painter":
            return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        parents = [child for child in children if "impasto.studio.uploads.decoding" in child.cmdline()]
        return parents if name == "decoder's parent" else [child for each in parents for child in each.children()]

    def rows(self) -> dict[str, tuple[int, str]]:
        """Number and state of every job, by its token."""
        end = time.monotonic() + LOST
        while True:
            try:
                with self.database.connect() as connection:
                    found = connection.execute(text("select token, id, state from jobs")).all()
                return {token: (number, state) for token, number, state in found}
            except OperationalError:  # the database was hit, and is not back yet
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def mails(self) -> Counter[str]:
        """How many mails were accepted, by the path that they link to."""
        return Counter(self.mails_file.read_text().split())

    def done(self) -> Counter[int]:
        """How often each job was painted to its end, by its number."""
        events = [json.loads(line) for line in self.log_file.read_text().splitlines() if line.startswith("{")]
        return Counter(event["job"] for event in events if event["event"] == "done")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(true: Callable[[], Any], seconds: float, pause: float = 0.05) -> Any:
    """Wait until something is true; what it was at the end."""
    end = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < end:
        time.sleep(pause)
    return found
