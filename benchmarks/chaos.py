"""The studio while its processes are killed and stopped at random moments.

    python benchmarks/chaos.py PHOTO [--trials 50] [--seed 0] [--hosts] [--database URL]

`impasto serve` as it comes: SQLite, one painter, in a folder of its own; and a mail server, which is a process too.
With --hosts the painters are those of two processes of `impasto worker`, behind an `impasto scheduler`; the jobs can be
in PostgreSQL, as postgresql+psycopg://NAME@/NAME?host=FOLDER, in a database that is empty. In each trial three people
ask for a small painting and a mail, by HTTP, and again where they get no answer. At a random moment of the first 80 %
of the time that this takes undisturbed, one process is killed (SIGKILL), or stopped for up to two and a half leases
(SIGSTOP, then SIGCONT):

  server          with web pages, engine, Dask's scheduler and post; killed, it is started again on the same folder
  painter         the process that paints
  decoder         the process that reads one upload, and its parent, which forks it
  mail server     killed, it is started again on the same port
  scheduler, worker   with --hosts alone; killed, they are started again, as a service manager would
  database        with PostgreSQL alone: a process of it that serves a connection; killed, PostgreSQL ends all of them
                  and recovers

A trial ends when every job in the database has ended and a mail for each was accepted. Printed by victim: jobs whose
mail was still to come at the blow, jobs that were lost (not done, or no mail within five minutes), that were painted
twice to the end (by the painters' log), whose mail came twice, requests that were refused as if the file were at fault,
and the longest time from the blow to the end.
"""

import argparse
import io
import json
import multiprocessing
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import psutil
from aiosmtpd.controller import Controller
from PIL import Image
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

LEASE, JOBS, ADDRESS = 6.0, 3, "anna@example.org"
# Seconds after which what has not come is lost; pixels of the uploads' long side, so that they take a while to read.
LOST, SIDE = 300.0, 3000
# Until when the blow falls, of the time that a trial takes undisturbed.
LATEST = 0.8
ENDED = ("done", "failed", "cancelled")
ALONE = "server", "painter", "decoder", "decoder's parent", "mail server"
HOSTS = "server", "painter", "scheduler", "worker", "mail server"
SIGNALS = signal.SIGKILL, signal.SIGSTOP


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


class Studio:
    """A server, a mail server, and where there are hosts a scheduler and two workers; all can be started again."""

    def __init__(self, folder: Path, database: str, *, hosts: bool) -> None:
        self.folder, self.mails_file, self.log_file = folder, folder / "mails", folder / "log"
        self.database = create_engine(database or f"sqlite:///{folder / 'studio.db'}", pool_pre_ping=True)
        self.mails_file.touch()
        self.ports = free_ports(3)
        self.others: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        self.environment |= {
            f"IMPASTO_{name}": str(value)
            for name, value in {
                "DATA_DIR": folder, "LEASE_SECONDS": LEASE, "PAINTER_THREADS": 1, "MAX_CANVAS": 64, "MIN_FREE": 0,
                "JOBS_PER_HOUR": 10**6, "MAILS_PER_DAY": 10**6, "DECODE_SECONDS": 5, "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": self.ports[1], "SMTP_SECURITY": "none",
            }.items()
        }  # fmt: skip
        if database:
            self.environment["IMPASTO_DATABASE_URL"] = database
        if hosts:
            self.environment["IMPASTO_SCHEDULER"] = f"tcp://127.0.0.1:{self.ports[2]}"
            for name in ("scheduler", "worker", "second worker"):
                self.start_other(name)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.ports[0]}", timeout=60)
        self.start_mail()
        self.start()

    def start(self) -> None:
        """Begin to serve."""
        with self.log_file.open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "impasto", "serve", "--port", str(self.ports[0])], stdout=subprocess.PIPE,
                stderr=log, env=self.environment, start_new_session=True,
            )  # fmt: skip
        assert self.server.stdout is not None
        assert self.server.stdout.readline(), self.log_file.read_text()

    def start_other(self, name: str) -> None:
        """Begin to be a scheduler, or a host that paints."""
        address = self.environment["IMPASTO_SCHEDULER"]
        asked = ["scheduler", "--address", address] if name == "scheduler" else ["worker", address, "--threads", "1"]
        own = {"IMPASTO_DATA_DIR": str(self.folder / name)}  # as on a host of its own
        with self.log_file.open("ab") as log:
            self.others[name] = subprocess.Popen(
                [sys.executable, "-m", "impasto", *asked], stdout=log, stderr=log, env=self.environment | own
            )

    def start_mail(self) -> None:
        """Begin to take mails."""
        spawn = multiprocessing.get_context("spawn")
        self.mail = spawn.Process(target=take_mails, args=(self.mails_file, self.ports[1]), daemon=True)
        self.mail.start()

    def end(self) -> None:
        """End them all."""
        for each in (self.server, *reversed(self.others.values())):
            each.terminate()
            each.wait(60)
        self.mail.kill()

    def victims(self, name: str) -> list[psutil.Process]:
        """The processes of that name, alive."""
        if name == "mail server":
            return [psutil.Process(self.mail.pid)]
        if name in self.others:
            return [psutil.Process(self.others[name].pid)]
        if name == "database":
            with self.database.connect() as connection:
                own = connection.execute(text("select pg_backend_pid()")).scalar_one()
            siblings = psutil.Process(own).parent().children()
            return [each for each in siblings if each.pid != own and "[local]" in " ".join(each.cmdline())]
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


