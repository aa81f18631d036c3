"""The studio's jobs: their states, whose turn it is, leases, estimates and the outbox, in SQLite and PostgreSQL."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import as_file, files
from tempfile import TemporaryDirectory

import pytest
from alembic import command
from alembic.config import Config
from curves import point
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_server import binaries, postgres
from sqlalchemy import delete, select

from impasto.studio.jobs import attempts, estimates, limits, outlook, queue, rows
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import LEGAL, IllegalChangeError, Job, State
from impasto.studio.mail import consent, outbox

NOW = 1_800_000_000.0
TABLES = (outbox.Mail, Job, estimates.Pace, limits.Use, consent.Confirmation, consent.Refusal)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('jobs') / 'studio.db'}"
    elif binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL here; apt-get install postgresql brings it")
    else:
        with postgres(tmp_path_factory.mktemp("postgres")) as url:
            yield url


@pytest.fixture(scope="module")
def migrated(url):
    database = Database(url)
    database.migrate()
    database.migrate()  # a second time there is nothing to do
    yield database
    database.close()


@pytest.fixture
def database(migrated):
    with migrated.session() as session:
        for table in TABLES:
            session.execute(delete(table))
    return migrated


def submit(database, submitter="anna", **changes):
    asked = {
        "settings": {"quality": "draft"}, "styles": [{"name": "night", "weight": 1.0, "file": None}], "width": 1000,
        "height": 1000, "email": None, "submitter": submitter, "owner": submitter, "now": NOW, "keep_days": 7,
        "max_waiting": 1000,
    }  # fmt: skip
    with database.session() as session:
        return queue.submit(session, **asked | changes)


def claim(database, now=NOW):
    with database.session() as session:
        return queue.claim(session, now, 30)


def attempt(job):
    return Attempt(job.id, job.attempt)


def now_of(database, job):
    with database.reading() as session:
        return session.get(Job, job.id)


def mails(database):
    with database.reading() as session:
        return list(session.scalars(select(outbox.Mail)))


def test_tables_are_those_of_the_models(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Job.metadata) == []


def test_jobs_of_before_anybody_was_asked_are_painted_without_a_mail(database):
    with as_file(files("impasto.studio.jobs") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        submit(database, email="anna@example.org", confirmed=True)
        claimed = claim(database)
        with database.session() as session:
            attempts.finish(session, attempt(claimed), NOW, 1.0)
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")
    database.migrate()
    job = now_of(database, claimed)
    assert (job.state, job.email, job.confirmed) == (State.DONE, None, False)
    assert mails(database) == []


@pytest.mark.parametrize("state", State)
def test_only_the_legal_changes_happen(state):
    for other in State:
        job = Job(state=state)
        if other in LEGAL[state]:
            job.change(other)
            assert job.state == other
        else:
            with pytest.raises(IllegalChangeError, match=f"{state} can't become {other}"):
                job.change(other)


def test_a_token_opens_its_job_alone(database):
    first, second = submit(database), submit(database)
    assert len(first.token) >= 22  # 128 bits
    with database.reading() as session:
        assert rows.by_token(session, second.token).id == second.id
        assert rows.by_token(session, first.token[:-1]) is None
        assert [job.id for job in rows.of_owner(session, "anna")] == [second.id, first.id]


def test_nobody_with_many_jobs_stands_before_somebody_with_one(database):
    many = [submit(database, "anna") for _ in range(5)]
    one = submit(database, "bert")
    with database.reading() as session:
        places = outlook.look(session, 1).places
    assert [places[job.id] for job in (*many, one)] == [0, 2, 3, 4, 5, 1]
    assert [claim(database, NOW + i).id for i in range(3)] == [many[0].id, one.id, many[1].id]
    late = submit(database, "carl")
    assert claim(database).id == late.id


@settings(max_examples=25, deadline=None)  # each makes the tables
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_turns_are_round_robin_whoever_submits_when(submitters):
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/studio.db")
        database.migrate()
        for submitter in submitters:
            submit(database, submitter)
        with database.reading() as session:
            turns = session.scalars(queue.in_turn(Job.id)).all()
            first = session.scalars(queue.next_of_each(Job.id)).all()
        assert first == turns[: len(set(submitters))]
        taken = [claim(database, NOW + i).submitter for i in range(len(submitters))]
        assert claim(database) is None
        database.close()
    while taken:
        turn = {who for who in submitters if who in taken}
        assert set(taken[: len(turn)]) == turn  # everybody who has one left, once
        for who in taken[: len(turn)]:
            submitters.remove(who)
        taken = taken[len(turn) :]


def test_a_job_is_taken_by_one_of_many(database):
    wanted = {submit(database, f"who-{i}").id for i in range(12)}
    start = threading.Barrier(6)

    def take_two(_):
        start.wait()
        return [claim(database) for _ in range(2)]

    with ThreadPoolExecutor(6) as pool:
        taken = [job.id for pair in pool.map(take_two, range(6)) for job in pair if job]
    assert len(taken) == len(set(taken))
    while (job := claim(database)) is not None:
        taken.append(job.id)
    assert set(taken) == wanted


def test_the_queue_is_full_at_some_time(database):
    submit(database)
    with pytest.raises(queue.QueueFullError, match="no more are taken"):
        submit(database, max_waiting=1)


def test_a_painter_that_lost_its_job_changes_nothing(database):
    submit(database, email="anna@example.org", confirmed=True)
    first = claim(database)
    with database.session() as session:
        assert attempts.renew(session, attempt(first), NOW + 60)
        assert attempts.take_up(session, NOW + 59) == []
        assert [job.id for job in attempts.take_up(session, NOW + 61)] == [first.id]
    second = claim(database, NOW + 62)
    assert (second.id, second.attempt, second.deaths) == (first.id, 2, 1)
    with database.session() as session:
        assert not attempts.renew(session, attempt(first), NOW + 999)
        assert not attempts.report(session, attempt(first), {"share": 0.9}, None, 9)
        assert not attempts.fail(session, attempt(first), NOW, "late")
        assert not attempts.release(session, attempt(first))
        assert attempts.take_up(session, NOW + 63, lost=attempt(first)) == []
        assert attempts.report(session, attempt(second), {"share": 0.1}, point(1, 3.0, 4.0), 1)
        assert attempts.finish(session, attempt(second), NOW + 70, 8.0)
    job = now_of(database, second)
    assert (job.state, job.preview, job.progress, job.curve) == (State.DONE, 1, {"share": 0.1}, [point(1, 3.0, 4.0)])
    assert [(mail.recipient, mail.kind) for mail in mails(database)] == [("anna@example.org", "done")]


def test_a_painting_that_is_finished_late_is_taken_once(database):
    submit(database, email="anna@example.org", confirmed=True)
    first = claim(database)
    with database.session() as session:
        attempts.take_up(session, NOW + 61)
    second = claim(database, NOW + 62)
    with database.session() as session:
        assert attempts.finish(session, attempt(first), NOW + 63, 61.0)
        assert not attempts.report(session, attempt(second), {"share": 0.9}, None, 9)
        assert not attempts.fail(session, attempt(second), NOW + 64, "late")
        assert not attempts.finish(session, attempt(second), NOW + 64, 1.0)
    job = now_of(database, first)
    assert (job.state, job.seconds, job.attempt) == (State.DONE, 61.0, 2)
    assert [mail.kind for mail in mails(database)] == ["done"]


def test_after_three_deaths_a_job_has_failed_and_says_so_by_mail(database):
    submit(database, email="anna@example.org", confirmed=True)
    for death in range(3):
        job = claim(database)
        with database.session() as session:
            assert len(attempts.take_up(session, NOW, lost=attempt(job))) == 1
        assert now_of(database, job).deaths == death + 1
    assert now_of(database, job).state == State.FAILED
    assert "three times" in now_of(database, job).error
    assert [mail.kind for mail in mails(database)] == ["failed"]
    assert claim(database) is None
    with database.session() as session:
        rows.retry(session, session.get(Job, job.id))
    assert claim(database).deaths == 0


def test_giving_a_job_back_is_no_death(database):
    submit(database)
    job = claim(database)
    with database.session() as session:
        attempts.ask_to_stop(session, [attempt(job)])
    with database.session() as session:
        assert attempts.stopping(session, attempt(job))
        assert attempts.release(session, attempt(job))
    again = claim(database)
    assert (again.attempt, again.deaths, again.stopping) == (2, 0, False)


def test_a_cancelled_job_is_its_painters_no_more(database):
    submit(database)
    job = claim(database)
    with database.session() as session:
        rows.cancel(session, session.get(Job, job.id), NOW)
    with database.session() as session:
        assert not attempts.finish(session, attempt(job), NOW, 1.0)
        with pytest.raises(IllegalChangeError):
            rows.cancel(session, session.get(Job, job.id), NOW)


def test_a_curve_keeps_its_shape_in_bounded_room(database):
    submit(database)
    job = claim(database)
    with database.session() as session:
        for step in range(700):
            attempts.report(session, attempt(job), {}, point(step, 0.0, 0.0), None)
    steps = [point["step"] for point in now_of(database, job).curve]
    assert len(steps) <= attempts.POINTS
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert steps[-1] >= 690


def test_estimates_learn_from_what_was_painted(database):
    with database.session() as session:
        unknown = estimates.seconds(session, "draft", 1000, 1000)
        estimates.calibrate(session, "draft", 40.0)
        assert estimates.seconds(session, "draft", 1000, 1000) == 40 + estimates.START != unknown
        assert estimates.seconds(session, "draft", 500, 1000) == 20 + estimates.START
        assert estimates.seconds(session, "fine", 1000, 1000) == estimates.UNKNOWN["fine"] + estimates.START
        small, large = (estimates.seconds(session, "standard", *size) for size in ((512, 384), (1024, 768)))
        assert small == large  # the small one is painted on a finer canvas at last
    for took in (10.0, 30.0, 500.0):
        submit(database)
        job = claim(database)
        with database.session() as session:
            attempts.finish(session, attempt(job), NOW, took)
    with database.session() as session:
        assert estimates.seconds(session, "draft", 1000, 1000) == 30.0


def test_how_long_a_job_waits_follows_from_those_before_it(database):
    with database.session() as session:
        estimates.calibrate(session, "draft", 60 - estimates.START)
        assert outlook.look(session, 1).wait_of_new("dora") == 0
    for who in ("anna", "anna", "anna", "bert"):
        last = submit(database, who)
    painting = claim(database)
    with database.session() as session:
        attempts.report(session, attempt(painting), {"seconds_left": 15.0}, None, None)
    with database.reading() as session:
        one, two = outlook.look(session, 1), outlook.look(session, 2)
    assert one.wait(last.id) == 15  # bert's one is next
    assert one.wait_of_new("dora") == 15 + 2 * 60
    assert one.wait_of_new("anna") == 15 + 3 * 60
    assert two.wait_of_new("anna") == 60 + 15
    assert one.count == 3


def test_mail_is_tried_with_growing_pauses_for_two_days(database):
    submit(database, email="anna@example.org", confirmed=True)
    claimed = claim(database)
    with database.session() as session:
        attempts.finish(session, attempt(claimed), NOW, 1.0)
    now, pauses, names = NOW, [], set()
    while True:
        with database.session() as session:
            (mail,) = outbox.due(session, now)
            names.add(mail.message_id)
            outbox.postpone(mail, now, "refused")
            if mail.given_up:
                break
            pauses.append(mail.next_try - now)
            assert outbox.due(session, mail.next_try - 1) == []
            now = mail.next_try
    assert pauses == sorted(pauses)
    assert 1.8 * 86400 < sum(pauses) <= 2 * 86400
    assert len(names) == 1
    with database.session() as session:
        assert outbox.due(session, now + 10 * 86400) == []


def test_who_says_yes_in_the_moment_of_a_jobs_end_gets_one_mail(database):
    for number in range(12):
        job = submit(database, f"browser {number}", email="anna@example.org")
        with database.session() as session:
            session.execute(delete(limits.Use))
            consent.ask(session, session.get(Job, job.id), NOW)
        with database.reading() as session:
            token = consent.question(session, job.owner, job.email, NOW)
        claimed = claim(database)
        ready = threading.Barrier(2)

        def finish(claimed=claimed, ready=ready):
            with database.session() as session:
                ready.wait(20)
                assert attempts.finish(session, attempt(claimed), NOW, 1.0)

        def confirm(token=token, ready=ready):
            ready.wait(20)
            with database.session() as session:
                assert consent.confirm(session, token, NOW) is consent.Link.GOOD

        with ThreadPoolExecutor(2) as both:
            for done in [both.submit(each) for each in (finish, confirm)]:
                done.result()
        assert [mail.kind for mail in mails(database) if mail.job_id == job.id] == ["confirm", "done"]


def test_a_question_that_nobody_answers_is_forgotten(database):
    for owner in ("anna", "bert"):
        job = submit(database, owner, email=f"{owner}@example.org")
        with database.session() as session:
            consent.ask(session, session.get(Job, job.id), NOW)
            token = consent.question(session, owner, job.email, NOW)
    with database.session() as session:
        consent.confirm(session, token, NOW)
    with database.session() as session:
        consent.forget(session, NOW + consent.KEPT + 1)
        assert [row.owner for row in session.scalars(select(consent.Confirmation))] == ["bert"]


def test_what_is_deleted_is_gone_with_its_mails_and_its_number(database):
    job = submit(database, email="anna@example.org", confirmed=True)
    claimed = claim(database)
    with database.session() as session:
        attempts.finish(session, attempt(claimed), NOW, 1.0)
    assert len(mails(database)) == 1
    with database.session() as session:
        assert rows.expired(session, NOW + 6 * 86400) == []
        (old,) = rows.expired(session, NOW + 8 * 86400)
        rows.remove(session, old)
    assert mails(database) == []
    assert now_of(database, job) is None
    assert submit(database).id > job.id


def test_uses_are_counted_for_a_day_and_not_by_name(database):
    with database.session() as session:
        for ago in (100_000, 4000, 10):
            limits.note(session, "job", "127.0.0.1", NOW - ago)
        limits.note(session, "job", "127.0.0.2", NOW)
        limits.note(session, "mail", "Anna@example.org ", NOW)
        assert limits.uses(session, "job", "127.0.0.1", NOW - 3600) == 1
        assert limits.uses(session, "job", "127.0.0.1", NOW - 90_000) == 2
        assert limits.uses(session, "mail", "anna@EXAMPLE.org", NOW - 60) == 1
        assert not any("127" in use.who or "anna" in use.who.lower() for use in session.scalars(select(limits.Use)))


def test_files_are_there_whole_or_not_at_all(tmp_path):
    files = Files(str(tmp_path / "files"))
    assert files.names(7) == []
    assert files.jobs() == []
    with pytest.raises(FileNotFoundError):
        files.read(7, "photo.png")
    files.write(7, "photo.png", b"one")
    files.write(7, "photo.png", b"two")
    files.write(8, "style-0.png", b"three")
    assert files.read(7, "photo.png") == b"two"
    assert files.names(7) == ["photo.png"]
    assert files.jobs() == [7, 8]
    files.remove_file(7, "photo.png")
    files.remove_file(7, "photo.png")
    files.remove(8)
    files.remove(8)
    assert files.names(7) == files.names(8) == []
