"""What another user of the machine reaches of a studio that runs there: its pages, and nothing else."""

import json
import os
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from neighbour import NOBODY, needs_root, tries
from processes import line, ok
from studio_server import Studio, until

from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database

pytestmark = needs_root

# Ways to have a process of Dask's run a function: at each port, without TLS, with certificates of one's own, and with
# none. That they work is seen at a server that lets everybody in.
LOADS = """
import asyncio, json, pickle, ssl, tempfile
import dask
from distributed import Security
from distributed.core import Server, rpc
from distributed.worker import run

dask.config.set({"distributed.comm.timeouts.connect": "5s"})
bare = ssl.create_default_context()
bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
ways = {
    "plain": ("tcp", {}),
    "own certificate": ("tls", Security.temporary().get_connection_args("client")),
    "no certificate": ("tls", {"ssl_context": bare, "require_encryption": False, "extra_conn_args": {}}),
}

async def reached(port, way, handler):
    protocol, given = ways[way]
    server = rpc(f"{protocol}://127.0.0.1:{port}", connection_args=given)
    try:
        return await asyncio.wait_for(getattr(server, handler)(function=pickle.dumps(os.getuid)), 20)
    except (OSError, ValueError, AttributeError):  # the last two where it talks no TLS, or has no such handler
        return None
    finally:
        await server.close_rpc()

async def all_reached(ports):
    tried = [(port, way, handler) for port in ports for way in ways for handler in ("run", "run_function")]
    found = await asyncio.gather(*(reached(*each) for each in tried))
    return [each for each, answer in zip(tried, found) if answer and answer.get("status") == "OK"]

async def controlled(ports):
    async def handler(comm, **given):
        return await run(server, comm, **given)

    with tempfile.TemporaryDirectory() as folder:
        server = Server({"run": handler}, local_directory=folder)
        await server.listen("tcp://127.0.0.1")
        control = await all_reached([server.port])
        found = await all_reached(ports)
        await server.close()
    return control == [(server.port, "plain", "run")], found

assert asyncio.run(controlled([])) == (True, [])
"""
ATTACK = """
print(json.dumps(asyncio.run(controlled([int(port) for port in sys.argv[1:]]))))
"""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """The machine's temporary folder; somebody was there first, with a trap where Dask would lock a file."""
    folder = tmp_path_factory.mktemp("shared")
    folder.chmod(0o1777)
    trap = folder / "dask-scratch-space"
    trap.mkdir()
    trap.chmod(0o777)
    (folder / "victim").write_text("the studio's own")
    (trap / "global.lock").symlink_to(folder / "victim")
    os.chown(trap, NOBODY, NOBODY)
    return folder