@dataclass
class Trial:
    """What became of one."""

    victim: str
    signal: signal.Signals
    tokens: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    in_flight: int = 0
    seconds: float = 0.0


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


def ask(studio: Studio, photo: bytes, trial: Trial) -> None:
    """Ask for a painting, and again where no answer comes, or the studio says that it can't now."""
    for _ in range(100):
        with suppress(httpx.TransportError):
            answer = studio.client.post(
                "/api/paintings", files={"photo": ("photo.png", photo)},
                data={"size": 64, "quality": "draft", "email": ADDRESS},
            )  # fmt: skip
            if answer.status_code == 201:
                trial.tokens.add(answer.json()["token"])
                return
            if answer.status_code < 500:
                trial.refused.append(answer.text)
        time.sleep(0.2)


def confirm(studio: Studio, photo: bytes) -> None:
    """Have the address of the mails confirmed, by its own mail."""
    ask(studio, photo, Trial("", signal.SIGKILL))
    found = until(lambda: [path for path in studio.mails() if "confirm" in path], 60)
    studio.client.post(found[0]).raise_for_status()
    until(lambda: settled(studio), LOST)


def strike(studio: Studio, trial: Trial, before: set[str], pause: float, hold: float) -> None:
    """Kill or stop a process after a pause; one that lives for a moment only, as soon as there is one after it."""
    time.sleep(pause)
    found = until(lambda: _alive(studio, trial.victim), 20, 0.002)
    if not found:
        raise SystemExit(f"no {trial.victim} was there to be hit")
    hit = found[0]
    mails = studio.mails()
    trial.in_flight = JOBS - sum(mails[f"/p/{token}"] > 0 for token in set(studio.rows()) - before)
    with suppress(psutil.NoSuchProcess):
        hit.send_signal(trial.signal)
    if trial.signal == signal.SIGSTOP:
        time.sleep(hold)
        with suppress(psutil.NoSuchProcess):
            hit.send_signal(signal.SIGCONT)
    elif trial.victim == "server":
        studio.server.wait()
        studio.start()
    elif trial.victim == "mail server":
        studio.mail.join()
        studio.start_mail()
    elif trial.victim in studio.others:
        studio.others[trial.victim].wait()
        studio.start_other(trial.victim)


def _alive(studio: Studio, victim: str) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return studio.victims(victim)
    return []


def settled(studio: Studio) -> bool:
    """Whether every job has ended, and a mail for each was accepted."""
    mails = studio.mails()
    return all(
        state in ENDED and mails[f"/p/{token}"]
        for token, (_, state) in studio.rows().items()
    )  # fmt: skip


