"""How soon the studio answers while its painters use every core.

    python benchmarks/studio.py PHOTO [--clients 50] [--watchers 200] [--waiting 300] [--seconds 60] [--pause 0]

`impasto serve` as a process in a folder of its own, with jobs that wait and one that is being painted at 1024 px.
Watchers hold the event stream of that one; each client asks for pages and the API by turns, the next when one is
answered and a pause is over. The clients' own process takes its part of the same cores. Prints the answers a second,
their times by what was asked, and how many events each watcher got.
"""

import argparse
import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import quantiles

from PIL import Image

from impasto import images
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import queue
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files

SIZE = 1024


def fill(configuration: Configuration, photo: Path, waiting: int) -> str:
    """Jobs that wait, each of another person; gives the token of the one that is painted first."""
    database, files = Database(configuration.database), Files(configuration.files)
    database.migrate()
    kept = Image.fromarray(images.read(photo).pixels)
    kept.thumbnail((SIZE, SIZE))
    pixels = images.encode(images.read(kept).pixels, "png")
    tokens = []
    with database.session() as session:
        for number in range(waiting + 1):
            job = queue.submit(
                session, settings={"quality": "fine", "size": SIZE},
                styles=[{"name": "night", "weight": 1.0, "file": None}], width=kept.width, height=kept.height,
                email=None, submitter=f"person {number}", owner=None, now=time.time(), keep_days=1,
                max_waiting=waiting + 1,
            )  # fmt: skip
            files.write(job.id, "photo.png", pixels)
            tokens.append(job.token)
    database.close()
    return tokens[0]


class Connection:
    """HTTP/1.1 on one connection, kept open: as little work as can be, for it is the server that is measured."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str) -> tuple[int, asyncio.StreamReader, int | None]:
        """Ask for a path; gives the status, the stream at the body's start, and the body's length."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        return int(head.split()[1]), reader, int(length[1]) if length else None

    async def get(self, path: str) -> int:
        """Ask for a path and read all of it; gives the status."""
        status, reader, length = await self.ask(path)
        if length is None:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        else:
            await reader.readexactly(length)
        return status


async def client(
    port: int, paths: list[str], first: int, until: float, pause: float, times: dict[str, list[float]]
) -> None:
    """Ask for one path after the other."""
    connection = Connection(port)
    for path in itertools.islice(itertools.cycle(paths), first, None):
        began = time.perf_counter()
        if began > until:
            return
        status = await connection.get(path)
        times[path].append(time.perf_counter() - began)
        assert status == 200, (status, path)
        if pause:
            await asyncio.sleep(pause)


async def watcher(port: int, path: str, until: float, there: asyncio.Semaphore, events: list[int]) -> None:
    """Read a stream of events; `there` is released with the first."""
    connection = Connection(port)  # closed when nobody holds it
    status, reader, _ = await connection.ask(path)
    assert status == 200
    seen = 0
    while (left := until - time.perf_counter()) > 0:
        try:
            line = await asyncio.wait_for(reader.readline(), left)
        except TimeoutError:
            break
        if line.startswith(b"data:"):
            seen += 1
            if seen == 1:
                there.release()
    events.append(seen)


async def until_painting(port: int, path: str) -> None:
    """Wait until the painter has begun."""
    connection = Connection(port)
    for _ in range(1200):
        _, reader, length = await connection.ask(path)
        if b'"painting"' in await reader.readexactly(length or 0):
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the painter did not begin within two minutes")


async def measure(port: int, token: str, clients: int, watchers: int, seconds: float, pause: float) -> None:
    """Ask, watch, and print."""
    await until_painting(port, f"/api/paintings/{token}")
    estimate = "/api/estimate?quality=standard&width=800&height=600"
    paths = ["/", f"/p/{token}", f"/api/paintings/{token}", "/api/styles", estimate, "/learn"]
    until = time.perf_counter() + seconds + 5
    times: dict[str, list[float]] = defaultdict(list)
    events: list[int] = []
    there = asyncio.Semaphore(0)
    stream = f"/api/paintings/{token}/events"
    watching = asyncio.gather(*(watcher(port, stream, until, there, events) for _ in range(watchers)))
    for _ in range(watchers):
        await there.acquire()
    until = time.perf_counter() + seconds
    await asyncio.gather(*(client(port, paths, number, until, pause, times) for number in range(clients)))
    await watching
    everything = sorted(itertools.chain.from_iterable(times.values()))
    print(f"{clients} clients, {watchers} watchers: {len(everything) / seconds:.0f} answers a second")
    print("| asked for | median | 99 % within |\n|---|---|---|")
    for path, took in [*times.items(), ("all", everything)]:
        percent = quantiles(took, n=100)
        name = path.replace(token, "TOKEN").partition("?")[0]
        print(f"| {name} | {percent[49] * 1000:.0f} ms | {percent[98] * 1000:.0f} ms |")
    within = sum(took < 0.15 for took in everything) / len(everything)
    print(f"{within:.2%} in under 150 ms; events a watcher: {min(events)} to {max(events)}")


def main() -> None:
    """Start the studio, measure, and stop it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--watchers", type=int, default=200)
    parser.add_argument("--waiting", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        configuration = Configuration(data_dir=Path(folder))
        token = fill(configuration, asked.photo, asked.waiting)
        server = subprocess.Popen(
            [sys.executable, "-m", "impasto", "serve", "--port", "0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={**os.environ, "IMPASTO_DATA_DIR": folder},
        )  # fmt: skip
        try:
            assert server.stdout is not None
            address = next(found for line in server.stdout if (found := re.search(r"http://\S+:(\d+)", line)))
            asyncio.run(measure(int(address[1]), token, asked.clients, asked.watchers, asked.seconds, asked.pause))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


if __name__ == "__main__":
    main()
