"""The memory that a process may take: what its control groups leave it."""

import pytest
import torch

from impasto.painter import control_groups, memory

GB = 10**9
SECOND, FIRST = ("memory.max", "memory.current", "inactive_file"), (
    "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file",
)  # fmt: skip


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system that is told which groups there are."""
    monkeypatch.setattr(control_groups, "MOUNTS", tmp_path / "cgroup")
    monkeypatch.setattr(control_groups, "OWN", tmp_path / "own")

    def tell(own, **groups):
        (tmp_path / "own").write_text(own)
        for path, (names, limit, used, unneeded) in groups.items():
            folder = tmp_path / "cgroup" / path.replace("__", "/")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / names[0]).write_text(f"{limit}\n")
            (folder / names[1]).write_text(f"{used}\n")
            (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {unneeded}\nactive_file 7\n")

    return tell


def test_the_limit_of_a_service_counts(system):
    system(
        "0::/system.slice/studio\n",
        system__studio=(SECOND, GB, 0, 0),  # another's
        **{"system.slice__studio": (SECOND, 2 * GB, 500_000_000, 0), "system.slice": (SECOND, "max", 9 * GB, 0)},
    )
    assert control_groups.free() == 1_500_000_000
    assert memory.free(torch.device("cpu")) == 1_500_000_000


def test_the_tightest_limit_of_those_above_counts(system):
    groups = {"a__b__c": (SECOND, "max", GB, 0), "a__b": (SECOND, 3 * GB, 2 * GB, 0), "a": (SECOND, 8 * GB, 4 * GB, 0)}
    system("0::/a/b/c\n", **groups)
    assert control_groups.free() == GB


def test_the_limit_above_which_a_service_is_slowed_down_counts(system, tmp_path):
    system("0::/service\n", service=(SECOND, 4 * GB, GB, 0))
    (tmp_path / "cgroup" / "service" / "memory.high").write_text(f"{3 * GB}\n")
    assert control_groups.free() == 2 * GB


def test_pages_of_files_that_nobody_needs_are_free(system):
    system("0::/service\n", service=(SECOND, 4 * GB, 3 * GB, 2 * GB))
    assert control_groups.free() == 3 * GB


@pytest.mark.parametrize(
    "own", ["7:pids:/x\n4:cpu,memory:/system.slice/studio\n0::/\n", "9:memory:/docker/f00\n0::/\n"]
)
def test_version_1_and_its_containers_that_see_only_their_own_group(system, own):
    there = "memory" if "docker" in own else "memory__system.slice__studio"
    system(own, **{there: (FIRST, 2 * GB, GB, 100_000_000)})
    assert control_groups.free() == 1_100_000_000


def test_without_limits_all_that_the_machine_has_is_free(system, tmp_path):
    system("4:memory:/\n0::/\n", memory=(FIRST, 9223372036854771712, GB, 0), unified=(SECOND, "max", GB, 0))
    assert memory.free(torch.device("cpu")) < control_groups.free()
    (tmp_path / "own").unlink()
    assert control_groups.free() is None
    assert memory.free(torch.device("cpu")) > 0
