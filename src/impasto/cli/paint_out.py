"""Where a painting goes, and its checkpoint: as asked, or beside the photo under a name that nobody has."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from impasto import images
from impasto.cli.claims import claimed
from impasto.cli.errors import FAILURE, MISUSE, plain_errors, say, stop
from impasto.cli.named_files import STDIO, check_outputs, settings_in
from impasto.cli.streams import output_is_open
from impasto.images.names import belonging, is_file, is_folder, numbered, written

if TYPE_CHECKING:
    from impasto.images import Picture
    from impasto.painter import Painting

SUFFIX = ".checkpoint"
MOST = 999
"""Names among which a painting to go on with is looked for."""


@dataclass(frozen=True)
class Place:
    """Where a painting goes.

    Attributes:
        target: a file, or - for standard output.
        checkpoint: the folder of its checkpoint, if it has one.
        replaces: whether a file of that name is replaced.
    """

    target: str
    checkpoint: Path | None
    replaces: bool

    @property
    def stopped(self) -> bool:
        """Whether a painting that was on its way here was stopped, and can go on."""
        from impasto.painter.checkpoint import NAME

        return self.checkpoint is not None and is_file(self.checkpoint / NAME)

    @property
    def free(self) -> bool:
        """Whether nothing that is here would be lost."""
        return self.replaces or not (self.stopped or (self.target != STDIO and os.path.lexists(self.target)))

    def save(self, painting: "Painting", bits: int) -> str:
        """Write a painting, and return where it is now.

        Raises:
            PictureError: it can't be written.
        """
        if self.target == STDIO:
            try:
                painting.save(sys.stdout.buffer, format="png", bits=bits)
                sys.stdout.buffer.flush()
            except (OSError, images.PictureError) as error:  # who was to read it is gone, or its disk is full
                beside = _saved(painting, Path("painting.png"), bits)
                raise images.PictureError(f"standard output can't be written; the painting is {beside}") from error
        elif self.replaces:
            painting.save(self.target, bits=bits)
        else:
            return str(_saved(painting, Path(self.target), bits))
        return self.target


def _saved(painting: "Painting", wanted: Path, bits: int) -> Path:
    """Write a painting under a name, or the first one after it that no file has."""

    def write(path: Path) -> None:
        images.write(path, painting.pixels, bits=bits, settings=painting.settings, new=True)

    return written(numbered(wanted, room=len(SUFFIX)), write)


def check_asked(
    count: int,
    out: str | None,
    bits: int,
    frames: Path | None,
    plot: Path | None,
    as_json: bool,
    read: list[tuple[str, Path]],
) -> None:
    """Refuse before painting what could not be written after it, or would replace what is `read`.

    Args:
        count: how many paintings there will be.
        out: the file or the folder for them; - for standard output.
        bits: of each colour.
        frames: where the painting's growth goes.
        plot: where its objective is drawn.
        as_json: whether a line of JSON goes to standard output.
        read: the files that are read, each with what it is.
    """
    if bits not in (8, 16):
        stop(f"{bits} bits are not possible; give 8 or 16", MISUSE)
    if out == STDIO and as_json:
        stop("the painting and --json can't both go to standard output; give -o a file", MISUSE)
    if out == STDIO and not output_is_open():
        stop("standard output is closed; give -o a file", MISUSE)
    if count > 1 and (frames or plot):
        stop("--frames and --plot show one painting; give one photo and one style", MISUSE)
    file = Path(out) if out not in (None, STDIO) and not is_folder(out) and Path(out).suffix else None
    if count > 1 and (out == STDIO or file is not None):
        stop(f"{count} paintings can't go to one file; give -o a folder", MISUSE)
    check_outputs({"-o": file, "--plot": plot, "--frames": frames}, read)
    if file is not None:
        with plain_errors(FAILURE):
            images.check_target(file, bits=bits)
    elif out not in (None, STDIO):
        try:
            Path(out).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            stop(f"{out} can't be made: {error.strerror}; give another folder", FAILURE)
    if file is None and out != STDIO and bits != 8:
        stop(f"a chosen name is a JPEG's, which has no {bits} bits; give -o a PNG or a TIFF", MISUSE)
    if plot is not None:
        with plain_errors(FAILURE):
            images.check_target(plot)


@contextmanager
def place(
    source: str, photo: "Picture", styles: list[str], out: str | None, checkpoints: Path | None, *, resume: bool
) -> Iterator[Place]:
    """A place that no other process has until the body ends: what was asked for, or the first that is free.

    Args:
        source: where the photo came from.
        photo: the photo.
        styles: the names of the styles.
        out: what was asked for: a file, which is replaced, a folder, or standard output; else beside the photo.
        checkpoints: the folder of checkpoints; else beside the painting.
        resume: whether to go on with a painting of this photo that was stopped.

    Raises:
        PictureError: nothing can be written there, or another process has it.
    """
    choices = _choices(source, photo, styles, out, checkpoints)
    for choice in _stopped(choices, photo) if resume else choices:
        if choice.target != STDIO and not choice.replaces:
            images.check_target(choice.target)  # now, and not after painting
        with claimed(choice.checkpoint) if choice.checkpoint else nullcontext(True) as ours:
            if ours and (resume or choice.free):
                yield choice
                return
            if ours and not os.path.lexists(choice.target):
                say(f"{choice.target} was stopped; --resume goes on with it")
        last = choice
    raise images.PictureError(
        f"the checkpoint in {last.checkpoint} is in use by another process: wait for it, or "
        + ("paint without --resume" if resume else "give another file")
    )


def _choices(
    source: str, photo: "Picture", styles: list[str], out: str | None, checkpoints: Path | None
) -> Iterator[Place]:
    """The one place that was asked for, or those that may be chosen from, in order."""
    if out == STDIO and checkpoints is None:
        yield Place(STDIO, None, replaces=True)
    elif out == STDIO and checkpoints is not None:
        for folder in numbered(checkpoints / f"painting{SUFFIX}"):
            yield Place(STDIO, folder, replaces=False)
    elif out is not None and not is_folder(out):
        yield Place(out, belonging(Path(out), SUFFIX, checkpoints), replaces=True)
    else:
        folder = Path(out) if out else Path() if source == STDIO else Path(source).parent
        tail = f"-{'-'.join(styles)}"
        for path in numbered(folder / f"{photo.name}{tail}.jpg", tail=tail, room=len(SUFFIX)):
            yield Place(str(path), belonging(path, SUFFIX, checkpoints), replaces=False)


def _stopped(choices: Iterator[Place], photo: "Picture") -> list[Place]:
    """The places from which a painting can go on, those of this photo first; where there is none, the first place."""
    among = list(islice(choices, MOST))
    stopped = sorted((choice for choice in among if choice.stopped), key=lambda choice: not _shows(choice, photo))
    return [replace(choice, replaces=choice.replaces or _painted_here(choice)) for choice in stopped] or among[:1]


def _shows(choice: Place, photo: "Picture") -> bool:
    """Whether a checkpoint is of this photo."""
    from impasto.painter.checkpoint import NAME

    assert choice.checkpoint is not None
    try:
        content = json.loads((choice.checkpoint / NAME).read_bytes())
        return bool(content["painting"]["photo"]["digest"] == photo.digest)
    except (OSError, ValueError, LookupError, TypeError):  # one that is damaged is named when it is read
        return False


def _painted_here(choice: Place) -> bool:
    """Whether the file is what was saved of the painting when it was stopped, and none of the user's."""
    return choice.target != STDIO and settings_in(Path(choice.target)) is not None
