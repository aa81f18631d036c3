"""A job's checkpoints in a folder that hosts share, and in an object store."""

import secrets

import pytest
import torch
from s3_server import s3

from impasto.painter.checkpoint import Checkpoint, CheckpointError
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.folders import Files
from impasto.studio.painters.checkpoints import Checkpoints

JOB = 7


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    with s3(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(params=["folder", "objects"])
def store(request, tmp_path):
    if request.param == "folder":
        return Files(str(tmp_path / "store"))
    return Files(f"{request.getfixturevalue('objects')}/{secrets.token_hex(8)}")


@pytest.fixture
def attempt(tmp_path, store):
    """The checkpoints of an attempt, on a host of its own."""
    return lambda number, host=None: Checkpoints(tmp_path / (host or f"host-{number}"), Attempt(JOB, number), store)


def painted(checkpoints, step, **more):
    """Have a checkpoint of a step in the folder of an attempt."""
    whole = {f"point-{step}": torch.full((5,), float(step)), "start": torch.ones(3), **more}
    Checkpoint(checkpoints.folder, {"style": "night"}).write({"step": step}, whole)


def found(checkpoints):
    """The step that an attempt goes on from."""
    assert checkpoints.take_up()
    checkpoint = Checkpoint(checkpoints.folder, {"style": "night"})
    place, sizes = checkpoint.read()
    vectors = checkpoint.load(sizes, lambda size, dtype: torch.empty(size, dtype=dtype))
    step = place["step"]
    assert torch.equal(vectors[f"point-{step}"], torch.full((5,), float(step)))
    return step


def test_another_host_goes_on_from_the_newest_whole_checkpoint(store, attempt):
    one = attempt(1)
    assert not one.take_up()
    one.send()  # before there is any
    painted(one, 4)
    one.send(last=True)
    painted(one, 9)
    one.send(last=True)
    assert len(store.names(JOB)) == 3  # those of the one before are gone
    two = attempt(2)
    assert found(two) == 9
    store.write(JOB, "checkpoint-2-point-12.bin", b"the first part of a checkpoint that was never finished")
    three = attempt(3)
    assert found(three) == 9
    painted(three, 20)
    three.send(last=True)
    assert {name.split("-")[1] for name in store.names(JOB)} == {"3"}
    painted(one, 15)
    one.send(last=True)  # an attempt that was thought dead deletes none of a later one
    assert found(attempt(4)) == 20
    store.write(JOB, "painting.png", b"")
    three.forget()
    assert store.names(JOB) == ["painting.png"]
    assert not attempt(5).take_up()


def test_a_host_s_own_newer_checkpoint_is_not_fetched(attempt):
    one = attempt(1)
    painted(one, 4)
    one.send(last=True)
    two = attempt(2, "host")
    painted(two, 6)
    assert found(attempt(3, "host")) == 6


def test_a_checkpoint_of_which_a_part_is_missing_is_refused(store, attempt):
    one = attempt(1)
    painted(one, 4)
    one.send(last=True)
    store.remove_file(JOB, "checkpoint-1-start.bin")
    with pytest.raises(CheckpointError, match="damaged"):
        found(attempt(2))
