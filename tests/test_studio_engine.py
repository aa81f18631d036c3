"""The engine, as processes: jobs are painted, and end as they should whatever is killed in the middle."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from processes import line
from sqlalchemy import select
from studio_server import Studio, until

from impasto import images
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, estimates, queue, rows
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.rows import Job, State
from impasto.studio.painters import place
from impasto.studio.painters.checkpoints import Checkpoints
from impasto.studio.painters.lease import QUIET, Lease

PAINTED = {"painting.png", "painting.jpg", "painting-view.webp", "thumb.webp", "film.webp", "painting-mail.jpg"}
# A painting that is long enough to be caught in the middle.
LONG, STEPS = {"size": 64, "quality": "standard"}, 48


def under_way(job):
    return job.state == "painting" and job.progress is not None and 2 <= job.progress["step"] < 20


def names(studio, number):
    return set(studio.files.names(number))


def kept(studio, number, *styles):
    """Wait until exactly what is kept of a painting is there: previews go after it is done."""
    until(lambda: names(studio, number) == PAINTED | {"photo.png", *styles}, "the files of a painting")


@pytest.fixture(scope="module")
def studio(tmp_path_factory, home):
    studio = Studio(tmp_path_factory.mktemp("studio"), home).start()
    yield studio
    studio.close()


def test_a_job_is_painted_and_a_mail_written(studio, photo):
    styles = (("night", 3.0, None), ("mine", 1.0, photo))
    number = studio.submit(photo, styles)
    done = studio.when(number, lambda job: job.ended)
    assert (done.state, done.attempt, done.deaths, done.error) == ("done", 1, 0, None)
    kept(studio, number, "style-1.png")
    painting = images.read(studio.files.read(number, "painting.png"))
    assert (painting.width, painting.height) == (64, 48)
    (studio.folder / "painting.png").write_bytes(studio.files.read(number, "painting.png"))
    settings = images.read_settings(studio.folder / "painting.png")
    assert [(style["name"], style["weight"]) for style in settings["styles"]] == [("night", 0.75), ("mine", 0.25)]
    assert settings["quality"] == "draft"
    assert done.film
    film = Image.open(io.BytesIO(studio.files.read(number, "film.webp")))
    assert (film.size, film.n_frames) == ((64, 48), 9)
    film.seek(film.n_frames - 1)
    assert np.abs(np.asarray(film.convert("RGB")).astype(int) - painting.pixels).mean() < 12
    assert [point["step"] for point in done.curve] == list(range(1, 10))
    assert done.progress["share"] == pytest.approx(1)
    assert done.seconds > done.progress["seconds"] > 0
    (letter,) = until(lambda: studio.letters(number), "a mail")
    assert letter["Subject"] == "Your painting is ready"
    until(lambda: not (studio.configuration.work / str(number)).exists(), "an end of the checkpoint")


def test_painters_give_way_and_the_server_paints_nothing_itself(studio):
    (painter,) = until(studio.painters, "a painter")

    def priorities():
        return {os.getpriority(os.PRIO_PROCESS, thread.id) for thread in painter.threads()}

    until(lambda: priorities() == {19}, "a painter that gives way")
    until(lambda: "libtorch" in Path(f"/proc/{painter.pid}/maps").read_text(), "a painter that has loaded")
    assert priorities() == {19}
    assert "libtorch" not in Path(f"/proc/{studio.server.pid}/maps").read_text()
    assert os.getpriority(os.PRIO_PROCESS, studio.server.pid) < 19


def test_estimates_were_measured_at_the_start(studio):
    def measured():
        with studio.database.reading() as session:
            found = [session.get(estimates.Pace, quality) for quality in ("draft", "standard", "fine")]
            return all(found) and [each.pace for each in found]

    paces = until(measured, "the first measurement")
    assert 0 < paces[0] < paces[1] < paces[2]


def test_what_cannot_be_painted_fails_in_plain_words_and_with_a_mail(studio, photo):
    number = studio.submit(photo, (("gone", 1.0, None),))
    failed = studio.when(number, lambda job: job.ended)
    assert (failed.state, failed.error) == ("failed", "there is no such style here any more; choose another")
    assert names(studio, number) == {"photo.png"}
    (letter,) = until(lambda: studio.letters(number), "a mail")
    assert "There is no such style here any more; choose another." in letter.get_body(("html",)).get_content()


def test_a_killed_painter_costs_an_attempt_and_one_mail_is_sent(studio, photo):
    number = studio.submit(photo, **LONG)
    studio.when(number, under_way)
    (painter,) = studio.painters()
    painter.kill()
    done = studio.when(number, lambda job: job.ended)
    assert (done.state, done.attempt, done.deaths) == ("done", 2, 1)
    kept(studio, number)
    assert [point["step"] for point in done.curve] == list(range(1, STEPS + 1))
    until(lambda: studio.letters(number), "a mail")
    assert len(studio.letters(number)) == len(studio.mails(number)) == 1


def test_a_painter_that_hangs_is_ended_and_its_job_and_the_others_go_on(studio, photo):
    number = studio.submit(photo, **LONG)
    studio.when(number, under_way)
    (hung,) = studio.painters()
    hung.suspend()
    done = studio.when(number, lambda job: job.ended)
    assert (done.state, done.attempt, done.deaths) == ("done", 2, 1)
    assert not hung.is_running()
    # not by Dask, which waits longer, whatever the lease is
    assert "a painter hangs; it is started anew" in [json.loads(row)["event"] for row in studio.log().splitlines()]
    (idle,) = until(studio.painters, "a painter")
    idle.suspend()
    following = studio.submit(photo)
    assert studio.when(following, lambda job: job.ended).state == "done"
    assert not idle.is_running()


def test_a_lease_is_renewed_only_while_the_work_gets_on(tmp_path, home, photo):
    studio = Studio(tmp_path, home)
    studio.database.migrate()
    number = studio.submit(photo)
    with studio.database.session() as session:
        queue.claim(session, time.time(), 30)
    began, short = time.time(), 0.1
    checkpoints = Checkpoints(tmp_path / "work", Attempt(number, 1), None)
    with Lease(studio.database, studio.files, checkpoints, Attempt(number, 1), short) as lease:
        until(lambda: studio.job(number).lease < time.time(), "an end of the lease: nothing was said of the work")
        lease.expect(1000)  # a long step
        until(lambda: studio.job(number).lease > time.time(), "a new lease")
        until(lambda: studio.job(number).lease > began + 3 * QUIET * short, "a lease that lasts")
    studio.close()


def test_a_painter_whose_work_hangs_is_ended_and_its_job_goes_on(tmp_path, home, photo):
    studio = Studio(tmp_path, home)
    studio.environment["IMPASTO_LEASE_SECONDS"] = "1"
    studio.database.migrate()
    number = studio.submit(photo)
    path = Path(studio.configuration.files) / str(number) / "photo.png"
    picture = path.read_bytes()
    path.unlink()
    os.mkfifo(path)  # which is read without end
    try:
        studio.start()
        (hung,) = until(studio.painters, "a painter")
        until(lambda: "a painter hangs; it is started anew" in studio.log(), "an end of the painter")
        path.unlink()
        path.write_bytes(picture)
        assert studio.when(number, lambda job: job.ended).state == "done"
        assert not hung.is_running()
    finally:
        studio.close()


def test_a_cancelled_job_is_painted_no_further_and_the_next_begins(studio, photo):
    number = studio.submit(photo, **LONG)
    studio.when(number, under_way)
    with studio.database.session() as session:
        rows.cancel(session, session.get(Job, number), 1.0)
    step = studio.job(number).progress
    following = studio.submit(photo)
    assert studio.when(following, lambda job: job.ended).state == "done"
    cancelled = studio.job(number)
    assert (cancelled.state, cancelled.progress) == ("cancelled", step)
    assert names(studio, number).isdisjoint(PAINTED)
    assert studio.mails(number) == []
    assert not (studio.configuration.work / str(number)).exists()


def test_of_a_deleted_job_nothing_is_left(studio, photo):
    number = studio.submit(photo, **LONG)
    studio.when(number, under_way)
    with studio.database.session() as session:
        rows.remove(session, session.get(Job, number))
    studio.files.remove(number)
    following = studio.submit(photo)
    studio.when(following, lambda job: job.ended)
    assert names(studio, number) == set()
    assert not (studio.configuration.work / str(number)).exists()


def test_logs_are_json_without_tokens_and_addresses(studio, photo):
    number = studio.submit(photo)
    studio.when(number, lambda job: job.ended)
    until(lambda: studio.letters(number), "a mail")
    log = studio.log()
    events = [json.loads(row) for row in log.splitlines()]
    assert {"handed over", "done", "sent"} <= {event["event"] for event in events}
    with studio.database.reading() as session:
        for token in session.scalars(select(Job.token)):
            assert token not in log
    assert "anna@" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGHUP])
def test_painters_that_are_asked_to_stop_checkpoint_and_go_on_from_there(studio, photo, signal_number):
    number = studio.submit(photo, **LONG)
    studio.when(number, under_way)
    code, took = studio.stop(signal_number)
    assert code == 0
    assert took < 30  # what a service manager gives it
    stopped = studio.job(number)
    assert (stopped.state, stopped.attempt, stopped.deaths) == ("waiting", 1, 0)
    assert list(studio.configuration.work.glob(f"{number}/1/checkpoint.json"))
    studio.start()
    going_on = studio.when(number, lambda job: job.attempt == 2 and job.progress != stopped.progress)
    assert going_on.curve[: len(stopped.curve)] == stopped.curve
    done = studio.when(number, lambda job: job.ended)
    assert (done.state, done.attempt, done.deaths) == ("done", 2, 0)
    assert len(done.curve) == STEPS


def test_a_killed_server_takes_its_painters_along_and_the_next_goes_on(studio, photo):
    number = studio.submit(photo, **LONG)
    studio.when(number, under_way)
    studio.stop(signal.SIGKILL)
    assert studio.job(number).state == "painting"
    studio.start()
    done = studio.when(number, lambda job: job.ended)
    assert (done.state, done.attempt, done.deaths) == ("done", 2, 1)
    until(lambda: studio.letters(number), "a mail")
    assert len(studio.letters(number)) == len(studio.mails(number)) == 1


def test_a_port_in_use_is_one_line(studio, run):
    port = studio.address.rpartition(":")[2]
    done = run("serve", "--port", port, IMPASTO_DATA_DIR=str(studio.folder))
    assert done.returncode == 1
    assert line(done) == f"impasto: port {port} is in use; choose another with --port, or 0 for any"


def test_settings_are_checked_and_described(run, tmp_path):
    assert run("serve", "--settings", tmp_path / "none").returncode == 2
    file = tmp_path / "studio.env"
    file.write_text("IMPASTO_PAINTERS=none\n")
    done = run("serve", "--settings", file)
    assert done.returncode == 2
    assert line(done).startswith("impasto: IMPASTO_PAINTERS can't be 'none': input should be a valid integer")
    described = run("serve", "--help-settings").stdout.decode()
    for name, field in Configuration.model_fields.items():
        assert f"IMPASTO_{name.upper()}=" in described
        assert field.description in described


def test_without_the_extra_it_says_what_to_install():
    code = "import sys; sys.modules['pydantic_settings'] = None; from impasto.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "serve"], capture_output=True, timeout=100)
    assert done.returncode == 1
    assert line(done).endswith("is not installed, which the studio needs; pip install impasto[studio]")


# One attempt at a job, as a worker makes it, where no disk is waited for longer than a moment.
ATTEMPT = """
import sys
from impasto.studio.painters import lease
from impasto.studio.painters import task as painting
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.rows import Job, State
from impasto.studio.painters import place
from impasto.studio.jobs.attempts import Attempt
lease.PATIENCE, lease.PAUSE = float(sys.argv[1]), 0.1
painting.paint(Configuration(), Attempt(int(sys.argv[2]), 1))
"""


@pytest.fixture
def small_disk(tmp_path, request):
    place = tmp_path / "disk"
    place.mkdir()
    size = getattr(request, "param", "128k")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("only root can make a small disk")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(file):
    """Write until there is no room."""
    with suppress(OSError), file.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


@pytest.mark.parametrize("room", [False, True])
def test_on_a_full_disk_a_painting_waits_and_then_fails_or_ends_whole(small_disk, tmp_path, home, photo, room):
    studio = Studio(tmp_path, home, files_url=str(small_disk))
    studio.database.migrate()
    number = studio.submit(photo)
    with studio.database.session() as session:
        queue.claim(session, 1e10, 30)
    ballast = small_disk / "ballast"
    fill(ballast)
    patience = 100 if room else 0.5
    painter = subprocess.Popen(
        [sys.executable, "-c", ATTEMPT, str(patience), str(number)],
        env=studio.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for event in painter.stderr:
        if "no room on the disk" in event:
            break
    if room:
        ballast.unlink()
    painter.communicate(timeout=200)
    assert painter.returncode == 0
    ended = studio.job(number)
    if room:
        assert ended.state == "done"
        kept(studio, number)
    else:
        assert (ended.state, ended.error) == ("failed", "the studio's disk is full; try again later")
        assert list(small_disk.glob("*/*")) == [small_disk / str(number) / "photo.png"]
    assert [mail.kind for mail in studio.mails(number)] == [ended.state]
    studio.close()


@pytest.mark.parametrize("meanwhile", ["waits again", "another paints it", "cancelled"])
def test_a_finished_painting_whose_lease_was_lost_is_kept_where_it_is_still_wanted(
    small_disk, tmp_path, home, photo, meanwhile
):
    studio = Studio(tmp_path, home, files_url=str(small_disk))
    studio.database.migrate()
    number = studio.submit(photo)
    with studio.database.session() as session:
        queue.claim(session, 1e10, 30)
    ballast = small_disk / "ballast"
    fill(ballast)
    painter = subprocess.Popen(
        [sys.executable, "-c", ATTEMPT, "100", str(number)], env=studio.environment, stderr=subprocess.PIPE, text=True
    )
    for event in painter.stderr:
        if "no room on the disk" in event:
            break
    with studio.database.session() as session:
        if meanwhile == "cancelled":
            rows.cancel(session, session.get(Job, number), 1.0)
        else:
            attempts.take_up(session, 1e11)
    if meanwhile == "another paints it":
        with studio.database.session() as session:
            queue.claim(session, 1e10, 30)
    if meanwhile != "cancelled":
        until(lambda: "lease lost" in painter.stderr.readline(), "the painter to notice")
    ballast.unlink()
    painter.communicate(timeout=200)
    ended = studio.job(number)
    if meanwhile == "cancelled":
        assert ended.state == "cancelled"
        assert PAINTED.isdisjoint(names(studio, number))
    else:
        assert ended.state == "done"
        kept(studio, number)
        with studio.database.session() as session:  # what the other still writes changes nothing
            assert not attempts.finish(session, Attempt(number, 2), 1.0, 1.0)
    assert [mail.kind for mail in studio.mails(number)] == ([] if meanwhile == "cancelled" else ["done"])
    studio.close()


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
def test_a_disk_that_was_full_for_longer_than_a_lease_costs_no_painting(small_disk, home, photo):
    (small_disk / "data").mkdir()
    studio = Studio(small_disk / "data", home, min_free=0)
    studio.log_file = small_disk.parent / "log"
    try:
        studio.start()
        number = studio.submit(photo, size=128, quality="draft")
        studio.when(number, lambda job: job.progress is not None)
        fill(small_disk / "ballast")
        until(lambda: "the database can't be reached, or written to" in studio.log(), "the end of the lease")
        (small_disk / "ballast").unlink()
        done = studio.when(number, lambda job: job.ended)
        assert (done.state, done.attempt, done.deaths) == ("done", 1, 0)
        until(lambda: len(studio.letters(number)) == 1, "a mail")
    finally:
        studio.close()


def test_there_is_a_painter_on_each_device_that_is_named(tmp_path, home, photo):
    studio = Studio(tmp_path / "data", home, devices="cpu,cpu")
    studio.start()
    try:
        jobs = [studio.submit(photo) for _ in range(2)]
        assert {studio.when(job, lambda row: row.ended).state for job in jobs} == {State.DONE}
        assert len(studio.painters()) == 2
    finally:
        studio.close()


def test_who_takes_a_painters_place_has_its_device(monkeypatch):
    configuration = Configuration(devices="cuda:0,cuda:2")
    worker = SimpleNamespace()
    monkeypatch.setattr("distributed.get_worker", lambda: worker)
    for worker.name, device in ((0, "cuda:0"), (1, "cuda:2"), ("1", "cuda:2")):
        assert place.machine(configuration)["device"] == device
    assert place.machine(Configuration())["device"] == "auto"
