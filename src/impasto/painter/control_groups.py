"""The memory that control groups leave a process: Linux's limits of services and containers, of versions 1 and 2.

A limit holds for a group and those below it, so that the tightest counts of this process's own group and of those that
it is in; see Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst in Linux's source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class _Files:
    """What the files of a group are called.

    Attributes:
        limits: bytes that it may use.
        used: bytes that it uses, the pages of files counted.
        unneeded: in memory.stat, those of them that the system takes back first.
    """

    limits: tuple[str, ...]
    used: str
    unneeded: str


_SECOND = _Files(("memory.max", "memory.high"), "memory.current", "inactive_file")
_FIRST = _Files(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")


def free() -> int | None:
    """Bytes that this process may still take; None where nothing limits it."""
    return min((left for files, group in _groups() if (left := _left(files, group)) is not None), default=None)


def _groups() -> Iterator[tuple[_Files, Path]]:
    """The groups that this process is in, its own first."""
    try:
        lines = OWN.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            # beside groups of version 1, those of version 2 are in a folder of their own
            mounts = [(_SECOND, MOUNTS), (_SECOND, MOUNTS / "unified")]
        elif "memory" in controllers.split(","):
            mounts = [(_FIRST, MOUNTS / "memory")]
        else:
            continue
        for files, mount in mounts:
            own = mount / path.lstrip("/")  # a container may lack it; the mount is then its group
            yield from ((files, group) for group in (own, *own.parents) if group.is_relative_to(mount))


def _left(files: _Files, group: Path) -> int | None:
    """Bytes that a group may still take; None where it has no limit, or is none."""
    limits = []
    for name in files.limits:
        try:
            limits.append(int((group / name).read_text()))
        except (OSError, ValueError):  # not there, or "max"
            continue
    try:
        used = int((group / files.used).read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return max(0, min(limits) - used + int(counts.get(files.unneeded, 0))) if limits else None
