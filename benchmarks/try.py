"""All styles on one photo: the sheet of `impasto try`, and the studio's cards, also while paintings are under way.

    python benchmarks/try.py PHOTO [--cards 18] [--beside 120]

The sheet is the whole command, from its start to the file, beside as many commands as there are house styles that each
paint one picture of the same size; of those only three are run, and their mean is taken that many times. Then a studio
is started, and asked for so many cards, one after the other, as the page does it. At last two people each have a photo
painted (`fine`, 1024 px), and for the seconds after --beside cards are asked for again, each as soon as the studio says
that it may be. Prints seconds; the share is what the cards took of that time. Run it on an idle machine.
"""

import argparse
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import mean, median

import httpx

from impasto.styles import HOUSE_STYLES

IMPASTO = [sys.executable, "-m", "impasto"]
SIZE, SINGLE = 256, 3


def seconds_of(*arguments: str) -> float:
    """How long a command of Impasto takes."""
    began = time.perf_counter()
    subprocess.run([*IMPASTO, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def sheet(photo: Path, folder: Path) -> None:
    """The sheet beside single paintings."""
    names = list(HOUSE_STYLES)
    seconds_of("styles", "--sheet", str(folder / "styles.png"))  # the house styles are made once, and kept
    whole = seconds_of("try", str(photo), "-o", str(folder / "sheet.png"))
    asked = ["--size", str(SIZE), "--quality", "draft"]
    single = mean(
        seconds_of("paint", str(photo), "--style", name, *asked, "-o", str(folder / f"{name}.png"))
        for name in names[:SINGLE]
    )
    print("| | seconds | |\n|---|---|---|")
    print(f"| the sheet, {len(names)} styles at {SIZE} px | {whole:.1f} | |")
    print(
        f"| one painting of that size | {single:.1f} | × {len(names)} = {single * len(names) / whole:.1f} × the sheet |"
    )


def cards(client: httpx.Client, photo: Path, names: Iterable[str]) -> Iterable[float]:
    """Seconds of each card; one that the studio puts off is asked for again when it says."""
    for name in names:
        while True:
            began = time.perf_counter()
            answer = client.post("/api/sketches", data={"style": name}, files={"photo": photo.read_bytes()})
            if answer.status_code == httpx.codes.OK:
                break
            time.sleep(float(answer.headers["retry-after"]))
        yield time.perf_counter() - began


def studio(photo: Path, folder: Path, count: int, beside: float) -> None:
    """Cards of a studio that has nothing to paint, and of one that has."""
    server = subprocess.Popen(
        [*IMPASTO, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "IMPASTO_DATA_DIR": str(folder)},
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = next(found for line in server.stdout if (found := re.search(r"http://\S+:\d+", line)))
        names = itertools.cycle(HOUSE_STYLES)
        with httpx.Client(base_url=address[0], timeout=300) as client:
            first, *others = cards(client, photo, itertools.islice(names, count))
            print(f"| the studio's first card | {first:.1f} | |")
            print(f"| each of {len(others)} more | {median(others):.1f} | {min(others):.1f} to {max(others):.1f} |")
            for number in range(2):
                data = {"style": "night", "quality": "fine", "size": "1024"}
                answer = client.post("/api/paintings", data=data, files={"photo": photo.read_bytes()})
                assert answer.is_success, (number, answer.text)
            began, taken = time.perf_counter(), []
            for each in cards(client, photo, names):
                taken.append(each)
                if (passed := time.perf_counter() - began) > beside:
                    break
            share = sum(taken) / passed
            print(f"| each of {len(taken)} beside two paintings | {median(taken):.1f} | {share:.0%} of the time |")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--cards", type=int, default=len(HOUSE_STYLES))
    parser.add_argument("--beside", type=float, default=120)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sheet(asked.photo, Path(folder))
        studio(asked.photo, Path(folder), asked.cards, asked.beside)


if __name__ == "__main__":
    main()
