"""Paintings one after the other: each photo in each look, saved when it is done."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto import images
from impasto.cli import signals, torchrun
from impasto.cli.errors import FAILURE, MISUSE, say, stop, tell, told
from impasto.cli.frames import Frames
from impasto.cli.named_files import STDIO
from impasto.cli.paint_out import Place, place
from impasto.cli.paint_regions import kept_faces
from impasto.cli.plot import draw
from impasto.cli.progress import Shown
from impasto.images import Picture, PictureError
from impasto.painter.checkpoint import CheckpointError
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe, Style
from impasto.painter.sharing import LostError

if TYPE_CHECKING:
    from impasto.painter import Painting, Progress, Run, Settings
    from impasto.painter.regions import Keep


@dataclass(frozen=True)
class Order:
    """What a command paints.

    Attributes:
        sources: the photos: files, or - for standard input.
        looks: styles that are painted together; each photo is painted in each of these looks.
        settings: how.
        start: what the canvas shows before the first step, as :class:`Recipe` has it.
        keeps: where photos are kept.
        faces: how much faces are kept; None for not at all.
        limit: pixels of the largest photo that is taken.
        damaged: whether what there is of a damaged photo is painted.
    """

    sources: Sequence[str]
    looks: Sequence[tuple[Style, ...]]
    settings: "Settings"
    start: Any
    keeps: "Sequence[Keep]"
    faces: float | None
    limit: int
    damaged: bool

    @property
    def count(self) -> int:
        """How many paintings these are."""
        return len(self.sources) * len(self.looks)


@dataclass(frozen=True)
class Output:
    """What is written of each painting, as the options say."""

    out: str | None
    checkpoint: Path | None
    resume: bool
    bits: int
    frames: Path | None
    plot: Path | None
    as_json: bool


def paint_in_turn(order: Order, output: Output) -> None:
    """Paint all; one that can't be painted is named and passed over.

    Raises:
        typer.Exit: some could not be painted, or it was asked to stop.
    """
    if len(order.looks) > 1:
        say(f"painting {order.count} pictures: {len(order.sources)} photos in {len(order.looks)} styles")
    shown, failed = Shown(order.count), False
    for number, source in enumerate(order.sources):
        _go_on(source)
        read = None
        for shown.done, styles in enumerate(order.looks, number * len(order.looks)):
            names = [style.picture.name for style in styles]
            called = source if len(order.looks) == 1 else f"{source} in {'-'.join(names)}"
            try:
                if read is None:
                    read = _read(source, order)
                else:
                    _go_on(called)
                photo, keeps = read
                with place(source, photo, names, output.out, output.checkpoint, resume=output.resume) as where:
                    recipe = Recipe(photo, styles, order.settings, order.start, keeps)
                    painter = Painter(recipe, checkpoint=where.checkpoint, share=torchrun.share())
                    _paint_one(painter, source, called, where, shown, output)
            except (PictureError, CheckpointError) as error:
                said = str(error).splitlines()[0]
                if order.count == 1:
                    stop(said, FAILURE if isinstance(error, PictureError) else MISUSE)
                say(f"passed over {source if read is None else called}: {said}")
                failed = True
                if read is None:
                    break
            except LostError as error:
                stop(str(error), FAILURE)
            except KeyboardInterrupt:
                if lost := torchrun.share().over():
                    stop(str(lost), FAILURE)
                raise
            except ValueError as error:  # what was asked can't be done, with any photo
                stop(str(error).splitlines()[0], MISUSE)
    if failed:
        raise typer.Exit(FAILURE)


def _go_on(called: str) -> None:
    """Begin no other painting where it was asked to stop while the one before was saved."""
    if signals.asked():
        stop(f"interrupted before {called}", signals.INTERRUPTED)


def _read(source: str, order: Order) -> "tuple[Picture, tuple[Keep, ...]]":
    """A photo, and where it is kept."""
    file = sys.stdin.buffer if source == STDIO else Path(source)
    name = "photo" if source == STDIO else None
    photo = told(images.read(file, name=name, max_pixels=order.limit, damaged=order.damaged), source)
    return photo, (*order.keeps, *(kept_faces(photo, order.faces) if order.faces else ()))


def _paint_one(painter: Painter, source: str, called: str, where: Place, shown: Shown, output: Output) -> None:
    photo = painter.recipe.photo
    if max(photo.width, photo.height) < max(painter.width, painter.height):
        say(f"the photo is {photo.width} × {photo.height}; it is enlarged to {painter.width} × {painter.height}")
    which = f"{called}, " if shown.several else ""
    count = painter.share.count
    machines = "this machine" if count == 1 else f"{count} processes like this one"
    say(f"painting {which}{painter.width} × {painter.height} px; about {_duration(painter.estimate())} on {machines}")
    run = painter.start(resume=output.resume)
    rows: list[Progress] = []
    grown = Frames(output.frames, goes_on=output.resume) if output.frames else None
    interrupted = warned = failed = False
    with signals.keeping():
        try:
            for step in signals.until_asked(shown.steps(run, called)):
                rows.append(step)
                if run.checkpoint_error is not None and not warned:
                    say(f"no checkpoint can be written ({run.checkpoint_error.strerror}); painting goes on without")
                    warned = True
                if grown is not None and not failed:
                    try:
                        grown.add(step)
                    except PictureError as error:
                        say(f"{error}; painting goes on without its frames")
                        failed = True
        except (KeyboardInterrupt, LostError):
            if not rows:
                raise
            interrupted = True
            _keep(run)
        painting = run.painting()
        try:
            target = where.save(painting, output.bits)
        except PictureError as error:
            raise PictureError(f"{error}{'; then --resume goes on with it' if run.can_resume else ''}") from error
        if not interrupted:
            run.forget_checkpoint()
        if output.as_json:
            tell(json.dumps({"photo": source, **_row(painter.recipe, painting, target)}))
        elif target != STDIO:
            tell(target)
        if grown is not None and rows:  # there are none where all had been done when it was stopped
            grown.save()
        if output.plot is not None and rows:
            draw(rows, output.plot)
    lost = painter.share.over()
    if interrupted:
        more = "; --resume goes on with it" if run.can_resume else ""
        why, code = (f"{lost},", FAILURE) if lost else ("interrupted", signals.INTERRUPTED)
        stop(f"{why} after {painting.steps} steps; what there is was saved{more}", code)
    if failed:
        raise typer.Exit(FAILURE)


def _keep(run: "Run") -> None:
    """Write a checkpoint, if that can be."""
    try:
        run.checkpoint()
    except LostError:
        pass  # it would need a gradient that nobody can compute now; the one before is still there
    except OSError as error:
        say(f"no checkpoint can be written ({error.strerror})")


def _row(recipe: Recipe, painting: "Painting", target: str) -> dict[str, Any]:
    height, width = painting.pixels.shape[:2]
    return {
        "out": target, "width": width, "height": height, "seconds": round(painting.seconds, 3),
        "steps": painting.steps, "objective": painting.objective, **painting.costs,
        "styles": {style.picture.name: share for style, share in zip(recipe.styles, recipe.shares, strict=True)},
    }  # fmt: skip


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
