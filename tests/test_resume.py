"""A painting that was stopped or killed goes on, and a checkpoint that does not fit is refused by name."""

import json
import os
import signal
import subprocess
import sys
from itertools import islice

import pytest
import torch

from impasto import images
from impasto.painter import run as module
from impasto.painter.checkpoint import Checkpoint, CheckpointError
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe, Style
from impasto.painter.schedule import Scale
from impasto.painter.scratch import in_memory
from impasto.painter.settings import Settings

# The command, with a checkpoint after each step, that kills itself as it puts the so-many-th file in place.
KILLED = """
import os, signal, sys
from impasto.cli import main
from impasto.painter import checkpoint, run
run.CHECKPOINT_EVERY, left, put = 0, int(sys.argv.pop(1)), checkpoint.Checkpoint._put
def killing(*arguments):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    put(*arguments)
checkpoint.Checkpoint._put = killing
main()
"""


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_EVERY", 0)


@pytest.fixture(scope="module")
def asked(photo, tmp_path_factory):
    style = images.read(photo).pixels[::-1, ::2].copy()
    path = tmp_path_factory.mktemp("style") / "turned.png"
    images.write(path, style)
    return [photo, "--style", path, "--size", "96", "--quality", "draft", "--json"]


def begun(photo, folder, *, resume=False, scales=None, **settings):
    read, asked = images.read(photo), Settings(**({"size": 96, "quality": "draft"} | settings))
    return Painter(Recipe(read, (Style(read),), asked), scales=scales, checkpoint=folder).start(resume=resume)


def test_what_goes_on_ends_as_if_it_had_not_stopped(photo, tmp_path):
    whole = begun(photo, tmp_path / "whole")
    expected = list(whole)[-1]
    for _ in islice(begun(photo, tmp_path / "c"), 5):
        pass
    going_on = begun(photo, tmp_path / "c", resume=True)
    steps = list(going_on)
    assert [step.step for step in steps] == [6, 7, 8, 9]
    assert steps[-1].objective == pytest.approx(expected.objective, rel=1e-4)
    assert going_on.painting().steps == whole.painting().steps == 9
    for done in (going_on, whole):
        assert done.can_resume
        done.forget_checkpoint()
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_can_be_asked_for_and_is_of_the_last_step(photo, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_EVERY", 1e9)
    stopped = begun(photo, tmp_path / "c")
    stopped.checkpoint()  # of nothing yet
    for _ in islice(stopped, 4):
        pass
    assert not (tmp_path / "c").exists()
    stopped.checkpoint()
    going_on = begun(photo, tmp_path / "c", resume=True)
    assert [step.step for step in going_on] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("steps", [2, 3, 4, 6])
def test_what_is_left_between_scales_or_at_the_end_goes_on(photo, tmp_path, steps):
    read = images.read(photo)
    sizes = [Scale(48, round(48 / read.width * read.height), 3), Scale(96, round(96 / read.width * read.height), 3, 2)]

    whole, stopped = (begun(photo, tmp_path / name, scales=sizes) for name in ("whole", "c"))
    expected = [(step.scale, step.step) for step in whole]
    for _ in islice(stopped, steps):
        pass
    going_on = begun(photo, tmp_path / "c", scales=sizes, resume=True)
    assert [(step.scale, step.step) for step in going_on] == expected[steps:]
    assert going_on.painting().objective == pytest.approx(whole.painting().objective, rel=1e-4)
    assert going_on.painting().steps == 6


@pytest.mark.parametrize("files", [3, 11])
def test_a_painting_that_is_killed_goes_on(asked, run, home, tmp_path, files):
    out = tmp_path / "out.png"
    environment = {**os.environ, "IMPASTO_HOME": str(home)}
    command = [sys.executable, "-c", KILLED, str(files), "paint", *map(str, asked), "-o", str(out)]
    killed = subprocess.run(command, capture_output=True, env=environment, timeout=240)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    resumed = run("paint", *asked, "-o", out, "--resume")
    if files < 4:  # a point, a gradient and the file that names them were not all there
        assert resumed.returncode == 2
        assert b"there is no checkpoint in" in resumed.stderr
        return
    whole = run("paint", *asked, "-o", tmp_path / "whole.png")
    objectives = [json.loads(done.stdout)["objective"] for done in (resumed, whole)]
    assert objectives[0] == pytest.approx(objectives[1], rel=0.02)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "whole.png"]


