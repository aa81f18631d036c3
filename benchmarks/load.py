"""A long queue: how many jobs a second it gives out, how fair it is, and how soon pages answer meanwhile.

    python benchmarks/load.py [--database URL] [--jobs 10000] [--people 500] [--dispatched 2000]

No picture is painted: a dispatcher finds and claims the next jobs as the engine does, and ends each at once as a
painter would. The web half of a studio is a process beside it, on the same database. Clients, in a third process, ask
it for pages and the API, a tenth of a second after each answer. The URL is SQLAlchemy's, of an empty database, as
postgresql+psycopg://NAME@/NAME?host=FOLDER; without, it is SQLite in a folder that is removed. Who asked for how many
paintings goes by Zipf's law, and each has at least as many as are given out to each. Printed: jobs a second, Jain's
index of what each person got, and the times of the pages.
"""

import argparse
import itertools
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx
import uvicorn

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, queue
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.painters.engine import IN_TURN
from impasto.studio.web.app import create_app
from impasto.studio.web.connections import server_config

CLIENTS, PAUSE = 10, 0.1


def counts(jobs: int, people: int, least: int) -> list[int]:
    """How many jobs each person has: at least so many, and of the others ever fewer."""
    shares = [1 / (number + 1) for number in range(people)]
    others = jobs - least * people
    return [least + round(others * share / sum(shares)) for share in shares]


def fill(database: Database, jobs: int, people: int, least: int) -> str:
    """Put the jobs into the queue, in an order in which who has many comes first; gives one's token."""
    now = time.time()
    with database.session() as session:
        rows = [
            Job(
                settings={"quality": "standard", "size": 512}, styles=[{"name": "night", "weight": 1.0, "file": None}],
                width=512, height=384, email=None, submitter=f"person {person}", owner=None, photo_name="",
                confirmed=False, created=now, expires=now + 86400,
            )
            for person, count in enumerate(counts(jobs, people, least)) for _ in range(count)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        return rows[-1].token


def serve(configuration: Configuration, port: "multiprocessing.Queue[int]") -> None:
    """The web half of a studio, until it is ended."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a line for each answer
    database, files = Database(configuration.database), Files(configuration.files)
    server = uvicorn.Server(server_config(create_app(configuration, database, files), trusted_proxy=False))

    def tell() -> None:
        while not server.started:
            time.sleep(0.05)
        port.put(server.servers[0].sockets[0].getsockname()[1])

    threading.Thread(target=tell, daemon=True).start()
    server.run()


def ask(address: str, paths: list[str], over: Event, times: "multiprocessing.Queue[list[float]]") -> None:
    """Clients, until it is over: a process of their own, so that their times hold no wait for the dispatcher."""

    def client() -> list[float]:
        each = list[float]()
        with httpx.Client(base_url=address, timeout=60) as client:
            for path in itertools.cycle(paths):
                if over.is_set():
                    return each
                began = time.perf_counter()
                client.get(path).raise_for_status()
                each.append(time.perf_counter() - began)
                time.sleep(PAUSE)
        return each

    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = [clients.submit(client) for _ in range(CLIENTS)]
        times.put([seconds for each in asked for seconds in each.result()])


def dispatch(database: Database, count: int) -> tuple[float, Counter[str]]:
    """Claim and end so many jobs; gives the seconds for claims alone, and how many each person got."""
    seconds, got = 0.0, Counter[str]()
    while (left := count - got.total()) > 0:
        began = time.perf_counter()
        with database.reading() as session:
            numbers = [row[0] for row in queue.upcoming(session, IN_TURN, Job.id)][:left]
        seconds += time.perf_counter() - began
        for number in numbers:
            began = time.perf_counter()
            with database.session() as session:
                job = queue.claim(session, time.time(), 60, only=number)
            seconds += time.perf_counter() - began
            assert job is not None
            got[job.submitter] += 1
            with database.session() as session:
                assert attempts.finish(session, Attempt(job.id, job.attempt), time.time(), 1.0)
    return seconds, got


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--dispatched", type=int, default=2000)
    asked = parser.parse_args()
    least = asked.dispatched // asked.people + 1
    with tempfile.TemporaryDirectory() as folder:
        configuration = Configuration(
            data_dir=Path(folder), database_url=asked.database, max_waiting=10**6, min_free=0, sketches=False
        )
        database = Database(configuration.database)
        database.migrate()
        token = fill(database, asked.jobs, asked.people, least)
        context = multiprocessing.get_context("spawn")
        port: multiprocessing.Queue[int] = context.Queue()
        server = context.Process(target=serve, args=(configuration, port))
        server.start()
        try:
            address = f"http://127.0.0.1:{port.get(timeout=120)}"
            paths = [
                "/",
                f"/p/{token}",
                f"/api/paintings/{token}",
                "/api/estimate?quality=standard&width=512&height=384",
            ]
            for path in paths:  # what a server that has just started makes once is not what is measured
                httpx.get(address + path, timeout=60).raise_for_status()
            over, answers = context.Event(), context.Queue()
            clients = context.Process(target=ask, args=(address, paths, over, answers))
            clients.start()
            seconds, got = dispatch(database, asked.dispatched)
            over.set()
            times = answers.get(timeout=120)
            clients.join()
        finally:
            server.kill()
            server.join()
            database.close()
    each = [got[f"person {number}"] for number in range(asked.people)]
    jain = sum(each) ** 2 / (len(each) * sum(count**2 for count in each))
    percent = statistics.quantiles(times, n=100)
    print("| jobs a second | Jain's index | answers | median | 99 % within |\n|---|---|---|---|---|")
    print(
        f"| {asked.dispatched / seconds:.0f} | {jain:.4f} | {len(times)} | {percent[49] * 1000:.0f} ms "
        f"| {percent[98] * 1000:.0f} ms |"
    )


if __name__ == "__main__":
    main()
