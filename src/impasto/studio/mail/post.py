"""The post: sends what is due in the outbox through SMTP, or writes it to a folder.

A second copy of a mail goes out only where this process dies, or the connection breaks, in the instant between the
server's acceptance and its arrival here; both copies have one Message-ID.
"""

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from impasto.files import written
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import consent, outbox
from impasto.studio.mail.journal import Journal
from impasto.studio.mail.letters import POLICY, Links, compose
from impasto.studio.mail.outbox import Mail
from impasto.studio.mail.server import ServerError, connected
from impasto.studio.secret import secret_key

log = structlog.get_logger("impasto.studio.mail.post")

# Seconds between two looks at the outbox.
# ACCEPTING: that it may think about a mail (RFC 5321, 4.5.3.2.6): who does not wait for it sends a second copy.
# TAKEN: after which a mail whose process died while it sent it is sent again by another machine, more than sending can
# take; on the same machine it is sent at the next look.
LOOK, ACCEPTING, TAKEN = 2.0, 600.0, 1800.0

Send = Callable[[EmailMessage], None]


class RejectedError(Exception):
    """The server will never accept a mail to this recipient."""


class Post:
    """Sends mails until it is told to stop."""

    def __init__(
        self, configuration: Configuration, database: Database, files: Files, stopping: threading.Event
    ) -> None:
        self._configuration = configuration
        self._database = database
        self._files = files
        self._stopping = stopping
        self._journal = Journal(configuration.sent)
        self._key = secret_key(configuration)

    def run(self) -> None:
        """Send what is due, again and again."""
        while self._configuration.can_mail and not self._stopping.wait(LOOK):
            try:
                self.deliver(time.time())
            except Exception as error:  # such as a database that is away for a moment
                log.error("the outbox can't be worked on", error=type(error).__name__)

    def deliver(self, now: float) -> None:
        """Send what is due, over one connection."""
        self._settle()
        self._take_up()
        with self._database.reading() as session:
            due = outbox.due(session, now)
        if not due:
            return
        try:
            with self._sending() as send:
                for mail in due:
                    if self._stopping.is_set():
                        return
                    self._deliver(mail, send)
        except ServerError as error:
            why = error  # this reason holds for all mails
            log.warning("no mail can be sent", reason=str(error))
            for mail in due:
                self._deliver(mail, lambda _: _raise(why))

    def _deliver(self, mail: Mail, send: Send) -> None:
        say = log.bind(mail=mail.id, job=mail.job_id, kind=mail.kind)
        try:
            if not self._journal.prepare(mail.message_id):
                return
        except OSError as error:
            self._not_sent(mail, error, say)
            return
        with self._database.session() as session:
            taken = outbox.take(session, mail, time.time() + TAKEN)
            job = session.get(Job, mail.job_id)
            links = self._links(session, job, mail) if taken else None
        if job is None or not taken:
            self._journal.not_sent(mail.message_id)
            return
        try:
            if links is None:
                raise RejectedError("its owner wants no mail, or was asked and has answered")
            send(compose(self._configuration, job, mail, links, self._painting(mail)))
        except Exception as error:  # whatever it is, it is a try
            self._journal.not_sent(mail.message_id)
            self._not_sent(mail, error, say)
        else:
            self._journal.note(mail.message_id)
            say.info("sent")
            self._settle()

    def _not_sent(self, mail: Mail, error: Exception, say: structlog.stdlib.BoundLogger) -> None:
        with self._database.session() as session:
            row = session.get(Mail, mail.id)
            if row is None:  # deleted with its job
                return
            if isinstance(error, RejectedError):
                outbox.give_up(row, str(error))
                say.warning("given up: its recipient was refused, or wants no mail")
            else:
                outbox.postpone(row, time.time(), str(error))
                # the server's words may hold the address
                say.warning("not sent", error=type(error).__name__, code=getattr(error, "smtp_code", None))

    def _settle(self) -> None:
        """Have the rows of the mails that were sent say so; until they do, nothing else is sent."""
        for message_id, at in self._journal.sent().items():
            with self._database.session() as session:
                outbox.sent(session, message_id, at)
            self._journal.forget(message_id)

    def _take_up(self) -> None:
        """Have the mails sent now whose process died while it sent them."""
        for message_id in self._journal.interrupted():
            with self._database.session() as session:
                outbox.hurry(session, message_id)
            self._journal.not_sent(message_id)

    def _links(self, session: Session, job: Job | None, mail: Mail) -> Links | None:
        """What a mail links to beside its job; None where it is not wanted any more."""
        try:
            consent.check(session, mail.recipient)
        except consent.NoMailError:
            return None
        token = None
        if mail.kind == "confirm":
            token = consent.question(session, job.owner if job else None, mail.recipient, time.time())
            if token is None:
                return None
        home = self._configuration.address
        never = f"{home}/mail/never/{consent.sign(self._key, mail.recipient)}"
        return Links(never, token and f"{home}/mail/confirm/{token}")

    def _painting(self, mail: Mail) -> bytes | None:
        if mail.kind != "done":
            return None
        try:
            return self._files.read(mail.job_id, "painting-mail.jpg")
        except FileNotFoundError:  # just being deleted
            return None

    @contextmanager
    def _sending(self) -> Iterator[Send]:
        """A way to send mails: into the folder, or over a connection to the server."""
        configuration = self._configuration
        if configuration.mail_folder:
            folder = configuration.mail_folder
            yield lambda letter: _write(letter, folder)
            return
        with connected(configuration) as server:
            assert server.sock is not None
            server.sock.settimeout(ACCEPTING)
            yield lambda letter: _send(letter, server)


def _raise(error: Exception) -> None:
    raise error


def _send(letter: EmailMessage, server: smtplib.SMTP) -> None:
    try:
        server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        text = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
        if 500 <= code < 600:
            raise RejectedError(text) from error
        raise smtplib.SMTPResponseException(code, text) from error
    except smtplib.SMTPNotSupportedError as error:  # a name before the @ in letters that the server does not know
        raise RejectedError(str(error)) from error


def _write(letter: EmailMessage, folder: Path) -> None:
    """A mail as a file, whole or not at all; named after its Message-ID, so that it is there once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{str(letter['Message-ID']).strip('<>').partition('@')[0]}.eml"
    with written(path) as file:
        # an address in letters beyond ASCII must not be written as words of RFC 2047
        file.write(letter.as_bytes(policy=POLICY.clone(utf8=not str(letter["To"]).isascii())))