def attempt(studio: Studio, photo: bytes, blow: tuple[str, signal.Signals], dice: random.Random, span: float) -> Trial:
    """One trial, whose blow falls within so many seconds of the first request."""
    trial = Trial(*blow)
    before = set(studio.rows())
    # the decoder of one of the three uploads; at the end of the time some jobs have their mails
    pause = dice.uniform(0, 0.5 if trial.victim == "decoder" else LATEST * span)
    hold = dice.uniform(0.5, 2.5 * LEASE)
    with ThreadPoolExecutor(JOBS) as people:
        began = time.monotonic()
        asked = [people.submit(ask, studio, photo, trial) for _ in range(JOBS)]
        strike(studio, trial, before, pause, hold)
        for each in asked:
            each.result()
    until(lambda: settled(studio), LOST)
    trial.seconds = time.monotonic() - began - pause
    trial.tokens |= set(studio.rows()) - before  # whose answer did not arrive
    return trial


def undisturbed(studio: Studio, photo: bytes) -> float:
    """How many seconds it takes until three people have their paintings and mails."""
    began = time.monotonic()
    with ThreadPoolExecutor(JOBS) as people:
        for _ in range(JOBS):
            people.submit(ask, studio, photo, Trial("", signal.SIGKILL))
    until(lambda: settled(studio), LOST)
    return time.monotonic() - began


def say(number: int, trial: Trial) -> None:
    """Tell of one as it ends."""
    name = f"{trial.victim} {trial.signal.name}"
    print(f"{number} {name}: {trial.in_flight} in flight, {trial.seconds:.1f} s", file=sys.stderr, flush=True)


def report(studio: Studio, trials: list[Trial]) -> None:
    """Print the table."""
    rows, mails, done = studio.rows(), studio.mails(), studio.done()
    print("| victim | | trials | jobs | in flight | lost | painted twice | mailed twice | refused | longest delay |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for victim, number in dict.fromkeys((trial.victim, trial.signal) for trial in trials):
        some = [trial for trial in trials if (trial.victim, trial.signal) == (victim, number)]
        tokens = {token for trial in some for token in trial.tokens}
        lost = [token for token in tokens if rows.get(token, (0, ""))[1] != "done" or not mails[f"/p/{token}"]]
        twice = [token for token in tokens if done[rows[token][0]] > 1]
        mailed = [token for token in tokens if mails[f"/p/{token}"] > 1]
        refused = sum(len(trial.refused) for trial in some)
        longest = f"{max(trial.seconds for trial in some):.0f} s" if some else ""
        flying = sum(trial.in_flight for trial in some)
        cells = (
            victim,
            number.name,
            len(some),
            len(tokens),
            flying,
            len(lost),
            len(twice),
            len(mailed),
            refused,
            longest,
        )
        print(f"| {' | '.join(map(str, cells))} |")
    for sentence in {sentence for trial in trials for sentence in trial.refused}:
        print(sentence)


def main() -> None:
    """Start the studio, strike, and print what became of the jobs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hosts", action="store_true")
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    with Image.open(asked.photo) as image:
        large = image.resize((SIDE, round(SIDE * image.height / image.width)))
    upload = io.BytesIO()
    large.save(upload, "PNG", compress_level=1)
    photo = upload.getvalue()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        studio = Studio(Path(folder), asked.database, hosts=asked.hosts)
        victims = (*(HOSTS if asked.hosts else ALONE), *(("database",) if asked.database else ()))
        blows = [(victim, number) for number in SIGNALS for victim in victims]
        try:
            confirm(studio, photo)
            span = min(undisturbed(studio, photo) for _ in range(2))  # at first the painter's pace is measured too
            print(f"undisturbed, {JOBS} jobs take {span:.1f} s")
            trials = []
            for number in range(asked.trials):
                trials.append(attempt(studio, photo, blows[number % len(blows)], dice, span))
                say(number + 1, trials[-1])
            report(studio, trials)
        finally:
            studio.end()


if __name__ == "__main__":
    main()
