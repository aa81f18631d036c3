"""The studio while its processes are killed and stopped, and its links cut, at random moments.

    python benchmarks/chaos.py PHOTO [--trials 50] [--seed 0] [--only VICTIM]
        [--hosts] [--link] [--store] [--database URL]

`impasto serve` as it comes: SQLite, one painter, in a folder of its own; and a mail server, which is a process too.
With --hosts the painters are those of two processes of `impasto worker`, behind an `impasto scheduler`. With --link the
first of them is on a host of its own, a network namespace, with TLS between them; that takes Linux and root. With
--store pictures are in moto's S3. The jobs can be in PostgreSQL, as postgresql+psycopg://NAME@/NAME?host=FOLDER, in a
database that is empty; where it is reached at 10.199.77.1, the link to it is cut with the others.

In each trial six people ask for a small painting and a mail, by HTTP, and again where they get no answer. At a random
moment of the first 80 % of the time that this takes undisturbed, one process is killed (SIGKILL), or stopped for up to
two and a half leases (SIGSTOP, then SIGCONT), or a link is cut for as long (CUT):

  server          with web pages, engine, Dask's scheduler and post; killed, it is started again on the same folder
  painter         the process that paints
  decoder         the process that reads one upload, and its parent, which forks it
  mail server     killed, it is started again on the same port
  scheduler, worker   with --hosts alone; killed, they are started again, as a service manager would
  database        with PostgreSQL alone: a process of it that serves a connection; killed, PostgreSQL ends all of them
                  and recovers
  store           with --store alone: the door to it. Nobody reaches the store, which loses nothing
  link            with --link alone: between the first worker and all others

A trial ends when every job in the database has ended and a mail for each was accepted. Printed by victim: jobs whose
mail was still to come at the blow, jobs that were lost (not done, or no mail within five minutes), that were painted
twice to the end (by the painters' log), whose mail came twice, requests that were refused as if the file were at fault,
and the longest time from the blow to the end.
"""

import argparse
import io
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from PIL import Image
from studio_parts import LEASE, LOST, Studio, until

JOBS, ADDRESS = 6, "anna@example.org"
# Pixels of the uploads' long side, so that they take a while to read.
SIDE = 3000
# Until when the blow falls, of the time that a trial takes undisturbed.
LATEST = 0.8
ENDED = ("done", "failed", "cancelled")
ALONE = "server", "painter", "decoder", "decoder's parent", "mail server"
HOSTS = "server", "painter", "scheduler", "worker", "mail server"
SIGNALS, CUT = ("SIGKILL", "SIGSTOP"), "CUT"


@dataclass
class Trial:
    """What became of one."""

    victim: str
    blow: str
    tokens: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    in_flight: int = 0
    seconds: float = 0.0


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
    ask(studio, photo, Trial("", ""))
    found = until(lambda: [path for path in studio.mails() if "confirm" in path], 60)
    studio.client.post(found[0]).raise_for_status()
    until(lambda: settled(studio), LOST)


def strike(studio: Studio, trial: Trial, before: set[str], pause: float, hold: float) -> None:
    """Kill or stop a process, or cut a link, after a pause; a process that is not there yet, as soon as it is."""
    time.sleep(pause)
    if trial.blow == CUT:
        trial.in_flight = in_flight(studio, before)
        assert studio.link is not None
        studio.link.set("down")
        time.sleep(hold)
        studio.link.set("up")
        return
    found = until(lambda: _alive(studio, trial.victim), 20, 0.002)
    if not found:
        raise SystemExit(f"no {trial.victim} was there to be hit")
    hit = found[0]
    trial.in_flight = in_flight(studio, before)
    with suppress(psutil.NoSuchProcess):
        hit.send_signal(signal.Signals[trial.blow])
    if trial.blow == "SIGSTOP":
        time.sleep(hold)
        with suppress(psutil.NoSuchProcess):
            hit.send_signal(signal.SIGCONT)
    else:
        studio.again(trial.victim)


def in_flight(studio: Studio, before: set[str]) -> int:
    """How many of a trial's jobs have no mail yet."""
    mails = studio.mails()
    return JOBS - sum(mails[f"/p/{token}"] > 0 for token in set(studio.rows()) - before)


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


def attempt(studio: Studio, photo: bytes, blow: tuple[str, str], dice: random.Random, span: float) -> Trial:
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
            people.submit(ask, studio, photo, Trial("", ""))
    until(lambda: settled(studio), LOST)
    return time.monotonic() - began


def say(number: int, trial: Trial) -> None:
    """Tell of one as it ends."""
    name = f"{trial.victim} {trial.blow}"
    print(f"{number} {name}: {trial.in_flight} in flight, {trial.seconds:.1f} s", file=sys.stderr, flush=True)


def report(studio: Studio, trials: list[Trial]) -> None:
    """Print the table."""
    rows, mails, done = studio.rows(), studio.mails(), studio.done()
    print("| victim | | trials | jobs | in flight | lost | painted twice | mailed twice | refused | longest delay |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for victim, blow in dict.fromkeys((trial.victim, trial.blow) for trial in trials):
        some = [trial for trial in trials if (trial.victim, trial.blow) == (victim, blow)]
        tokens = {token for trial in some for token in trial.tokens}
        lost = [token for token in tokens if rows.get(token, (0, ""))[1] != "done" or not mails[f"/p/{token}"]]
        twice = [token for token in tokens if done[rows[token][0]] > 1]
        mailed = [token for token in tokens if mails[f"/p/{token}"] > 1]
        refused = sum(len(trial.refused) for trial in some)
        longest = f"{max(trial.seconds for trial in some):.0f} s" if some else ""
        flying = sum(trial.in_flight for trial in some)
        cells = (
            victim,
            blow,
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
    parser.add_argument("--link", action="store_true")
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--only", help="one victim alone")
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    with Image.open(asked.photo) as image:
        large = image.resize((SIDE, round(SIDE * image.height / image.width)))
    upload = io.BytesIO()
    large.save(upload, "PNG", compress_level=1)
    photo = upload.getvalue()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        hosts = asked.hosts or asked.link
        studio = Studio(Path(folder), asked.database, hosts=hosts, store=asked.store, link=asked.link)
        victims = [*(HOSTS if hosts else ALONE), *["database"] * bool(asked.database), *["store"] * asked.store]
        blows = [(victim, each) for each in SIGNALS for victim in victims] + [("link", CUT)] * asked.link
        blows = [blow for blow in blows if asked.only in (None, blow[0])]
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
