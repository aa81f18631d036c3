"""How long a painter that hangs costs its job, and the others.

    python benchmarks/hang.py PHOTO [--lease 30] [--painters 2] [--trials 3]

`impasto serve` as it comes, in a folder of its own. In each trial a painting is asked for, and its painter's process
stopped (SIGSTOP) when some steps are done; at once a small painting is asked for. Then the same is done to a painter
that has nothing to do. Printed, in seconds and in leases, from the stop on: until the process is gone, until as many
painters are there as before, until its job is painted on, until the small one is done; and what the small one takes
undisturbed.
"""

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

PATIENCE = 600.0


class Studio:
    """A server on a folder."""

    def __init__(self, folder: Path, lease: float, painters: int) -> None:
        self.database, self.log = folder / "studio.db", folder / "log"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        given = {
            "DATA_DIR": folder, "LEASE_SECONDS": lease, "PAINTERS": painters, "PAINTER_THREADS": 1, "SKETCHES": "false",
            "JOBS_PER_HOUR": 10**6, "MIN_FREE": 0,
        }  # fmt: skip
        with self.log.open("wb") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "impasto", "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=log,
                env=plain | {f"IMPASTO_{name}": str(value) for name, value in given.items()},
            )  # fmt: skip
        assert self.server.stdout is not None
        self.client = httpx.Client(base_url=self.server.stdout.readline().decode().strip(), timeout=60)

    def ask(self, photo: bytes, size: int, quality: str) -> str:
        """Ask for a painting; its token."""
        answer = self.client.post(
            "/api/paintings", files={"photo": ("photo.png", photo)}, data={"size": size, "quality": quality}
        )
        return str(answer.raise_for_status().json()["token"])

    def row(self, token: str) -> tuple[str, int, int]:
        """State, attempt and step of a job."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            state, attempt, progress = connection.execute(
                "select state, attempt, progress from jobs where token = ?", (token,)
            ).fetchone()
        return state, attempt, (json.loads(progress) if progress else {"step": 0})["step"]

    def painters(self) -> list[psutil.Process]:
        """The processes that paint, and have started to listen to the scheduler."""
        return [child for child in psutil.Process(self.server.pid).children() if paints(child)]


def paints(process: psutil.Process) -> bool:
    """Whether a process is a painter that has started."""
    with suppress(psutil.Error):  # it ends just now
        listens = any(link.status == "LISTEN" for link in process.net_connections("inet"))
        return "spawn_main" in " ".join(process.cmdline()) and listens
    return False


def until(true: Callable[[], Any]) -> float:
    """Wait until something is true; the time then."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise SystemExit("in vain")
        time.sleep(0.05)
    return time.monotonic()


def used(process: psutil.Process) -> float:
    """Seconds that a process has computed for."""
    times = process.cpu_times()
    return float(times.user + times.system)


def busiest(studio: Studio) -> psutil.Process:
    """The painter that computes most within a second."""
    before = {painter: used(painter) for painter in studio.painters()}
    time.sleep(1)
    return max(before, key=lambda painter: used(painter) - before[painter])


def trial(studio: Studio, photo: bytes, idle: bool) -> list[float]:
    """Seconds from the stop until the process is gone, it is replaced, its job painted on, and the small one done."""
    count = len(studio.painters())
    long = "" if idle else studio.ask(photo, 128, "standard")
    if long:
        until(lambda: studio.row(long)[2] >= 2)
    hung = studio.painters()[0] if idle else busiest(studio)
    hung.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    small = studio.ask(photo, 64, "draft")
    gone = replaced = done = 0.0
    painted_on = 0.0 if long else began
    while not (replaced and done and painted_on):
        if not gone and not (hung.is_running() and hung.status() != psutil.STATUS_ZOMBIE):
            gone = time.monotonic()
        if gone and not replaced and len(studio.painters()) == count:
            replaced = time.monotonic()
        if not done and studio.row(small)[0] == "done":
            done = time.monotonic()
        if not painted_on and (row := studio.row(long))[1] > 1 and row[0] != "waiting" and row[2] >= 2:
            painted_on = time.monotonic()
        time.sleep(0.05)
    if long:
        until(lambda: studio.row(long)[0] == "done")
    return [gone - began, replaced - began, painted_on - began, done - began]


def main() -> None:
    """Start the studio, stop painters, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--lease", type=float, default=30)
    parser.add_argument("--painters", type=int, default=2)
    parser.add_argument("--trials", type=int, default=3)
    asked = parser.parse_args()
    photo = asked.photo.read_bytes()
    with tempfile.TemporaryDirectory(prefix="hang-") as folder:
        studio = Studio(Path(folder), asked.lease, asked.painters)
        try:
            first = studio.ask(photo, 64, "draft")
            until(lambda: studio.row(first)[0] == "done")
            began = time.monotonic()
            alone = studio.ask(photo, 64, "draft")
            print(f"undisturbed, a small one takes {until(lambda: studio.row(alone)[0] == 'done') - began:.0f} s")
            print("| stopped | process gone | replaced | its job painted on | a small one done |")
            print("|---|---|---|---|---|")
            for number in range(2 * asked.trials):
                idle = number % 2 == 1
                until(lambda: len(studio.painters()) == asked.painters)
                cells = [f"{took:.0f} s ({took / asked.lease:.1f})" for took in trial(studio, photo, idle)]
                print(f"| {'idle' if idle else 'painting'} | {' | '.join(cells)} |", flush=True)
        finally:
            studio.server.terminate()
            studio.server.wait(60)


if __name__ == "__main__":
    main()