def earlier(folder):
    """Make a data folder as an earlier version left it, which everybody may read."""
    database = Database(Configuration(data_dir=folder).database)
    database.migrate()
    database.close()
    for name in ("files/1/photo.png", "work/1/1/x.bin", "lessons/x.json", "secret", "mails/x.eml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("private")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture(scope="module")
def reachable():
    """A folder that everybody can look into, as /var/lib is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "control").write_text("public")
        (folder / "control").chmod(0o644)
        yield folder


@pytest.fixture(scope="module")
def studio(reachable, home, temporary):
    (reachable / "data").mkdir()
    earlier(reachable / "data")
    studio = Studio(reachable / "data", home, secret="the-key-of-the-cookies", painters=2)
    studio.environment["TMPDIR"] = str(temporary)
    old = os.umask(0o022)
    studio.start()
    os.umask(old)
    yield studio
    studio.close()


def painted(studio, photo):
    """Have something painted; answers with its number."""
    old = os.umask(0o077)  # for the photo, which is written here in the server's place
    number = studio.submit(photo)
    os.umask(old)
    studio.when(number, lambda job: job.ended)
    return number


def family(studio):
    process = psutil.Process(studio.server.pid)
    return [process, *process.children(recursive=True)]


def ports(studio):
    """Those that its processes listen on, beside the pages'."""
    found = [connection for process in family(studio) for connection in process.net_connections("inet")]
    listening = {connection.laddr for connection in found if connection.status == psutil.CONN_LISTEN}
    assert {address.ip for address in listening} == {"127.0.0.1"}
    return {address.port for address in listening} - {int(studio.address.rpartition(":")[2])}


def answers(port):
    """What it says to a browser that does not use TLS."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        try:
            return connection.recv(100)
        except ConnectionResetError:
            return b""


def test_nobody_else_has_a_function_run(studio, photo):
    painted(studio, photo)
    listening = ports(studio)
    control, reached = json.loads(tries(ATTACK, *listening, loads=LOADS))
    assert control
    assert reached == []


def test_no_port_is_open_but_the_scheduler_s_and_two_of_each_painter(studio):
    until(lambda: len(studio.painters()) == 2, "two painters")
    until(lambda: len(ports(studio)) == 5, f"five ports, not {len(ports(studio))}")
    assert {answers(port) for port in ports(studio)} == {b""}


def test_nobody_else_reads_its_memory_or_its_environment_and_arguments_hold_no_secret(studio):
    until(lambda: len(studio.painters()) == 2, "two painters")
    looks = """
for number in sys.argv[1:]:
    print(open(f"/proc/{number}/cmdline").read())
    for name in ("environ", "mem", "maps"):
        try:
            open(f"/proc/{number}/{name}", "rb").read(1)
        except PermissionError:
            continue
        print("opened", name)
    """
    seen = tries(looks, *(process.pid for process in family(studio)))
    assert "impasto" in seen
    assert "opened" not in seen
    assert "the-key-of-the-cookies" not in seen
    assert "PRIVATE" not in seen


def test_nothing_is_left_in_the_temporary_folder_and_nobody_s_trap_is_stepped_into(studio, temporary, photo):
    painted(studio, photo)
    assert {path.name for path in temporary.rglob("*")} == {"dask-scratch-space", "victim", "global.lock"}
    assert (temporary / "victim").read_text() == "the studio's own"


# Prints what there is under a folder that can be opened.
LOOK = """
for folder, _, names in os.walk(sys.argv[1]):
    print(folder)
    for name in names:
        try:
            open(os.path.join(folder, name), "rb").close()
        except PermissionError:
            continue
        print(os.path.join(folder, name))
"""


def wide(*places):
    """What under these places others than its owner may open, by its mode."""
    found = [path for place in places for path in (place, *place.rglob("*"))]
    assert len(found) > len(places)
    return [path for path in found if stat.S_IMODE(path.lstat().st_mode) != (0o700 if path.is_dir() else 0o600)]


def test_nobody_else_reads_a_photo_an_address_or_a_mail_not_even_of_an_earlier_version(studio, reachable, photo):
    number = painted(studio, photo)
    until(lambda: studio.letters(number), "a mail")
    seen = tries(LOOK, reachable).split()
    assert seen == [str(reachable), str(reachable / "control")]
    assert wide(studio.folder) == [studio.folder / "log"]  # of this test, not of the studio


def test_an_upload_under_way_is_in_no_file_that_others_can_open(studio):
    host, _, port = studio.address.removeprefix("http://").partition(":")
    part = b'--x\r\ncontent-disposition: form-data; name="photo"; filename="a.png"\r\n\r\n' + bytes(3_000_000)
    head = (
        f"POST / HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: multipart/form-data; boundary=x\r\n"
        f"content-length: {len(part) + 1000}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + part)

        def spooled():
            for path in Path(f"/proc/{studio.server.pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    if str(path.readlink()).startswith(studio.environment["TMPDIR"]):
                        return path
            return None

        file = until(spooled, "a file of the upload")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("old", [True, False])
def test_the_commands_of_who_runs_it_leave_nothing_open_either(run, tmp_path, old):
    data, archive = tmp_path / "data", tmp_path / "a.tar.gz"
    if old:
        data.mkdir()
        earlier(data)
    ok(run("jobs", "list", IMPASTO_DATA_DIR=str(data), IMPASTO_MAIL_FOLDER=str(data / "mails")))
    ok(run("backup", archive, IMPASTO_DATA_DIR=str(data)))
    assert wide(data) == []
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_what_is_not_the_studio_s_keeps_its_mode_and_links_are_not_followed(run, tmp_path):
    data, other = tmp_path / "data", tmp_path / "other"
    data.mkdir()
    earlier(data)
    other.write_text("of somebody else")
    other.chmod(0o644)
    (data / "program").write_text("of the operator")
    (data / "program").chmod(0o755)
    (data / "files" / "1" / "link.png").symlink_to(other)
    ok(run("jobs", "list", IMPASTO_DATA_DIR=str(data)))
    assert stat.S_IMODE(other.stat().st_mode) == 0o644
    assert stat.S_IMODE((data / "program").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("whose", "setting"),
    [
        ("everybody's", "IMPASTO_DATA_DIR"),
        ("others' too", "IMPASTO_DATA_DIR"),
        ("everybody's", "IMPASTO_MAIL_FOLDER"),
        ("others' too", "IMPASTO_FILES_URL"),
    ],
)
def test_a_folder_that_is_others_too_is_refused_and_stays_as_it_is(run, tmp_path, whose, setting):
    shared = tmp_path / "shared"
    shared.mkdir()
    if whose == "everybody's":
        shared.chmod(mode := 0o1777)
    else:
        shared.chmod(mode := 0o755)
        (shared / "theirs").mkdir()
        os.chown(shared / "theirs", NOBODY, NOBODY)
    refused = run("jobs", "list", **{"IMPASTO_DATA_DIR": str(tmp_path / "data"), setting: str(shared)})
    assert refused.returncode == 1
    assert line(refused) == (
        f"impasto: {shared} is used by others too, who could read what the studio writes there; "
        f"name a folder of its own with {setting}, such as {shared / 'impasto'}"
    )
    assert stat.S_IMODE(shared.stat().st_mode) == mode
