"""One painting over several processes: it comes out the same, goes on in any number of them, and ends in one line."""

import json
import subprocess
import sys
import sysconfig
from itertools import islice
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from processes import line, ok
from torch import nn
from torch.distributed import TCPStore

from impasto import images
from impasto.networks.tiles import shared_out, tiles
from impasto.networks.vgg import VGG19
from impasto.painter import Painter, Recipe, Settings, SettingsError, Style, paint

CAT, COFFEE = (Path(__file__).parent.parent / "examples" / f"{name}.jpg" for name in ("cat", "coffee"))
# The command, which prints the objective after each step, and how many tiles the first process has. The second process
# has a clock by which it is slow, and a processor that rounds otherwise; and it is killed at a step.
SCRIPT = """
import os, signal, sys
from types import SimpleNamespace
from time import perf_counter
from impasto.cli import main
from impasto.painter import processes, run
last, step, mine, first = int(sys.argv.pop(1)), run.Run.__next__, processes.Processes.mine, os.environ["RANK"] == "0"
def counted(self):
    progress = step(self)
    if first:
        print("step", progress.objective)
    elif progress.step == last:
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        self._place.here.point.add_(0.1)
    return progress
def shared(self, tiles, point=None):
    own = mine(self, tiles, point)
    if first and point is not None:
        print("tiles", len(own), len(tiles))
    return own
run.Run.__next__, processes.Processes.mine = counted, shared
if not first:
    processes.time = SimpleNamespace(perf_counter=lambda: 100 * perf_counter())
main()
"""


@pytest.fixture(scope="module")
def smooth(tmp_path_factory):
    """A network without kinks, at which rounding would send L-BFGS another way after some steps."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 5, padding=2), nn.AvgPool2d(2), nn.Conv2d(8, 16, 3)
    path = tmp_path_factory.mktemp("network") / "smooth.pt"
    torch.save(nn.Sequential(*layers), path)
    return path


def options(*more, size=96):
    return [CAT, "--style", COFFEE, "--size", size, "--quality", "draft", "--dtype", "float32", *more, "--json"]


def painter(checkpoint=None, size=96, **more):
    """The same from Python."""
    settings = Settings(size=size, quality="draft", dtype="float32", **more)
    return Painter(Recipe(images.read(CAT), (Style(images.read(COFFEE)),), settings), checkpoint=checkpoint)


@pytest.fixture
def two(environment, run):
    """Run the command as the first of two processes; gives it, and the other one when it has ended."""

    def call(*arguments):
        store = TCPStore("127.0.0.1", 0, is_master=True)  # torchrun has one
        both = {
            "TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True",
        }  # fmt: skip
        command = [sys.executable, "-m", "impasto", *map(str, arguments)]
        second = {**environment, **both, "RANK": "1", "LOCAL_RANK": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=second) as helper:
            first = run(*arguments, **both, RANK="0", LOCAL_RANK="0")
            said = helper.communicate(timeout=60)
        return first, helper.returncode, b"".join(said)

    return call


def test_a_process_that_is_killed_ends_the_run_and_one_process_goes_on(smooth, run, environment, tmp_path):
    out, script, asked = tmp_path / "out.png", tmp_path / "script.py", options("--network", smooth)
    script.write_text(SCRIPT)
    torchrun = Path(sysconfig.get_path("scripts")) / "torchrun"
    words = ["--nproc-per-node", "2", script, "8", "paint", *asked, "-o", out]
    killed = subprocess.run([torchrun, *map(str, words)], capture_output=True, timeout=240, env=environment)
    said = [each for each in killed.stderr.decode().splitlines() if each.startswith("impasto:")]
    assert killed.returncode == 1
    assert said[-1] == (
        "impasto: one of the 2 processes has ended, after 8 steps; what there is was saved; --resume goes on with it"
    )
    assert len(said) == 2  # the other one says what is painted
    alone = list(painter(network=smooth))
    assert "tiles 2 2" in killed.stdout.decode()
    objectives = [float(each.split()[1]) for each in killed.stdout.decode().splitlines() if each.startswith("step")]
    assert objectives[0] == pytest.approx(alone[0].objective, rel=1e-5)
    assert objectives == pytest.approx([step.objective for step in alone[:8]], rel=1e-4)

    resumed = json.loads(ok(run("paint", *asked, "-o", out, "--resume")))
    assert resumed["steps"] == 9
    assert resumed["objective"] == pytest.approx(alone[-1].objective, rel=1e-4)
    assert not (tmp_path / "out.png.checkpoint").exists()


def test_two_processes_go_on_with_what_one_began_and_say_everything_once(two, tmp_path):
    alone = list(painter(size=48, pooling="avg"))
    begun = painter(tmp_path / "out.png.checkpoint", size=48, pooling="avg").start()
    for _ in islice(begun, 4):
        pass
    begun.checkpoint()
    first, code, said = two("paint", *options("--pooling", "avg", size=48), "-o", tmp_path / "out.png", "--resume")
    done = json.loads(ok(first))
    assert done["steps"] == 9
    assert [done["content"], done["style"]] == pytest.approx([*alone[-1].costs.values()], rel=0.01)
    assert (code, said) == (0, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_what_is_asked_wrongly_is_said_once(two, tmp_path):
    first, code, said = two("paint", *options(size="48px"), "-o", tmp_path / "out.png")
    assert (first.returncode, code, said) == (2, 0, b"")
    assert line(first) == "impasto: a size of '48px' is not possible; give pixels, or full"


def test_python_says_that_the_command_paints_over_processes(photo, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "test")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SettingsError, match=r"torchrun .* -m impasto paint"):
        paint(photo)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6), st.integers(200, 2000), st.integers(200, 2000))
def test_who_is_faster_gets_more_and_nobody_waits_long(paces, height, width):
    made = tiles(height, width, VGG19, ["conv3_1"], None, paces=paces)
    assert len(made) >= len(paces)
    owners = shared_out([1.0] * len(made), paces)
    last = max(owners.count(who) / pace for who, pace in enumerate(paces))
    for who, pace in enumerate(paces):  # nobody would have been done earlier with a piece of who is done last
        assert last <= (owners.count(who) + 1) / pace * (1 + 1e-9)
