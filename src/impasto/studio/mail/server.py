"""The mail server: a connection to it, or one line that says why there is none and which setting is wrong."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr

from impasto.studio.configuration import Configuration
from impasto.studio.mail.addresses import on_the_wire

# Seconds that it may be silent; and while the studio waits for it to start.
SILENCE, AT_START = 30.0, 10.0
_OF_TLS = 465
_NAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64


class ServerError(Exception):
    """No mail can be sent; the message is one plain line, in which there is no address of a person.

    Attributes:
        lasting: it stays so until a setting is changed.
    """

    def __init__(self, line: str, *, lasting: bool) -> None:
        super().__init__(line)
        self.lasting = lasting


@contextmanager
def connected(configuration: Configuration, silence: float = SILENCE) -> Iterator[smtplib.SMTP]:
    """A connection to the server that the settings name, encrypted and known to it as they say.

    Args:
        configuration: has the settings.
        silence: seconds without a word after which it is given up.

    Raises:
        ServerError: there is none.
    """
    try:
        server = _open(configuration, silence)
    except (OSError, smtplib.SMTPException) as error:
        raise _explained(error, configuration) from error
    try:
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):
            if server.sock is not None:
                server.sock.settimeout(silence)
            server.quit()
        server.close()


def check(configuration: Configuration) -> bool:
    """See that the server is there, and takes mails from the sender.

    Returns:
        Whether it knows SMTPUTF8: names before the @ in letters beyond ASCII.

    Raises:
        ServerError: it is not, or doesn't.
    """
    with connected(configuration, AT_START) as server:
        server.ehlo_or_helo_if_needed()
        code, words = server.mail(on_the_wire(parseaddr(configuration.mail_from)[1]))
        utf8 = server.has_extn("smtputf8")
    if 500 <= code < 600:
        raise ServerError(
            f"the mail server {configuration.smtp_host}:{configuration.smtp_port} takes no mails from "
            f"{configuration.mail_from} ({code} {words.decode(errors='replace')}); see IMPASTO_MAIL_FROM and "
            "IMPASTO_SMTP_USER",
            lasting=True,
        )
    return utf8


def _open(configuration: Configuration, silence: float) -> smtplib.SMTP:
    host, port, security = configuration.smtp_host, configuration.smtp_port, configuration.smtp_security
    trusted = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=silence, context=trusted)
        if security == "tls"
        else smtplib.SMTP(host, port, timeout=silence)
    )
    try:
        if security == "starttls":
            server.starttls(context=trusted)
        if configuration.smtp_user:
            server.login(configuration.smtp_user, configuration.smtp_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _explained(error: Exception, configuration: Configuration) -> ServerError:
    """What is wrong, and what to do."""
    host, port, security = configuration.smtp_host, configuration.smtp_port, configuration.smtp_security
    server = f"the mail server {host}:{port}"
    match error:
        case ssl.SSLCertVerificationError(verify_code=code) if code in (_NAME_MISMATCH, _ADDRESS_MISMATCH):
            line = f"the certificate of {server} is not for {host}; give IMPASTO_SMTP_HOST the name in it"
        case ssl.SSLCertVerificationError():
            line = (
                f"the certificate of {server} is not trusted here ({error.verify_message}); "
                "name its authority's file with SSL_CERT_FILE"
            )
        case ssl.SSLError() if security == "tls":
            line = f"{server} does not begin with TLS; set IMPASTO_SMTP_SECURITY=starttls, or the port for TLS"
        case TimeoutError() | smtplib.SMTPServerDisconnected() if (
            security != "tls" and configuration.smtp_port == _OF_TLS
        ):
            line = f"{server} says nothing without TLS; set IMPASTO_SMTP_SECURITY=tls"
        case smtplib.SMTPNotSupportedError() if configuration.smtp_user and "AUTH" in str(error):
            line = f"{server} knows no accounts; leave IMPASTO_SMTP_USER empty"
        case smtplib.SMTPNotSupportedError():
            line = f"{server} offers no STARTTLS; set IMPASTO_SMTP_SECURITY=tls with the port for it, or none"
        case smtplib.SMTPAuthenticationError(smtp_code=code) if code >= 500:
            line = f"{server} refuses the account; see IMPASTO_SMTP_USER and IMPASTO_SMTP_PASSWORD"
        case socket.gaierror():
            why = "no such name is known; see IMPASTO_SMTP_HOST"
            return ServerError(f"{server} can't be found: {why}", lasting=False)
        case _:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return ServerError(f"{server} can't be reached ({why}); mails wait until it can", lasting=False)
    return ServerError(line, lasting=True)
