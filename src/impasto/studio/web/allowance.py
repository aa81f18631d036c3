"""What somebody may ask for now: their share of the hour, of a mailbox's day, of the queue and of the disk."""

import shutil
import time
from typing import Any

from sqlalchemy.orm import Session

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import limits, queue
from impasto.studio.jobs.database import alone
from impasto.studio.jobs.limits import Limit, LimitError
from impasto.studio.jobs.queue import QueueFullError
from impasto.studio.jobs.rows import Job
from impasto.studio.languages import later
from impasto.studio.mail import consent
from impasto.studio.mail.consent import NoMailError
from impasto.studio.mail.mailboxes import mailbox
from impasto.studio.web.problem import FULL, ProblemError
from impasto.studio.web.visitor import Visitor

REFUSED = (LimitError, NoMailError, QueueFullError)


def limits_of(configuration: Configuration, visitor: Visitor, email: str | None) -> list[Limit]:
    """What is used by one submission."""
    allowed = [Limit("job", visitor.address, configuration.jobs_per_hour * visitor.people, 3600)]
    if email:
        allowed.append(_mails(configuration, email))
    return allowed


def check(state: Any, allowed: list[Limit], email: str | None) -> None:
    """Refuse before anything is decoded what would be refused after it.

    Args:
        state: of the application.
        allowed: what will be used.
        email: to be written to.

    Raises:
        ProblemError: why it is refused.
    """
    configuration: Configuration = state.configuration
    now = time.time()
    if shutil.disk_usage(configuration.data_dir).free < configuration.min_free:
        raise ProblemError(507, FULL)
    try:
        with state.database.reading() as session:
            queue.check_room(session, configuration.max_waiting - 1)
            for limit in allowed:
                limits.check(session, limit, now)
            if email:
                consent.check(session, email)
    except REFUSED as error:
        raise refusal(error) from error


def take(session: Session, job: Job, allowed: list[Limit], configuration: Configuration) -> None:
    """Check again and count, as the last of the transaction that adds a job: others may have come since `check`.

    Raises:
        LimitError, NoMailError, QueueFullError: it is refused.
    """
    alone(session)
    queue.check_room(session, configuration.max_waiting)
    for limit in allowed:
        limits.use(session, limit, job.created)
    if job.email:
        consent.ask(session, job, job.created)


def take_mail(session: Session, job: Job, configuration: Configuration, now: float) -> None:
    """Count a mail to an address that a job was just given, as the last of that transaction.

    Raises:
        LimitError, NoMailError: it is refused.
    """
    assert job.email is not None
    alone(session)
    limits.use(session, _mails(configuration, job.email), now)
    consent.ask(session, job, now)


def _mails(configuration: Configuration, email: str) -> Limit:
    return Limit("mail", mailbox(email), configuration.mails_per_day, 86400)


def refusal(error: Exception) -> ProblemError:
    """One of REFUSED, as it is told."""
    if isinstance(error, NoMailError):
        return ProblemError(422, "The owner of this address wants no mail from here: leave it empty.")
    if not isinstance(error, LimitError):
        return ProblemError(503, str(error), {"retry-after": "600"})
    limit = error.limit
    text = {
        "job": later("%(most)s paintings an hour are taken from one address: try again in an hour."),
        "question": later("This address was asked today already whether we may write to it: leave it empty."),
        "mail": later("This address has had many mails today: leave it empty, and come back to the painting's page."),
    }[limit.what]
    return ProblemError(429, text, {"retry-after": f"{limit.seconds:.0f}"}, most=limit.most)
