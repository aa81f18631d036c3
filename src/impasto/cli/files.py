"""Which files a command reads and writes: folders stand for the pictures in them, and nothing of the user's is lost."""

from pathlib import Path

from impasto.cli.errors import FAILURE, stop

STDIO = "-"
"""Standard input or output, in place of a file."""


def expanded(named: list[str], *, deep: bool) -> list[str]:
    """Files and standard input as they are named, folders as the pictures in them; `deep` takes subfolders' too."""
    from impasto.images import pictures_in

    found: list[str] = []
    for name in named:
        if Path(name).is_dir():
            inside = sorted(map(str, pictures_in(Path(name), deep=deep)))
            if not inside:
                stop(f"{name} holds no pictures; give a folder that does, or a file", FAILURE)
            found += inside
        else:
            found.append(name)
    return found


def unused(path: Path) -> Path:
    """The path, or where there is a file already the first free one of NAME-2, NAME-3, …"""
    free, number = path, 2
    while free.exists():
        free, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return free
