"""One painting over several processes: beside threads, and where the network binds.

    python benchmarks/spread.py [--size 1024] [--steps 3] [--rounds 3]

Paints the cat in the house style `night`, with 2 processes of 1 thread and with 1 process of 2 threads in turn, and
prints of each the seconds of a step, the fastest of all, and its processor time; then what part of a step the
optimiser takes, which all processes do alike, and the bytes that are exchanged. From these figures it computes for
numbers of hosts, canvases and networks how much of a step the exchange takes. It sends whole vectors in a ring at the
network's full speed: what is measured on a real network will be more.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import Any

CAT = Path(__file__).parent.parent / "examples" / "cat.jpg"
HOSTS, MEGAPIXELS, GIGABITS = (4, 16, 64), (12, 100, 1000), (1, 10, 100)
# Seconds that an evaluation with its gradient takes for a megapixel on an H100 in bfloat16; see "A GPU" in the README.
H100 = None
# Of a tile: its side, and what it reads beyond its core on each side.
TILE, MARGIN = 1000, 70


def paint(size: int, steps: int) -> None:
    """In a process: paint, and print what it took."""
    import torch.distributed as dist

    from impasto import images
    from impasto.painter import Painter, Recipe, Settings, Style, processes
    from impasto.painter.optimizers import LBFGS
    from impasto.painter.schedule import Scale
    from impasto.painter.sharing import ALONE
    from impasto.styles.library import find

    if os.environ.get("RANK", "0") != "0":
        sys.exit(processes.help_out(lambda: None, print))
    share = processes.lead() if "RANK" in os.environ else ALONE
    photo = images.read(CAT)
    scale = Scale(size, round(size / photo.width * photo.height), steps)
    settings = Settings(size=size, dtype="float32", threads=1 if "RANK" in os.environ else 2)
    recipe = Recipe(photo, (Style(find("night")),), settings)
    run = Painter(recipe, scales=[scale], share=share).start()
    next(run)
    spent: Counter[str] = Counter()
    count(spent, LBFGS, "_direction", "optimizer")
    for name in ("all_reduce", "broadcast", "all_gather"):
        count(spent, dist, name, "exchange")
    began, processor = time.perf_counter(), time.process_time()
    for _ in run:
        pass
    spent |= {"wall": time.perf_counter() - began, "processor": time.process_time() - processor}
    print(json.dumps({name: value / (steps - 1) for name, value in spent.items()} | {"pixels": scale.pixels}))
    if isinstance(share, processes.Processes):
        share.leave()


def count(spent: "Counter[str]", owner: Any, name: str, what: str) -> None:
    """Count the seconds of a function, and the bytes of the tensors that it gets first."""
    function = getattr(owner, name)

    def counted(first: Any, *others: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(first, *others, **more)
        finally:
            spent[what] += time.perf_counter() - began
            if what == "exchange":
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


def model(evaluation: float, optimizer: float, per_pixel: float, fixed: float) -> None:
    """Print how much of a step is exchange.

    Args:
        evaluation: seconds for a megapixel, on one host.
        optimizer: the same, on each host.
        per_pixel: bytes that all hosts add up, for a pixel.
        fixed: the same, whatever the canvas.
    """
    print("| hosts | MP | " + " | ".join(f"{gigabits} Gbit/s" for gigabits in GIGABITS) + " | speed-up at the last |")
    print("|---|---|" + "---|" * (len(GIGABITS) + 1))
    for hosts in HOSTS:
        for megapixels in MEGAPIXELS:
            pixels = megapixels * 1e6
            side = min(TILE, (pixels / hosts) ** 0.5)
            work = evaluation * megapixels * ((side + 2 * MARGIN) / side) ** 2 / hosts + optimizer * megapixels
            moved = 2 * (hosts - 1) / hosts * (per_pixel * pixels + fixed)
            exchanges = [8 * moved / (gigabits * 1e9) for gigabits in GIGABITS]
            cells = [f"{exchange:.3g} s, {exchange / (exchange + work):.0%}" for exchange in exchanges]
            alone = (evaluation + optimizer) * megapixels
            print(f"| {hosts} | {megapixels} | {' | '.join(cells)} | {alone / (work + exchanges[-1]):.1f} |")


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
    one, two = (min(results, key=lambda result: result["wall"]) for results in found.values())
    megapixels = one["pixels"] / 1e6
    print(f"speed of 2 × 1 beside 1 × 2: {one['wall'] / two['wall']:.2f}")
    print(f"processor time of 1 × 2 beside 2 × 1: {one['processor'] / (2 * two['processor']):.2f}")
    evaluation = (one["wall"] - one["optimizer"]) / megapixels
    per_pixel = 16.0
    model(evaluation, one["optimizer"] / megapixels, per_pixel, two["bytes"] - per_pixel * one["pixels"])


if __name__ == "__main__":
    main()
