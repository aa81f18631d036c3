"""An SMTP server on loopback, and what it was given."""

from email import policy
from email.parser import BytesParser

from aiosmtpd.controller import Controller


class Mailbox:
    """What a server has accepted; it can be told to say no."""

    def __init__(self):
        self.accepted = []
        self.to_recipient = self.to_data = "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        if self.to_data.startswith("250"):
            self.accepted.append(envelope)
        return self.to_data

    def letters(self):
        return [BytesParser(policy=policy.default).parsebytes(envelope.content) for envelope in self.accepted]


class Server(Controller):
    """On any port that is free."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def serve(mailbox, **options):
    controller = Server(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    return controller, controller.port
