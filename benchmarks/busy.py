"""What a busy machine costs: training, reconstructions and a painting, alone and beside processes that compute.

    python benchmarks/busy.py PHOTO [--busy 2] [--rounds 3]

Runs each command as it comes, and the old way: two threads everywhere, which turn round and round while they wait. Each
is run alone, and beside as many busy processes as `--busy` says, which the benchmark starts and ends. Within a round
all four follow each other. Prints the rows of the table in benchmarks/README.md: median seconds, the start of the
program included, and the ratio of the old way to now, round by round, its median. Run it on a machine that does nothing
else.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOAD = "while True: sum(range(1_000_000))"
BY_OURSELVES = "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"
OLD = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "ACTIVE"}
WITHOUT_ONE_THREAD = (
    "import sys; import torch; torch.set_num_threads(2); from impasto.classify import threads;"
    "threads.SHARED_OUT = 0; from impasto.cli import main; main()"
)
TRAIN, RECONSTRUCT, PAINT = (
    "train --data digits --epochs 1 -o OUT.safetensors",
    "look reconstruct PHOTO --content conv4_1 -o OUT.png",
    "paint PHOTO --style night --size 256 --quality draft -o OUT.png",
)
ROWS = {
    "an epoch of digits": (TRAIN,),
    "two reconstructions at once": (RECONSTRUCT, RECONSTRUCT),
    "a painting of 256 px, `draft`": (PAINT,),
}


@contextmanager
def load(count: int) -> Iterator[None]:
    """So many processes that compute all the time."""
    busy = [subprocess.Popen([sys.executable, "-c", LOAD]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def seconds(commands: tuple[str, ...], photo: Path, old: bool) -> float:
    """Wall-clock seconds until the last of some commands, begun at once, has ended."""
    environment = {name: value for name, value in os.environ.items() if name not in BY_OURSELVES}
    with tempfile.TemporaryDirectory() as folder:
        running = []
        began = time.perf_counter()
        for number, command in enumerate(commands):
            words = [
                str(photo) if word == "PHOTO" else word.replace("OUT", f"{folder}/{number}") for word in command.split()
            ]
            program = ["-c", WITHOUT_ONE_THREAD] if old else ["-m", "impasto"]
            running.append(
                subprocess.Popen(
                    [sys.executable, *program, *words],
                    env={**environment, **(OLD if old else {})},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        codes = [process.wait() for process in running]
        took = time.perf_counter() - began
    if any(codes):
        raise SystemExit(f"a command failed: {commands[0]}")
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores; load before: {os.getloadavg()[0]:.2f}", flush=True)
    seconds((PAINT,), asked.photo, old=False)  # reads all files, and makes the style
    for name, commands in ROWS.items():
        for count in (0, asked.busy):
            pairs = []
            for _ in range(asked.rounds):
                with load(count):
                    pairs.append([seconds(commands, asked.photo, old) for old in (False, True)])
            now, before = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(old / new for new, old in pairs)
            beside = f"{count} busy processes" if count else "nothing"
            print(f"| {name} | {beside} | {now:.1f} s | {before:.1f} s | {ratio:.1f} |", flush=True)


if __name__ == "__main__":
    main()
