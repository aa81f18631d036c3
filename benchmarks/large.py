"""A large canvas as a process: its peak memory, its time, and where that went.

    python benchmarks/large.py PHOTO [--style night] [--size 4032] [--memory 4G] [--quality standard] [-o PAINTING]
    python benchmarks/large.py PHOTO --size 11600 --memory 8G --steps 3

Peak memory is the largest RssAnon + RssShmem of `impasto paint`, sampled ten times a second from /proc: what pages of
files take is not in it, for the system takes it back when it needs it. Prints when each scale was
done, and the peak and the time of the whole. With `--steps`, the painting is begun at its last scale, and has so many.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

# What `impasto paint` does, but at the last scale alone.
LAST = """
import sys
from pathlib import Path
from impasto import images
from impasto.painter import Painter, Recipe, Settings, Style
from impasto.painter.schedule import Scale, canvas_size
from impasto.styles.library import find
photo, out, style, size, memory, quality, steps = sys.argv[1:]
photo = images.read(photo)
width, height = canvas_size(photo.width, photo.height, int(size))
settings = Settings(size=int(size), memory=int(memory[:-1]) * 10**9, quality=quality)
last = [Scale(width, height, int(steps))]
recipe = Recipe(photo, (Style(find(style)),), settings)
run = Painter(recipe, scales=last, checkpoint=Path(out + ".checkpoint")).start()
for step in run:
    print(f"step {step.step}, objective {step.objective:.4g}", file=sys.stderr, flush=True)
run.painting().save(out)
run.forget_checkpoint()
"""


def held(process: int) -> float:
    """RssAnon + RssShmem of a process, in GB; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return sum(int(kilobytes) for kilobytes in re.findall(r"Rss(?:Anon|Shmem):\s+(\d+)", status)) * 1024 / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo")
    parser.add_argument("--style", default="night")
    parser.add_argument("--size", default="4032")
    parser.add_argument("--memory", default="4G")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--steps")
    parser.add_argument("-o", "--out")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:  # not in a folder that may itself be in memory
        out = asked.out or f"{folder}/painting.jpg"
        options = {"--style": asked.style, "--size": asked.size, "--memory": asked.memory, "--quality": asked.quality}
        command = [sys.executable, "-m", "impasto", "paint", asked.photo, "-o", out]
        command += [part for option in options.items() for part in option]
        if asked.steps:
            command = [sys.executable, "-c", LAST, asked.photo, out, *options.values(), asked.steps]
        began = time.perf_counter()
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        peaks = [0.0]

        def sample() -> None:
            while process.poll() is None:
                peaks.append(held(process.pid))
                time.sleep(0.1)

        sampler = threading.Thread(target=sample)
        sampler.start()
        assert process.stderr is not None
        for line in process.stderr:
            print(f"{time.perf_counter() - began:7.1f} s, peak {max(peaks):.2f} GB: {line.strip()}", flush=True)
        sampler.join()
        seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"it ended with {process.returncode} after {seconds:.0f} s, at {max(peaks):.2f} GB")
    print(
        f"| {asked.size} px, {asked.quality}, --memory {asked.memory} | {max(peaks):.2f} GB | {seconds / 60:.1f} min |"
    )


if __name__ == "__main__":
    main()
