"""What a painter does with one job, from its files to its painting. Runs in a Dask worker."""

import math
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from impasto.studio import logs, privacy
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.painters import place, priority
from impasto.studio.painters.checkpoints import Checkpoints
from impasto.studio.painters.film import Film
from impasto.studio.painters.lease import NO_ROOM, Lease, LostError, StoppedError, is_full
from impasto.studio.recipes import START, recipe
from impasto.studio.uploads import views

if TYPE_CHECKING:
    from impasto.painter import Painting, Progress, Run

log = structlog.get_logger("impasto.studio.painters.task")

# Seconds between two previews, and how well they are kept.
PREVIEW_EVERY, PREVIEW_QUALITY = 1.0, 75
# The work hangs where it says nothing for as long as so many of the painting's longest steps are thought to take: one
# takes longer where the machine has other work, or the optimiser evaluates more than once.
LONGEST_STEPS = 10
# Pixels: as wide as a mail shows it, for screens with two dots a pixel.
MAIL_SIDE = 1120


def paint(configuration: Configuration, attempt: Attempt) -> None:
    """Paint a job that was claimed, fail it, or give it back; an exception counts as the painter's death."""
    began = time.monotonic()
    logs.configure()
    privacy.write_privately()
    priority.give_way()
    configuration = place.settled(configuration)
    database = Database(configuration.database)
    files = Files(configuration.files)
    say = log.bind(job=attempt.job_id, attempt=attempt.number)
    checkpoints = Checkpoints(configuration.work, attempt, files if configuration.elsewhere else None)
    try:
        with Lease(database, files, checkpoints, attempt, configuration.lease_seconds) as lease:
            try:
                say.info(_paint(lease, configuration, began), seconds=round(time.monotonic() - began, 1))
            except LostError:
                say.info("lost")
                lease.leave()
            except ValueError as error:  # the package's errors for people, each of one plain line
                say.info("failed")
                _fail(lease, str(error).splitlines()[0])
            except OSError as error:
                if not is_full(error):
                    raise
                say.warning("failed: no room on the disk")
                _fail(lease, NO_ROOM)
    except Exception:
        say.exception("died")
        raise
    finally:
        database.close()


def _fail(lease: Lease, error: str) -> None:
    with suppress(LostError):
        lease.fail(error)


def _paint(lease: Lease, configuration: Configuration, began: float) -> str:
    """Paint; answers with how it ended, "done" or "given back"."""
    job = lease.job()
    longest, estimate = LONGEST_STEPS * _longest_step(job), lease.estimate(job)
    lease.expect(longest * estimate)
    run, step = _begun(job, lease, configuration)
    try:
        shown, previews, film = -math.inf, job.preview, Film()
        while step is not None:
            preview, due, frame = None, time.monotonic() - shown >= PREVIEW_EVERY, film.wants()
            pixels = step.preview() if due or frame else None
            if due and pixels is not None:
                previews += 1
                preview = previews, views.webp(pixels, views.PREVIEW_SIDE, PREVIEW_QUALITY)
            if frame and pixels is not None:
                film.add(pixels)
            lease.report(_progress(step), _point(step, run), preview)
            if preview:
                shown = time.monotonic()
            lease.expect(longest * max(estimate, step.seconds + step.seconds_left))
            lease.checkpoints.send()
            step = next(run, None)
        _keep(run)  # what follows may fail
        painting = run.painting()
        # of one that went on from a checkpoint, the run knows what it took before
        lease.finish(_kept(painting, film), max(painting.seconds, time.monotonic() - began))
    except StoppedError:
        _keep(run)
        lease.checkpoints.send(last=True)
        lease.release()
        return "given back"
    lease.checkpoints.forget()
    return "done"


def _longest_step(job: Job) -> float:
    """The longest step's share of all the work."""
    from impasto.painter.schedule import scales
    from impasto.painter.settings import Settings

    found = scales(job.width, job.height, Settings.from_dict(job.settings))
    return max(scale.pixels for scale in found) / sum(scale.work(None) for scale in found)


def _keep(run: "Run") -> None:
    """Write a checkpoint; a full disk costs the checkpoint, and not the painting."""
    with suppress(OSError):
        run.checkpoint()


def _begun(job: Job, lease: Lease, configuration: Configuration) -> "tuple[Run, Progress | None]":
    """A run and its first step: from where an earlier attempt was, or from the start."""
    from impasto import images
    from impasto.painter.checkpoint import CheckpointError
    from impasto.painter.enlarging import enlarged
    from impasto.painter.painter import Painter
    from impasto.painter.settings import Settings

    settings = replace(Settings.from_dict(job.settings), **place.machine(configuration))
    try:
        asked = recipe(
            job.styles, settings, partial(lease.files.read, job.id), keep_faces=job.settings.get("keep_faces", False)
        )
    except FileNotFoundError:
        raise ValueError("the photo or the style is no longer here; send it again") from None
    there, folder = lease.checkpoints.take_up(), lease.checkpoints.folder
    if job.settings.get("larger"):
        begun = images.read(lease.files.read(job.id, START), name="start")
        painter = enlarged(asked, begun, checkpoint=folder)
    else:
        painter = Painter(asked, checkpoint=folder)
    if there:
        run = painter.start(resume=True)
        try:
            step = next(run, None)
            log.info("gone on from a checkpoint", job=job.id, step=step.step if step else None)
            return run, step
        except CheckpointError:  # damaged, or of another version
            log.warning("checkpoint refused", job=job.id)
    run = painter.start()
    return run, next(run, None)


def _progress(step: "Progress") -> dict[str, float]:
    return {
        "share": step.share, "scale": step.scale + 1, "scales": step.scales, "step": step.step, "steps": step.steps,
        "seconds": step.seconds, "seconds_left": step.seconds_left,
    }  # fmt: skip


def _point(step: "Progress", run: "Run") -> dict[str, Any] | None:
    """A point of the objective's curve; none where it has diverged, which JSON can't say."""
    parts = {term.name: term.weight * step.costs[term.name] for term in run.painter.terms}
    before = sum(scale.steps for scale in run.painter.scales()[: step.scale])
    finite = all(map(math.isfinite, (step.objective, *parts.values())))
    return {"step": before + step.step, "objective": step.objective, "parts": parts} if finite else None


def _kept(painting: "Painting", film: Film) -> dict[str, bytes]:
    """The files of a painting, by their names."""
    from impasto import images
    from impasto.painter.painting import to_bytes

    pixels = to_bytes(painting.pixels)
    film.add(pixels)
    return {
        "painting.png": images.encode(painting.pixels, "png", settings=painting.settings),
        "painting.jpg": images.encode(painting.pixels, "jpg"),
        "painting-view.webp": views.webp(pixels, views.VIEW_SIDE),
        "thumb.webp": views.webp(pixels, views.THUMB_SIDE),
        "film.webp": film.webp(),
        # for a mail and for a messenger; an address, or a link, may be asked for later
        "painting-mail.jpg": views.jpeg(pixels, MAIL_SIDE),
    }
