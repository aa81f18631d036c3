"""The mail: what it says, and that one copy of it arrives, through a real SMTP server that is not always willing."""

import re
import ssl
import threading
import time
from email import policy
from email.parser import BytesParser

import certificates
import pytest
from aiosmtpd.smtp import AuthResult
from smtp_server import Mailbox, serve
from sqlalchemy import delete, select, update

from impasto import images
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, queue, rows
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import outbox
from impasto.studio.mail.outbox import Mail
from impasto.studio.mail.post import Post
from impasto.studio.uploads import views


@pytest.fixture
def mailbox():
    mailbox = Mailbox()
    controller, mailbox.port = serve(mailbox)
    yield mailbox
    controller.stop()


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    return Configuration(data_dir=tmp_path_factory.mktemp("studio"), public_url="https://paint.example.org/", port=1)


@pytest.fixture(scope="module")
def migrated(configuration):
    database = Database(configuration.database)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def database(migrated):
    with migrated.session() as session:
        session.execute(delete(Job))
    return migrated


@pytest.fixture
def files(configuration):
    return Files(configuration.files)


@pytest.fixture
def post(configuration, database, files, mailbox):
    smtp = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_security": "none"}
    return Post(configuration.model_copy(update=smtp), database, files, threading.Event())


STYLES = [
    {"name": "night", "weight": 1.0, "file": None},
    {"name": "Buy <b>pills</b> at pills.example", "weight": 1.0, "file": "style-1.png"},
]


def ended(database, files, photo, error=None, email="anna@example.org", language="en"):
    """A job that is done, or has failed with an error."""
    now = time.time()
    with database.session() as session:
        job = queue.submit(
            session, settings={"quality": "draft"}, styles=STYLES, width=96, height=72, email=email, submitter="a",
            owner="a", now=now, keep_days=7, max_waiting=9, confirmed=True, language=language,
        )  # fmt: skip
    with database.session() as session:
        queue.claim(session, now, 30)
        if error:
            attempts.fail(session, Attempt(job.id, 1), now, error)
        else:
            files.write(job.id, "painting-mail.jpg", views.jpeg(images.read(photo).pixels, 96))
            attempts.finish(session, Attempt(job.id, 1), now, 1.0)
        return session.get(Job, job.id)


def row(database):
    with database.reading() as session:
        return session.scalars(select(Mail)).one()


def due_at_once(database):
    with database.session() as session:
        session.execute(update(Mail).values(next_try=0))


def test_the_mail_of_a_painting(post, database, files, photo, mailbox):
    job = ended(database, files, photo)
    post.deliver(time.time())
    (letter,) = mailbox.letters()
    assert mailbox.accepted[0].rcpt_tos == ["anna@example.org"]
    assert letter["Subject"] == "Your painting is ready"
    assert (letter["To"], letter["From"]) == ("anna@example.org", "Impasto <impasto@localhost>")
    assert letter["Message-ID"] == row(database).message_id
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime.timestamp() == pytest.approx(job.finished, abs=1)
    page = f"https://paint.example.org/p/{job.token}"
    image = f"https://paint.example.org/api/paintings/{job.token}/image?kind=painting&download=1&format="
    expires = time.strftime("%B %Y, %H:%M UTC", time.gmtime(job.expires))
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    never = letter["List-Unsubscribe"].strip("<>")
    linked = {page, f"{image}jpg", f"{image}png", f"{page}/delete", "https://paint.example.org", never}
    assert never.startswith("https://paint.example.org/mail/never/")
    assert linked - {"https://paint.example.org"} <= set(re.findall(r"https?://\S+", text))
    assert set(re.findall(r'href="([^"]*)"', html.replace("&amp;", "&"))) == linked
    for said in (text, html):
        assert expires in said
        assert "Swirling night and your own style" in said
        assert "pills" not in said  # what a stranger wrote reaches nobody
    # the only picture is the one that comes with it: nothing is fetched, and nobody learns that it was opened
    (source,) = re.findall(r'src="([^"]*)"', html)
    assert "url(" not in html
    (picture,) = [part for part in letter.walk() if part.get_content_type() == "image/jpeg"]
    assert source == f"cid:{picture['Content-ID'].strip('<>')}"
    assert picture.get_content_disposition() == "inline"
    assert images.read(picture.get_content()).width == 96


@pytest.mark.parametrize(
    ("language", "done", "failed", "styles", "deleted"),
    [
        ("fr", "Votre tableau est prêt", "Votre photo n’a pas pu être peinte", "Nuit tourbillonnante et", "supprimés"),
        ("de", "Ihr Gemälde ist fertig", "Ihr Foto konnte nicht gemalt werden", "Wirbelnde Nacht und", "gelöscht"),
        ("es", "Su cuadro está listo", "No se pudo pintar su foto", "Noche de remolinos y", "borran"),
    ],
)
def test_a_mail_is_in_the_language_of_its_job(
    post, database, files, photo, mailbox, language, done, failed, styles, deleted
):
    ended(database, files, photo, language=language)
    ended(database, files, photo, error=attempts.DIED, language=language)
    post.deliver(time.time())
    good, bad = mailbox.letters()
    assert (good["Subject"], bad["Subject"]) == (done, failed)
    for kind in ("plain", "html"):
        said = good.get_body((kind,)).get_content()
        assert styles in said
        assert deleted in said
        assert not re.search(
            r"\b(the|and|painting|photo was)\b",
            re.sub(r"https?://\S+|<style>.*?</style>|<[^>]*>", "", said, flags=re.S),
        )
        assert "three times" not in bad.get_body((kind,)).get_content()
    assert f'<html lang="{language}">' in good.get_body(("html",)).get_content()


