"""The mails: what they say, in HTML and in text, with the painting as a picture in them.

Nothing that a stranger could have written or painted is in them: the painting goes to those alone who have said yes to
the browser that asked for it, and the mail that asks them has no word of that browser's. Nothing tells anybody that a
mail was opened. Each says how never to get one again.
"""

import io
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from functools import cache
from typing import NamedTuple

from jinja2 import Environment, PackageLoader
from PIL import Image

from impasto.studio import naming
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.rows import Job
from impasto.studio.languages import day, gettext, install, later, speaking
from impasto.studio.mail.addresses import on_the_wire
from impasto.studio.mail.consent import KEPT
from impasto.studio.mail.outbox import Mail

# Pixels of the page, as wide and as high as the painting is shown at most.
WIDEST, HIGHEST = 560, 640
# A Message-ID on a line of its own, as a longer line would have it, is not understood everywhere, and a link that is
# broken up is none; 998 is the most that SMTP takes.
POLICY = SMTP.clone(max_line_length=990)
SUBJECTS = {
    "done": later("Your painting is ready"),
    "failed": later("Your photo could not be painted"),
    "confirm": later("May we write to you?"),
}


class Links(NamedTuple):
    """What a mail links to beside its job.

    Attributes:
        never: never to get a mail again.
        confirm: to say yes to the others; in the mail that asks alone.
    """

    never: str
    confirm: str | None


def compose(configuration: Configuration, job: Job, mail: Mail, links: Links, painting: bytes | None) -> EmailMessage:
    """The mail about a job that is done or has failed, or the one that asks, in its language; the same at every try.

    Args:
        configuration: has the public address and the sender.
        job: that it is about.
        mail: its row of the outbox.
        links: to pages about the address itself.
        painting: a JPEG, of a job that is done.
    """
    with speaking(job.language):
        return _composed(configuration, job, mail, links, painting)


def _composed(configuration: Configuration, job: Job, mail: Mail, links: Links, painting: bytes | None) -> EmailMessage:
    subject = gettext(SUBJECTS[mail.kind])
    letter = EmailMessage(policy=POLICY)
    letter["Subject"] = subject
    letter["From"] = _sender(configuration.mail_from)
    letter["To"] = on_the_wire(mail.recipient)
    letter["Date"] = format_datetime(datetime.fromtimestamp(mail.created, UTC))
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"
    # one click in the reader's own program: https://www.rfc-editor.org/rfc/rfc8058
    letter["List-Unsubscribe"] = f"<{links.never}>"
    letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    picture = make_msgid("painting", domain="impasto.invalid") if painting else ""
    page = f"{configuration.address}/p/{job.token}"
    image = f"{configuration.address}/api/paintings/{job.token}/image?kind=painting&download=1&format="
    words = {
        "subject": subject, "kind": mail.kind, "home": configuration.address, "page": page,
        "jpg": f"{image}jpg", "png": f"{image}png", "delete": f"{page}/delete",
        "expires": day(job.expires, weekday=True),
        "styles": naming.in_words(job.styles, gettext("your own style")),
        "width": job.width, "height": job.height, "error": _sentence(gettext(job.error)) if job.error else "",
        "picture": picture.strip("<>"), "shown": _shown(painting) if painting else None, "never": links.never,
        "confirm": links.confirm, "until": day(mail.created + KEPT, weekday=True),
    }  # fmt: skip
    letter.set_content(_templates().get_template("letter.txt").render(words), cte="quoted-printable")
    letter.add_alternative(
        _templates().get_template("letter.html").render(words), subtype="html", cte="quoted-printable"
    )
    if painting:
        html = letter.get_body(("html",))
        assert html is not None
        html.add_related(painting, "image", "jpeg", cid=picture, filename="painting.jpg", disposition="inline")
    return letter


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("impasto.studio.mail", "letters"),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    install(environment)
    return environment


def _sender(address: str) -> Address:
    name, address = parseaddr(address)
    return Address(name or "Impasto", addr_spec=on_the_wire(address))


def _sentence(error: str) -> str:
    return f"{error[:1].upper()}{error[1:].rstrip('.')}."


def _shown(painting: bytes) -> tuple[int, int]:
    """Width and height that the painting has in the mail, in pixels of the page."""
    with Image.open(io.BytesIO(painting)) as image:
        share = min(1.0, WIDEST / image.width, HIGHEST / image.height)
        return round(image.width * share), round(image.height * share)
