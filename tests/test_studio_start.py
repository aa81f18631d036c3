"""What can't work is refused as the studio starts, in one line that names the setting; and what may not, warned of."""

import json
import os
import ssl
import subprocess
import sys

import certificates
import pytest
from aiosmtpd.smtp import AuthResult
from neighbour import NOBODY, needs_root
from postgres_server import binaries, postgres
from processes import line
from smtp_server import Mailbox, serve
from studio_server import Studio, until

from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database


@pytest.fixture
def started(run, tmp_path):
    """Start a studio whose settings are wrong; gives its exit code and the line that it ended with."""

    def start(**settings):
        given = {"IMPASTO_DATA_DIR": str(tmp_path / "data")}
        given |= {name if name.isupper() else f"IMPASTO_{name.upper()}": str(v) for name, v in settings.items()}
        done = run("serve", "--port", "0", **given)
        return done.returncode, line(done).removeprefix("impasto: ")

    return start


@pytest.mark.parametrize(
    ("setting", "value", "fix"),
    [
        ("mail_from", "Impasto Studio", "give an address, such as Impasto <impasto@example.org>"),
        ("mail_from", "a@example.org, b@example.org", "give an address, such as Impasto <impasto@example.org>"),
        ("public_url", "paint.example.org", "begin it with https:// or http://, as in https://paint.example.org"),
        ("public_url", "https://paint.example.org?a=b", "begin it with https://"),
        ("smtp_host", "smtp://mail.example.org", "give its name alone, such as mail.example.org"),
        ("smtp_host", "mail.example.org:587", "give its name alone, such as mail.example.org"),
        ("scheduler", "painters:8786", "begin it with tls:// or tcp://, as in tls://painters.example.org:8786"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(started, setting, value, fix):
    code, said = started(**{setting: value})
    assert (code, said.startswith(f"IMPASTO_{setting.upper()} can't be '{value}': {fix}")) == (2, True), said


def test_a_store_that_is_none_is_refused(started):
    code, said = started(files_url="nowhere://bucket/studio")
    assert (code, said) == (1, "the pictures can't be kept there: Protocol not known: nowhere; see IMPASTO_FILES_URL")


@pytest.mark.parametrize("setting", ["files_url", "mail_folder"])
def test_a_folder_that_cannot_be_made_is_refused(started, tmp_path, setting):
    (tmp_path / "file").write_text("in the way")
    code, said = started(**{setting: tmp_path / "file" / "folder"})
    assert code == 1
    assert said.startswith(f"{tmp_path / 'file' / 'folder'} can't be used: Not a directory; choose another with")
    assert said.endswith(f"IMPASTO_{setting.upper()}")


@needs_root
def test_a_database_file_that_cannot_be_written_to_is_refused(tmp_path, environment):
    """Root itself may write to any file, unless it has given up its capabilities."""
    path = tmp_path / "other" / "studio.db"
    url = f"sqlite:///{path}"
    path.parent.mkdir()
    database = Database(url)
    database.migrate()
    database.close()
    os.chown(path, NOBODY, NOBODY)
    command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", sys.executable, "-m", "impasto", "serve"]
    given = {"IMPASTO_DATA_DIR": str(tmp_path / "data"), "IMPASTO_DATABASE_URL": url}
    done = subprocess.run([*command, "--port", "0"], env=environment | given, capture_output=True, timeout=100)
    assert done.returncode == 1
    assert line(done) == (
        "impasto: the database can't be written to: attempt to write a readonly database; see IMPASTO_DATABASE_URL"
    )


def test_a_server_of_databases_that_cannot_be_written_to_is_refused(started, tmp_path):
    if binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL here; apt-get install postgresql brings it")
    with postgres(tmp_path / "postgres") as url:
        database = Database(url)
        database.migrate()
        database.close()
        code, said = started(database_url=f"{url}&options=-c%20default_transaction_read_only%3Don")
    assert code == 1
    assert said == (
        "the database can't be written to: cannot execute DELETE in a read-only transaction; see IMPASTO_DATABASE_URL"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture
def smtp(certificate, request):
    """An SMTP server's port; it is without TLS, or speaks it from the start, or after STARTTLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    options = {
        "none": {},
        "tls": {"ssl_context": context},
        "starttls": {
            "tls_context": context, "auth_required": True,
            "authenticator": lambda *_: AuthResult(success=False, handled=False),
        },
    }[request.param]  # fmt: skip
    controller, port = serve(Mailbox(), **options)
    yield port
    controller.stop()


@pytest.mark.parametrize(
    ("smtp", "given", "said"),
    [
        ("none", {"smtp_security": "tls"},
         "the mail server localhost:{} does not begin with TLS; set "
         "IMPASTO_SMTP_SECURITY=starttls, or the port for TLS"),
        ("none", {"smtp_security": "starttls"},
         "the mail server localhost:{} offers no STARTTLS; set IMPASTO_SMTP_SECURITY=tls "
         "with the port for it, or none"),
        ("none", {"smtp_security": "none", "smtp_user": "studio", "smtp_password": "secret"},
         "the mail server localhost:{} knows no accounts; leave IMPASTO_SMTP_USER empty"),
        ("starttls", {"smtp_user": "studio", "smtp_password": "secret", "trusted": True},
         "the mail server localhost:{} refuses the account; see IMPASTO_SMTP_USER and IMPASTO_SMTP_PASSWORD"),
        ("starttls", {"trusted": True},
         "the mail server localhost:{} takes no mails from impasto@example.org (530 5.7.0 Authentication required); "
         "see IMPASTO_MAIL_FROM and IMPASTO_SMTP_USER"),
        ("starttls", {},
         "the certificate of the mail server localhost:{} is not trusted here (self-signed certificate); name its "
         "authority's file with SSL_CERT_FILE"),
        ("tls", {"smtp_security": "tls", "smtp_host": "127.0.0.1", "trusted": True},
         "the certificate of the mail server 127.0.0.1:{} is not for 127.0.0.1; give IMPASTO_SMTP_HOST the name in it"),
    ],
    indirect=["smtp"],
)  # fmt: skip
def test_a_mail_server_that_will_never_take_a_mail_is_refused(started, smtp, given, said, certificate):
    given = {"smtp_host": "localhost", "smtp_port": smtp, "mail_from": "impasto@example.org"} | given
    if given.pop("trusted", False):
        given["SSL_CERT_FILE"] = certificate / "certificate.pem"
    assert started(**given) == (1, said.format(smtp))


def test_what_may_work_later_is_warned_of(tmp_path, home):
    """A mail server that is down, links that only this machine can open, a disk that is nearly full."""
    studio = Studio(tmp_path, home, smtp_host="127.0.0.1", smtp_port=9, min_free=10**18, scheduler="tcp://127.0.0.1:9")
    del studio.environment["IMPASTO_MAIL_FOLDER"]
    studio.start()
    try:
        until(lambda: "mail server" in studio.log(), "a warning")
        warned = [event["event"] for event in map(json.loads, studio.log().splitlines()) if event["level"] == "warning"]
    finally:
        studio.close()
    assert warned == [
        "the mail server 127.0.0.1:9 can't be reached (Connection refused); mails wait until it can",
        f"links in mails begin with {studio.address}, which only this machine can open; set IMPASTO_PUBLIC_URL",
        "no paintings are taken until IMPASTO_MIN_FREE bytes are free on the disk",
        "whoever reaches the scheduler can run code there; give hosts certificates, as docs/many.md says",
    ]


def test_settings_with_passwords_that_others_can_read_are_warned_of(run, tmp_path):
    file = tmp_path / "impasto.env"
    file.write_text(f"IMPASTO_SMTP_PASSWORD=secret\nIMPASTO_DATA_DIR={tmp_path / 'data'}\n")
    for mode, warned in ((0o644, True), (0o600, False)):
        file.chmod(mode)
        done = run("jobs", "list", "--settings", file)
        assert (
            f"other users can read {file}, which holds a password; chmod 600 {file}" in done.stderr.decode()
        ) == warned


def test_no_setting_of_the_defaults_is_refused():
    assert Configuration(_env_file=None).can_mail is False


@pytest.mark.parametrize(
    ("devices", "says"),
    [
        ("gpu", "IMPASTO_DEVICES can't be 'gpu': device can't be 'gpu'; choose one of: auto, cpu, cuda, cuda:1, mps"),
        ("cuda:0,cuda:x", "device can't be 'cuda:x'"),
        ("cuda:0,", "device can't be ''"),
    ],
)
def test_a_device_that_pytorch_does_not_count_is_refused(started, devices, says):
    code, said = started(devices=devices)
    assert code == 2
    assert says in said
