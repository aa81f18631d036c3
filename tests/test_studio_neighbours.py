"""What another user of the machine reaches of a studio that runs there: its pages, and nothing else."""

import json
import os
import socket

import psutil
import pytest
from neighbour import NOBODY, needs_root, tries
from studio_server import Studio, until

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


@pytest.fixture(scope="module")
def studio(tmp_path_factory, home, temporary):
    studio = Studio(tmp_path_factory.mktemp("studio"), home, secret="the-key-of-the-cookies", painters=2)
    studio.environment["TMPDIR"] = str(temporary)
    yield studio.start()
    studio.close()


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
    studio.when(studio.submit(photo), lambda job: job.ended)
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
    studio.when(studio.submit(photo), lambda job: job.ended)
    assert {path.name for path in temporary.rglob("*")} == {"dask-scratch-space", "victim", "global.lock"}
    assert (temporary / "victim").read_text() == "the studio's own"
