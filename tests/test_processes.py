"""One painting over several processes: it comes out the same, goes on in any number of them, and ends in one line."""

import json
import subprocess
import sys
import sysconfig
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import line, ok
from torch.distributed import TCPStore

from impasto import images
from impasto.networks.tiles import shared_out, tiles
from impasto.networks.vgg import VGG19
from impasto.painter import Painter, Recipe, Settings, SettingsError, Style, paint

CAT = Path(__file__).parent.parent / "examples" / "cat.jpg"
# The command, which prints the objective after each step; another process than the first is killed at one.
SCRIPT = """
import os, signal, sys
from impasto.cli import main
from impasto.painter import run
last, step = int(sys.argv.pop(1)), run.Run.__next__
def counted(self):
    progress = step(self)
    if os.environ.get("RANK") == "1" and progress.step == last:
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("RANK", "0") == "0":
        print("step", progress.objective)
    return progress
run.Run.__next__ = counted
main()
"""


@pytest.fixture(scope="module")
def asked(photo, tmp_path_factory):
    """In float32, with poolings that no rounding decides."""
    path = tmp_path_factory.mktemp("style") / "turned.png"
    images.write(path, images.read(photo).pixels[::-1, ::2].copy())
    return [
        CAT, "--style", path, "--size", "96", "--quality", "draft", "--dtype", "float32", "--pooling", "avg", "--json"
    ]  # fmt: skip


def painter(style, checkpoint=None):
    """The same from Python."""
    settings = Settings(size=96, quality="draft", dtype="float32", pooling="avg")
    return Painter(Recipe(images.read(CAT), (Style(images.read(style)),), settings), checkpoint=checkpoint)


@pytest.fixture(scope="module")
def alone(asked):
    """The steps of one process."""
    return list(painter(asked[2]))


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


def test_a_process_that_is_killed_ends_the_run_and_one_process_goes_on(asked, alone, run, environment, tmp_path):
    out, script = tmp_path / "out.png", tmp_path / "script.py"
    script.write_text(SCRIPT)
    torchrun = Path(sysconfig.get_path("scripts")) / "torchrun"
    words = [script, "8", "paint", *asked, "-o", out]
    killed = subprocess.run(
        [torchrun, "--nproc-per-node", "2", *map(str, words)], capture_output=True, timeout=240, env=environment
    )
    said = [each for each in killed.stderr.decode().splitlines() if each.startswith("impasto:")]
    assert killed.returncode == 1
    assert said[-1] == (
        "impasto: one of the 2 processes has ended, after 8 steps; what there is was saved; --resume goes on with it"
    )
    assert len(said) == 2  # the other one says what is painted
    objectives = [float(each.split()[1]) for each in killed.stdout.decode().splitlines() if each.startswith("step")]
    assert len(objectives) == 8
    assert objectives[0] == pytest.approx(alone[0].objective, rel=1e-5)
    assert objectives == pytest.approx([step.objective for step in alone[:8]], rel=1e-4)

    resumed = json.loads(ok(run("paint", *asked, "-o", out, "--resume")))
    assert resumed["steps"] == 9
    assert [resumed[name] for name in ("content", "style")] == pytest.approx([*alone[-1].costs.values()], rel=0.01)
    assert not (tmp_path / "out.png.checkpoint").exists()


def test_two_processes_go_on_with_what_one_began_and_say_everything_once(asked, alone, two, tmp_path):
    begun = painter(asked[2], tmp_path / "out.png.checkpoint").start()
    for _ in islice(begun, 4):
        pass
    begun.checkpoint()
    first, code, said = two("paint", *asked, "-o", tmp_path / "out.png", "--resume")
    done = json.loads(ok(first))
    assert done["steps"] == 9
    assert [done[name] for name in ("content", "style")] == pytest.approx([*alone[-1].costs.values()], rel=0.01)
    assert (code, said) == (0, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_what_is_asked_wrongly_is_said_once(asked, two, tmp_path):
    first, code, said = two("paint", *asked, "--size", "96px", "-o", tmp_path / "out.png")
    assert (first.returncode, code, said) == (2, 0, b"")
    assert line(first) == "impasto: a size of '96px' is not possible; give pixels, or full"


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
    times = [owners.count(who) / pace for who, pace in enumerate(paces)]
    assert max(times) <= len(made) / sum(paces) + 1 / min(pace for who, pace in enumerate(paces) if times[who])