def test_the_mail_of_a_failure_says_why(post, database, files, photo, mailbox):
    job = ended(database, files, photo, error="the studio's disk is full; try again <later>")
    post.deliver(time.time())
    (letter,) = mailbox.letters()
    assert letter["Subject"] == "Your photo could not be painted"
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "The studio's disk is full; try again <later>." in text
    assert "try again &lt;later&gt;." in html
    assert f"https://paint.example.org/p/{job.token}/delete" in text
    assert letter.get_body(("related", "html")).get_content_type() == "text/html"


def test_a_server_that_says_no_for_a_while_gets_one_mail(post, database, files, photo, mailbox):
    ended(database, files, photo)
    pauses = []
    for to_recipient, to_data in (("451 later", ""), ("250 OK", "451 4.7.1 greylisted"), ("421 closing", "")):
        mailbox.to_recipient, mailbox.to_data = to_recipient, to_data
        due_at_once(database)
        before = time.time()
        post.deliver(before)
        mail = row(database)
        pauses.append(mail.next_try - before)
        assert (mail.sent, mail.given_up) == (None, False)
    assert pauses[0] < pauses[1] < pauses[2]
    assert mailbox.accepted == []
    post.deliver(time.time())  # not due
    mailbox.to_recipient = mailbox.to_data = "250 OK"
    assert row(database).tries == 3
    for _ in range(3):
        due_at_once(database)
        post.deliver(time.time())
    assert len(mailbox.accepted) == 1
    assert row(database).sent is not None
    assert mailbox.letters()[0]["Message-ID"] == row(database).message_id


def test_a_server_that_is_away_is_tried_again(configuration, database, files, photo):
    for number in range(2):
        ended(database, files, photo, email=f"{number}@example.org")
    away = {"smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_security": "none"}
    Post(configuration.model_copy(update=away), database, files, threading.Event()).deliver(time.time())
    with database.reading() as session:
        mails = list(session.scalars(select(Mail)))
        assert outbox.due(session, time.time()) == []
    assert [(mail.tries, mail.sent, mail.given_up) for mail in mails] == [(1, None, False)] * 2
    assert all("refused" in mail.error for mail in mails)


def test_a_mail_that_cannot_be_written_is_tried_again_too_and_those_behind_it_are_sent(
    post, database, files, photo, mailbox, monkeypatch
):
    first = ended(database, files, photo)
    ended(database, files, photo, error="it went wrong", email="bert@example.org")

    def away(_files, _job, _name):
        raise RuntimeError("the store of pictures is away")

    monkeypatch.setattr(Files, "read", away)
    post.deliver(time.time())
    assert [envelope.rcpt_tos for envelope in mailbox.accepted] == [["bert@example.org"]]
    with database.reading() as session:
        mail = session.scalars(select(Mail).where(Mail.job_id == first.id)).one()
    assert (mail.tries, mail.sent, mail.given_up) == (1, None, False)
    assert mail.error == "the store of pictures is away"


def test_a_recipient_who_is_refused_for_good_is_given_up(post, database, files, photo, mailbox):
    ended(database, files, photo)
    mailbox.to_recipient = "550 5.1.1 no such user"
    post.deliver(time.time())
    assert (row(database).given_up, row(database).tries) == (True, 1)
    assert "no such user" in row(database).error
    mailbox.to_recipient = "250 OK"
    due_at_once(database)
    post.deliver(time.time())
    assert mailbox.accepted == []


def test_two_that_send_at_the_same_time_send_one_copy(configuration, database, files, photo, mailbox):
    smtp = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_security": "none"}
    posts = [Post(configuration.model_copy(update=smtp), database, files, threading.Event()) for _ in range(4)]
    for _ in range(3):
        ended(database, files, photo)
    threads = [threading.Thread(target=post.deliver, args=(time.time(),)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.accepted) == len({letter["Message-ID"] for letter in mailbox.letters()}) == 3


def test_of_a_deleted_job_no_mail_is_sent(post, database, files, photo, mailbox):
    job = ended(database, files, photo)
    with database.session() as session:
        rows.remove(session, session.get(Job, job.id))
    post.deliver(time.time())
    assert mailbox.accepted == []


def test_mails_to_a_folder_are_whole_files(configuration, database, files, photo, tmp_path):
    folder = tmp_path / "mails"
    to_folder = configuration.model_copy(update={"mail_folder": folder})
    ended(database, files, photo)
    for _ in range(2):
        Post(to_folder, database, files, threading.Event()).deliver(time.time())
        with database.session() as session:  # as if it had died before the row was updated
            session.execute(update(Mail).values(next_try=0, sent=None))
    (path,) = folder.iterdir()
    letter = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert letter["Message-ID"] == row(database).message_id
    assert path.suffix == ".eml"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trusted", [True, False])
def test_passwords_go_over_an_encrypted_connection_to_the_named_server_alone(
    configuration, database, files, photo, certificate, monkeypatch, security, trusted
):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    known = []

    def check(_server, session, _envelope, _mechanism, data):
        known.append((data.login, data.password, session.ssl is not None or security == "tls"))
        return AuthResult(success=data.password == b"secret")

    mailbox = Mailbox()
    options = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    controller, port = serve(
        mailbox, authenticator=check, auth_required=True, auth_require_tls=security == "starttls", **options
    )
    given = {
        "smtp_host": "localhost", "smtp_port": port, "smtp_security": security, "smtp_user": "studio",
        "smtp_password": "secret",
    }  # fmt: skip
    try:
        ended(database, files, photo)
        secure = Configuration(data_dir=configuration.data_dir, **given)
        Post(secure, database, files, threading.Event()).deliver(time.time())
    finally:
        controller.stop()
    assert known == ([(b"studio", b"secret", True)] if trusted else [])
    assert len(mailbox.accepted) == trusted
    assert (row(database).sent is not None) == trusted
