"""The figures of classification: the slide's loop beside the fast recipe, accuracies, pictures a second.

    python benchmarks/classify.py speed              images a second: the slide's loop and --recipe fast, in one run
    python benchmarks/classify.py accuracy           the accuracies, each by a command; takes 17 minutes
    python benchmarks/classify.py folder             10,000 pictures in a folder through `classify`

The slide's loop is timed twice as it stands there: with a DataLoader's defaults, and with the two workers of the
tutorial that the slide abridges.
"""

import argparse
import subprocess
import sys
import tempfile
import time

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from impasto.classify import datasets
from impasto.classify.model import untrained
from impasto.classify.training import Pictures, Training
from impasto.classify.training_run import TrainingSettings

RUNS = {
    "the slide's defaults": ("--model", "classifier"),
    "the slide's network, fast, a minute": ("--model", "classifier", "--recipe", "fast", "--epochs", "6"),
    "the slide's network, fast, four minutes": ("--model", "classifier", "--recipe", "fast", "--epochs", "24"),
    "the modern network, fast": ("--model", "modern", "--recipe", "fast", "--epochs", "6", "--lr", "0.2"),
}


def slide(workers: int, pictures: int) -> float:
    """Images a second of the slide's loop, written out."""
    images = datasets.load("fashion-mnist", "train")
    model = untrained("classifier", images)
    net, criterion = model.network.train(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    loader = DataLoader(Pictures(images, model.card.normalisation), batch_size=4, shuffle=True, num_workers=workers)
    started = None
    for i, (inputs, labels) in enumerate(loader):
        if i == 50:  # what starts up does not count
            started = time.perf_counter()
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        if started is not None and (i - 49) * 4 >= pictures:
            return pictures / (time.perf_counter() - started)
    raise RuntimeError("too few pictures")


def fast(batch_size: int, pictures: int) -> float:
    """Images a second of the fast recipe."""
    images = datasets.load("fashion-mnist", "train")
    training = Training(untrained("classifier", images), images, TrainingSettings("fast", 3, batch_size, 0.05))
    first = last = None
    for report in training:
        if report.batch == 5 and report.epoch == 1:
            first = report
        last = report
        if (report.batch - 5) * batch_size >= pictures:
            break
    assert first is not None
    assert last is not None
    return (last.batch - first.batch) * batch_size / (last.seconds - first.seconds)


def speed() -> None:
    """Turn about, so that a change of the machine's pace is seen."""
    for _ in range(2):
        base = slide(0, 6000)
        workers = slide(2, 4000)
        quick = fast(128, 50_000)
        print(
            f"the slide's loop {base:,.0f} images a second, with two workers {workers:,.0f}; "
            f"fast {quick:,.0f}: {quick / base:.1f} and {quick / workers:.1f} times",
            flush=True,
        )


def accuracy() -> None:
    """Each as a command, with what it says of its time and accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        for name, options in RUNS.items():
            command = [sys.executable, "-m", "impasto", "train", "--data", "fashion-mnist", *options]
            done = subprocess.run([*command, "-o", f"{folder}/m"], capture_output=True, text=True, check=True)
            print(f"{name}: {done.stdout.splitlines()[-1]}; {done.stderr.splitlines()[-1]}", flush=True)


def folder() -> None:
    """The time of the command, less that of the command on one picture."""
    images = datasets.load("fashion-mnist", "test")
    with tempfile.TemporaryDirectory() as place:
        for number, pixels in enumerate(images.pixels[:, 0]):
            Image.fromarray(pixels[2:30, 2:30].numpy()).save(f"{place}/{number:05}.png")
        command = [sys.executable, "-m", "impasto", "classify"]
        seconds = []
        for source in (f"{place}/00000.png", place):
            started = time.perf_counter()
            subprocess.run([*command, source], stdout=subprocess.DEVNULL, check=True)
            seconds.append(time.perf_counter() - started)
        rate = (len(images) - 1) / (seconds[1] - seconds[0])
        print(f"{rate:,.0f} images a second after a start of {seconds[0]:.1f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "accuracy", "folder"))
    asked = parser.parse_args().what
    {"speed": speed, "accuracy": accuracy, "folder": folder}[asked]()