# The command, with a checkpoint after each step, to whose painting something happens as it is put in place.
WRITING = """
import os, signal
from impasto.cli import main
from impasto.painter import run
run.CHECKPOINT_EVERY, fsync = 0, os.fsync
def unlucky(descriptor):
    written = os.readlink(f"/proc/self/fd/{descriptor}")
    if written.endswith(".tmp") and ".checkpoint/" not in written:
        HAPPENS
    fsync(descriptor)
os.fsync = unlucky
main()
"""


@pytest.mark.parametrize(
    ("happens", "code", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
        (
            "raise OSError(28, 'No space left on device')",
            1,
            "(No space left on device): make room on the disk, or choose another; then --resume goes on with it",
        ),
    ],
)
def test_what_can_not_be_written_at_the_end_is_not_lost(asked, run, home, tmp_path, happens, code, said):
    call = [
        sys.executable,
        "-c",
        WRITING.replace("HAPPENS", happens),
        "paint",
        *map(str, asked),
        "-o",
        tmp_path / "o.png",
    ]
    failed = subprocess.run(call, capture_output=True, env={**os.environ, "IMPASTO_HOME": str(home)}, timeout=240)
    assert failed.returncode == code
    assert failed.stderr.decode().rstrip().endswith(said)
    assert not (tmp_path / "o.png").exists()
    resumed = run("paint", *asked, "-o", tmp_path / "o.png", "--resume", "--plot", tmp_path / "p.png")
    assert json.loads(resumed.stdout)["steps"] == 9
    assert b"step" not in resumed.stderr.split(b"on this machine")[1]
    assert images.read(tmp_path / "o.png").width == 96
    assert not (tmp_path / "o.png.checkpoint").exists()


@pytest.mark.parametrize(
    ("change", "named"), [({"content_weight": 3.0}, "content weight (1.0, not 3.0)"), ({"seed": 5}, "seed (0, not 5)")]
)
def test_a_checkpoint_of_other_settings_is_refused_by_name(photo, tmp_path, change, named):
    next(begun(photo, tmp_path / "c"))
    with pytest.raises(CheckpointError) as error:
        next(begun(photo, tmp_path / "c", resume=True, **change))
    assert named in str(error.value)
    assert (tmp_path / "c" / "checkpoint.json").exists()


@pytest.mark.parametrize("name", ["checkpoint.json", "point-2.bin"])
def test_a_checkpoint_that_is_cut_short_is_refused(photo, tmp_path, name):
    for _ in islice(begun(photo, tmp_path / "c"), 2):
        pass
    file = tmp_path / "c" / name
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match="is damaged; paint without --resume"):
        next(begun(photo, tmp_path / "c", resume=True))


def test_a_checkpoint_that_cannot_be_written_does_not_stop_a_painting(asked, home, tmp_path):
    code = "from impasto.painter import run; run.CHECKPOINT_EVERY = 0; from impasto.cli import main; main()"
    call = [sys.executable, "-c", code, "paint", *map(str, asked), "-o", str(tmp_path / "out.jpg")]
    limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", *call]  # files of up to 64 kB
    done = subprocess.run(
        limited, capture_output=True, env={**os.environ, "IMPASTO_HOME": str(home)}, timeout=240, text=True
    )
    assert done.returncode == 0
    assert done.stderr.count("no checkpoint can be written (File too large); painting goes on without") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]


@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_checkpoint_that_finds_no_room_leaves_no_folder_and_is_written_when_there_is_some(
    tmp_path, monkeypatch, room
):
    left, fsync = [room], os.fsync

    def full(descriptor):
        if not left[0]:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    checkpoint = Checkpoint(tmp_path / "c", {"seed": 0})
    vectors = {"a": torch.ones(3), "b": torch.zeros(5)}
    with pytest.raises(OSError, match="No space"):
        checkpoint.write({"step": 1}, vectors)
    assert list(tmp_path.iterdir()) == []
    left[0] = 100
    checkpoint.write({"step": 1}, vectors)
    _, sizes = checkpoint.read()
    assert Checkpoint(tmp_path / "c", {"seed": 0}).load(sizes, in_memory)["a"].tolist() == [1, 1, 1]


def test_too_little_memory_says_how_much_is_needed(asked, run, tmp_path):
    done = run("paint", *asked, "-o", tmp_path / "out.png", "--memory", "100M")
    assert done.returncode == 2
    assert b"give at least --memory" in done.stderr
    assert run("paint", *asked, "-o", tmp_path / "out.png", "--memory", "lots").returncode == 2
    assert list(tmp_path.iterdir()) == []
