"""Addresses in other letters, and of a house: what the form takes, and what mail servers are told."""

import threading
import time

import pytest
from smtp_server import Mailbox, serve
from studio_web import Web, picture

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, queue
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.mail import server as mail_server
from impasto.studio.mail.post import Post


@pytest.fixture
def web(tmp_path):
    with Web(tmp_path).serving() as web:
        yield web


def sent_to(web, address, **settings):
    """Have a mail to an address sent, as one that the form took."""
    now = time.time()
    with web.database.session() as session:
        job = queue.submit(
            session, settings={}, styles=[{"name": "ink", "weight": 1.0, "file": None}], width=64, height=48,
            email=address, submitter="a", owner="a", now=now, keep_days=7, max_waiting=9, confirmed=True,
        )  # fmt: skip
        queue.claim(session, now, 30)
        attempts.fail(session, Attempt(job.id, 1), now, "it went wrong")
    configuration = web.configuration.model_copy(update=settings)
    Post(configuration, web.database, web.files, threading.Event()).deliver(time.time())


@pytest.fixture(params=[True, False], ids=["SMTPUTF8", "ASCII"])
def mailbox(request):
    mailbox = Mailbox()
    mailbox.utf8 = request.param
    controller, port = serve(mailbox, enable_SMTPUTF8=mailbox.utf8)
    mailbox.settings = {
        "mail_folder": None, "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
        "mail_from": "Müllers Atelier <impasto@bücher.example>",
    }  # fmt: skip
    yield mailbox
    controller.stop()


@pytest.mark.parametrize("address", ["a@bücher.example", "a@xn--bcher-kva.example"])
def test_a_domain_in_other_letters_is_told_in_those_that_every_server_knows(web, mailbox, address):
    sent_to(web, address, **mailbox.settings)
    (envelope,) = mailbox.accepted
    assert envelope.rcpt_tos == ["a@xn--bcher-kva.example"]
    assert envelope.mail_from == "impasto@xn--bcher-kva.example"
    (letter,) = mailbox.letters()
    assert letter["To"] == "a@xn--bcher-kva.example"
    assert letter["From"] == "Müllers Atelier <impasto@xn--bcher-kva.example>"
    assert b"To: a@xn--bcher-kva.example\r\n" in envelope.content


def test_a_name_in_other_letters_is_sent_to_where_the_server_knows_them(web, mailbox):
    sent_to(web, "jörg@bücher.example", **mailbox.settings)
    assert [envelope.rcpt_tos for envelope in mailbox.accepted] == [["jörg@xn--bcher-kva.example"]] * mailbox.utf8
    if mailbox.utf8:
        assert "To: jörg@xn--bcher-kva.example\r\n".encode() in mailbox.accepted[0].content


def test_a_mail_in_the_folder_has_its_address_in_plain_letters(web):
    sent_to(web, "jörg@bücher.example")
    (path,) = web.configuration.mail_folder.glob("*.eml")
    assert "To: jörg@xn--bcher-kva.example\r\n".encode() in path.read_bytes()


def ask(web, email):
    return web.client.post("/api/paintings", files={"photo": ("a.png", picture())}, data={"email": email})


def test_the_form_refuses_a_name_that_the_server_does_not_know(web, mailbox):
    for name, value in mailbox.settings.items():
        setattr(web.configuration, name, value)
    web.application.state.utf8_addresses = mail_server.check(web.configuration)
    answer = ask(web, "jörg@example.org")
    if mailbox.utf8:
        assert answer.status_code == 201
    else:
        assert answer.status_code == 422
        assert answer.json()["detail"] == (
            "This studio's mail server knows only plain letters before the @: give another address, or leave it empty."
        )
    assert ask(web, "a@bücher.example").status_code == 201


@pytest.mark.parametrize("address", ["a@intranet", "a@b.local", "a@localhost"])
@pytest.mark.parametrize("house", [True, False])
def test_addresses_of_a_house_are_let_in_by_a_setting(tmp_path, address, house):
    with Web(tmp_path, local_addresses=house).serving() as web:
        answer = ask(web, address)
        assert answer.status_code == (201 if house else 422)
        if house:
            assert web.row(answer.json()["token"]).email == address
        for wrong in ("a", "a@", "@intranet", "a b@intranet", "a@in tranet", "a@b@intranet", "a@intranet.", "a@-x"):
            assert ask(web, wrong).status_code == 422, wrong


def test_mails_to_a_house_arrive(web, mailbox):
    sent_to(web, "a@intranet", **mailbox.settings)
    assert mailbox.accepted[0].rcpt_tos == ["a@intranet"]


@pytest.mark.parametrize("sender", ["jörg@example.org", "a..b@example.org", "a@"])
def test_a_sender_that_not_every_server_takes_is_refused(sender):
    with pytest.raises(ValueError, match="give an address"):
        Configuration(mail_from=sender)
