"""One painting over several processes: beside threads, and where the network binds.

    python benchmarks/spread.py [--size 1024] [--steps 3] [--rounds 3]

Paints the cat in the house style `night`, with 2 processes of 1 thread and with 1 process of 2 threads in turn, and
prints what a step takes of each: seconds, processor seconds of a process, seconds in exchanges, bytes added up.
Then it measures a direction of L-BFGS with 16 remembered steps, which every process computes for the whole canvas. From
the runs with the least processor time it computes for numbers of hosts, canvases and networks how long a step takes and
how much of that is exchange. It takes hosts for this machine, or for ones with an H200 (`benchmarks/gpu.py`), and the
exchange for a ring at the network's full speed: a real network will be slower.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import Any

CAT = Path(__file__).parent.parent / "examples" / "cat.jpg"
HOSTS, MEGAPIXELS, GIGABITS = (4, 16, 64), (12, 100, 1000), (1, 10, 100)
# Of an H200: seconds for a megapixel of an evaluation with its gradient, measured by benchmarks/gpu.py, and of a
# direction, computed: 16 remembered steps are 96 vectors of 16 MB to read or write, at 4 TB/s.
H200 = 0.0052, 0.0004
# What a tile reads beyond its core on each side; and the pixels that a host evaluates in a single pass.
MARGIN, AT_ONCE = 70, 4e6
REMEMBERED = 16


def paint(size: int, steps: int) -> None:
    """In a process: paint, and print what it took."""
    import torch.distributed as dist

    from impasto import images
    from impasto.painter import Painter, Recipe, Settings, Style, joining, processes
    from impasto.painter.schedule import Scale
    from impasto.painter.sharing import ALONE
    from impasto.styles.library import find

    if os.environ.get("RANK", "0") != "0":
        sys.exit(joining.help_out(lambda: None, print))
    share = joining.lead() if "RANK" in os.environ else ALONE
    photo = images.read(CAT)
    scale = Scale(size, round(size / photo.width * photo.height), steps)
    settings = Settings(size=size, dtype="float32", threads=1 if "RANK" in os.environ else 2)
    recipe = Recipe(photo, (Style(find("night")),), settings)
    run = Painter(recipe, scales=[scale], share=share).start()
    next(run)
    spent: defaultdict[str, float] = defaultdict(float)
    for name in ("all_reduce", "broadcast", "all_gather"):
        count(spent, dist, name)
    began, processor = time.perf_counter(), time.process_time()
    for _ in islice(run, steps - 2):  # the last step computes no gradient
        pass
    spent |= {"wall": time.perf_counter() - began, "processor": time.process_time() - processor}
    print(json.dumps({name: value / (steps - 2) for name, value in spent.items()} | {"pixels": scale.pixels}))
    if isinstance(share, processes.Processes):
        share.leave()


def count(spent: "defaultdict[str, float]", owner: Any, name: str) -> None:
    """Count the seconds of a function, and the bytes of the tensors that it gets first."""
    function = getattr(owner, name)

    def counted(first: Any, *others: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(first, *others, **more)
        finally:
            spent["exchange"] += time.perf_counter() - began
            spent["bytes"] += sum(each.nbytes for each in (first if isinstance(first, list) else [first]))

    setattr(owner, name, counted)


def measured(processes: int, size: int, steps: int) -> dict[str, float]:
    """What a step takes with so many processes."""
    torchrun = [Path(sysconfig.get_path("scripts")) / "torchrun", "--nproc-per-node", str(processes)]
    command = [*(torchrun if processes > 1 else [sys.executable]), __file__, "--paint"]
    asked = ["--size", str(size), "--steps", str(steps)]
    threads = {"OMP_NUM_THREADS": "1" if processes > 1 else "2"}
    done = subprocess.run([*command, *asked], env={**os.environ, **threads}, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return found


def direction(megapixels: float) -> float:
    """Seconds of a direction of L-BFGS, for a megapixel."""
    import torch

    from impasto.painter.optimizers import LBFGS, State
    from impasto.painter.scratch import in_memory

    torch.set_num_threads(2)
    names = [f"{kind}-{i}" for kind in ("step", "change") for i in range(REMEMBERED)]
    vectors = {name: torch.randn(int(4e6 * megapixels)) for name in names}
    optimizer = LBFGS()
    optimizer.load(State({"pairs": [[str(i), 1.0] for i in range(REMEMBERED)]}, vectors))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        optimizer._direction(vectors["step-0"], in_memory)
        times.append(time.perf_counter() - began)
    return min(times) / megapixels


def model(evaluation: float, optimizer: float, fixed: float) -> None:
    """Print how long a step takes, and how much of it is exchange.

    Args:
        evaluation: seconds for a megapixel, on one host.
        optimizer: the same, on each host.
        fixed: bytes that all hosts add up beside the 16 for each pixel.
    """
    print(f"| hosts | MP | {' | '.join(f'{gigabits} Gbit/s' for gigabits in GIGABITS)} |")
    print("|---|---|" + "---|" * len(GIGABITS))
    for megapixels in MEGAPIXELS:
        for hosts in (1, *HOSTS):
            share = megapixels * 1e6 / hosts
            margins = ((min(share, AT_ONCE) ** 0.5 + 2 * MARGIN) / min(share, AT_ONCE) ** 0.5) ** 2
            passes = 1 if share <= AT_ONCE else 4 / 3  # forwards once more
            work = evaluation * share / 1e6 * margins * passes + optimizer * megapixels
            moved = 2 * (hosts - 1) / hosts * (16e6 * megapixels + fixed)
            steps = [(work, 8 * moved / (gigabits * 1e9)) for gigabits in GIGABITS]
            cells = [f"{computes + sends:.3g} s ({sends / (computes + sends):.0%})" for computes, sends in steps]
            print(f"| {hosts} | {megapixels} | {' | '.join(cells)} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paint", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.paint:
        paint(asked.size, asked.steps)
        return
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(asked.rounds):
        for processes, results in found.items():
            results.append(measured(processes, asked.size, asked.steps))
            print(processes, {name: round(value, 3) for name, value in results[-1].items()}, flush=True)
    # Others may use the machine: the processor time says what two cores of their own would take.
    one, two = (min(results, key=lambda result: result["processor"]) for results in found.values())
    megapixels, alone = one["pixels"] / 1e6, one["processor"] / 2
    print(f"speed of 2 × 1 beside 1 × 2, by processor time: {alone / two['processor']:.2f}")
    optimizer = direction(megapixels)
    print(f"a direction: {optimizer:.3f} s a megapixel; an evaluation: {alone / megapixels:.2f} s a megapixel")
    fixed = two["bytes"] - 16 * one["pixels"]
    for evaluates, directs in ((alone / megapixels, optimizer), H200):
        model(evaluates, directs, fixed)


if __name__ == "__main__":
    main()
