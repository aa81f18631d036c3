"""The studio on several machines, or what is one to each of its parts: PostgreSQL, a scheduler, painting hosts."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from shutil import copyfile, copytree

import certificates
import psutil
import pytest
from distributed import Client
from postgres_server import postgres
from processes import line
from s3_server import s3
from studio_server import DEADLINE, Studio, until

from impasto.studio.jobs import estimates, rows
from impasto.studio.jobs.rows import State
from impasto.studio.painters.certificates import security

ALERT = 7
"""Bytes of a TLS alert, all that a stranger is told."""
TOKEN = "a-token-that-nobody-guesses"


@contextmanager
def process(folder, name, *arguments, environment):
    """A command, ended with all that it started; gives it when it has printed its first line, and that."""
    with (folder / f"{name}.log").open("wb") as log:
        command = [sys.executable, "-m", "impasto", *map(str, arguments)]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
    try:
        said = started.stdout.readline().decode().strip()
        assert said, (folder / f"{name}.log").read_text()
        yield started, said
    finally:
        if started.poll() is None:
            family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
            for member in family:
                member.kill()
            psutil.wait_procs(family, DEADLINE)
        started.stdout.close()


class Hosts:
    """A scheduler, painting hosts and a web host, each a process; and a client of the scheduler."""

    def __init__(self, folder, home, stack, certify):
        self.folder, self.stack, self.folder_of = folder, stack, certify
        database = stack.enter_context(postgres(folder / "postgres"))
        store = stack.enter_context(s3(folder))
        plain = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        self.environment = plain | {"IMPASTO_HOME": str(home)}
        self.scheduling, self.scheduler = self.begin("scheduler", "--address", "tls://127.0.0.1:0")
        self.painters = {}  # by the hosts' names
        settings = {
            "scheduler": self.scheduler, "certificates": certify("web"), "lease_seconds": 30, "operator_token": TOKEN
        }  # fmt: skip
        self.studio = Studio(folder, home, database_url=database, files_url=store, **settings)
        self.studio.database.migrate()
        with self.studio.database.session() as session:  # so that no host is busy with measuring
            estimates.calibrate(session, "standard", 60.0)
        stack.callback(self.studio.close)
        self.client = stack.enter_context(
            Client(self.scheduler, set_as_default=False, security=security(certify("web")))
        )

    def begin(self, command, *arguments, host=None):
        host = host or command
        environment = self.environment | {"IMPASTO_DATA_DIR": str(self.folder / f"data-{host}")}
        given = [command, *arguments, "--certificates", self.folder_of(host)]
        return self.stack.enter_context(process(self.folder, host, *given, environment=environment))

    def paint(self, name, memory):
        """Have a host of this name that paints, and has so much memory for it."""
        given = "--name", name, "--threads", "1", "--memory", memory
        self.painters[name], said = self.begin("worker", self.scheduler, *given, host=name)
        assert said == name

    def painting(self):
        """The names of the hosts that paint."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return [workers[address]["id"] for address, keys in self.client.processing().items() if "paint" in str(keys)]

    def figures(self):
        """The operator's page."""
        asked = urllib.request.Request(f"{self.studio.address}/figures", headers={"Authorization": f"Bearer {TOKEN}"})
        return urllib.request.urlopen(asked).read().decode()

    def end(self, name, number):
        """Send a signal to a host, and wait until it has ended; answers with its exit code."""
        host = self.painters.pop(name)
        family = psutil.Process(host.pid).children(recursive=True)
        host.send_signal(number)
        code = host.wait(DEADLINE)
        _, alive = psutil.wait_procs(family, DEADLINE)
        assert alive == []
        return code


@pytest.fixture(scope="module")
def certify(tmp_path_factory, environment):
    """The folder of a host's certificate, by its name."""
    folder = tmp_path_factory.mktemp("certificates")
    names = ["scheduler", "web", "one", "two", "three"]
    command = [sys.executable, "-m", "impasto", "certificates", folder, *(f"--host={name}" for name in names)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert made.stdout.splitlines() == [str(folder / name) for name in names]
    return lambda name: folder / name


@pytest.fixture
def hosts(tmp_path, home, certify):
    with ExitStack() as stack:
        found = Hosts(tmp_path, home, stack, certify)
        found.paint("one", "1G")
        found.studio.start()
        yield found


def test_jobs_go_to_hosts_that_die_leave_and_differ_and_strangers_reach_none(hosts, certify, photo, tmp_path):
    hosts.paint("two", "4G")
    a_large_canvas_goes_to_the_host_with_the_memory(hosts, photo)
    who_has_no_certificate_of_the_authority_reaches_no_process(hosts, certify, tmp_path)
    where_a_host_leaves_or_dies_another_goes_on_from_its_checkpoint(hosts, photo)
    # logs tell nothing of what Dask gives to painters, and with it the settings
    logs = "".join(log.read_text() for log in hosts.folder.glob("*.log"))
    assert " - distributed." not in logs
    assert '"logger": "distributed' not in logs


def where_a_host_leaves_or_dies_another_goes_on_from_its_checkpoint(hosts, photo):
    studio = hosts.studio

    def stepped(attempt):
        row = studio.when(job, lambda row: row.attempt == attempt and row.progress and row.progress["step"] >= 2)
        return row.progress["seconds"]

    def went_on(host):
        return "gone on from a checkpoint" in (hosts.folder / f"{host}.log").read_text()

    job = studio.submit(photo, size=128, quality="standard")
    before = stepped(1)
    assert hosts.painting() == ["one"]
    said = f"<dt>one</dt><dd>paints {job}, 1.0 GB</dd>", "<dt>two</dt><dd>is free, 4.0 GB</dd>"
    until(lambda: all(each in hosts.figures() for each in said), "what each host does")  # two gives up a cancelled job
    assert hosts.end("one", signal.SIGTERM) == 0  # which is no death of a painter
    assert stepped(2) > before  # what the host before took counts
    assert (hosts.painting(), went_on("two")) == (["two"], True)
    hosts.paint("three", "1G")
    hosts.end("two", signal.SIGKILL)
    done = studio.when(job, lambda row: row.ended)
    assert (done.state, done.attempt, done.deaths) == (State.DONE, 3, 1), done.error
    assert went_on("three")
    until(lambda: studio.letters(job), "a mail")
    names = studio.files.names(job)
    assert "painting.png" in names
    assert not [name for name in names if name.startswith("checkpoint")]


def who_has_no_certificate_of_the_authority_reaches_no_process(hosts, certify, tmp_path):
    foreign = certificates.make(tmp_path / "foreign", "three")
    without, stranger, known = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(3))
    for context, folder in ((without, None), (stranger, foreign), (known, certify("one"))):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if folder:
            context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    web = int(hosts.studio.address.rpartition(":")[2])
    places = listening([hosts.studio.server, hosts.scheduling, *hosts.painters.values()]) - {("127.0.0.1", web)}
    known_places = [hosts.scheduler, *hosts.client.nthreads()]
    assert {("127.0.0.1", int(address.rpartition(":")[2])) for address in known_places} <= places
    assert {host for host, _ in places} == {
        "127.0.0.1"
    }  # no page of Dask's, nor anything else, is on another interface
    for place in places:
        assert len(told(place)) <= ALERT
        assert told(place, without) == told(place, stranger) == b""
        assert told(place, known)
    assert urllib.request.urlopen(f"{hosts.studio.address}/readyz").status == 200


def a_large_canvas_goes_to_the_host_with_the_memory(hosts, photo):
    studio = hosts.studio

    def free():  # a host that has not been heard of for long gets no job
        workers = hosts.client.scheduler_info(n_workers=-1)["workers"].values()
        return len(workers) == 2 and all(time.time() - worker["last_seen"] < 2 for worker in workers)

    until(free, "two hosts that are free")
    small = studio.submit(photo)
    assert studio.when(small, lambda row: row.ended).state == State.DONE
    until(
        lambda: f'"job": {small}, "attempt": 1' in (hosts.folder / "one.log").read_text(), "its end on the small host"
    )
    large = studio.submit(photo, size=900, width=900, height=675)
    studio.when(large, lambda row: row.state == State.PAINTING)
    until(lambda: hosts.painting() == ["two"], "the large canvas on the large host")
    with studio.database.session() as session:
        rows.cancel(session, session.get(rows.Job, large), 1.0)


def listening(processes):
    """Where these processes and those that they started listen."""
    parents = [psutil.Process(each.pid) for each in processes]
    family = [*parents, *(child for parent in parents for child in parent.children(recursive=True))]
    found = [link.laddr for member in family for link in member.net_connections("inet") if link.status == "LISTEN"]
    return {(where.ip, where.port) for where in found}


def told(place, context=None):
    """All that a process says to who sends it something, plainly or with TLS, until it closes."""
    said = b""
    with socket.create_connection(place, timeout=20) as plain:
        try:
            with context.wrap_socket(plain) if context else plain as connection:
                connection.sendall(bytes(64))
                while piece := connection.recv(4096):
                    said += piece
        except (ssl.SSLError, ConnectionError):
            pass
    return said


def test_plain_tcp_to_another_host_is_refused_by_all_three(run, tmp_path):
    others = ["tcp://10.1.2.3:8786", "tcp://example.org", "tcp://[::]:1", "tcp://127.0.0.1@example.org:1"]
    set_to = {"IMPASTO_SCHEDULER": others[0], "IMPASTO_DATA_DIR": str(tmp_path)}
    asked = [run("worker", address) for address in others[:3]]
    asked += [run("scheduler", "--address", others[0]), run("serve", **set_to)]
    for done, address in zip(asked, [*others[:3], others[0], others[0]], strict=True):
        assert done.returncode == 2
        said = f"impasto: IMPASTO_SCHEDULER can't be {address!r}: whoever reaches it can run code there; use tls://"
        assert line(done).startswith(said)
    assert run("worker", others[3], "--insecure").returncode == 2  # it is written to be taken for another
    (tmp_path / "file").touch()
    taken = run("serve", "--check", IMPASTO_INSECURE="true", **set_to | {"IMPASTO_DATA_DIR": str(tmp_path / "file")})
    assert taken.stdout.startswith(b"right  settings")


def test_certificates_are_for_their_host_alone_and_replace_none(certify, run, tmp_path):
    folder = certify("one")
    assert {path.name for path in folder.iterdir()} == {"authority.pem", "certificate.pem", "key.pem"}
    assert {path.stat().st_mode & 0o777 for path in [*folder.iterdir(), *folder.parent.glob("*.pem")]} == {0o600}
    before = {path: path.read_bytes() for path in folder.parent.rglob("*.pem")}
    refused = run("certificates", folder.parent, "--host", "four", "--host", "one")
    assert (refused.returncode, line(refused)) == (
        2, f"impasto: {folder} is there already; take it away first, or name another host"
    )  # fmt: skip
    assert before == {path: path.read_bytes() for path in folder.parent.rglob("*.pem")}
    assert run("certificates", folder.parent, "--host", "../five").returncode == 2
    (tmp_path / "file").touch()
    refused = run("certificates", tmp_path / "file")
    assert (refused.returncode, line(refused).count("can't be written")) == (2, 1)


def test_certificates_that_are_of_no_use_are_one_line(certify, run, tmp_path):
    copy, at = tmp_path / "copy", "tls://127.0.0.1:1"

    def refused(*command, **settings):
        done = run(*command, **settings, IMPASTO_DATA_DIR=str(tmp_path / "data"))
        assert done.returncode == 2
        return line(done)

    copytree(certify("one"), copy)
    (copy / "key.pem").chmod(0o644)
    assert "other users can read" in refused("worker", at, "--certificates", copy)
    (copy / "key.pem").unlink()
    assert "key.pem can't be read: No such file" in refused("scheduler", "--address", at, "--certificates", copy)
    copyfile(certify("two") / "key.pem", copy / "key.pem")
    (copy / "key.pem").chmod(0o600)
    said = refused("serve", IMPASTO_SCHEDULER=at, IMPASTO_CERTIFICATES=str(copy))
    assert said == f"impasto: the files in {copy} do not belong together; make new ones"


# As an operator writes it; a cluster of SLURM's takes the same from Dask.
GROWING = """
from distributed import LocalCluster, Security


def local():
    return LocalCluster(
        n_workers=0, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address=":0",
        security=Security.temporary(), preload="impasto.studio.painters.preload",
    )
"""


def test_a_cluster_of_the_operator_s_grows_when_there_is_work(tmp_path, home, photo, run):
    (tmp_path / "painters_of_ours.py").write_text(GROWING)
    studio = Studio(tmp_path / "data", home, cluster="painters_of_ours:local", painters=2)
    studio.environment["PYTHONPATH"] = str(tmp_path)
    studio.start()
    try:
        assert studio.painters() == []
        jobs = [studio.submit(photo) for _ in range(2)]
        assert {studio.when(job, lambda row: row.ended).state for job in jobs} == {State.DONE}
        assert 1 <= len(studio.painters()) <= 2
    finally:
        studio.close()
    for name, said in {
        "painters": "IMPASTO_CLUSTER can't be 'painters': write it as module:function",
        "nowhere:slurm": "IMPASTO_CLUSTER names nowhere:slurm, which can't be loaded: No module named 'nowhere'",
        "os:gone": "IMPASTO_CLUSTER names os:gone, which can't be loaded: module",
        "os:sep": "IMPASTO_CLUSTER names os:sep, which is no function",
    }.items():
        done = run("serve", "--port", "0", IMPASTO_CLUSTER=name, IMPASTO_DATA_DIR=str(tmp_path / "none"))
        assert (done.returncode, said in line(done)) == (2, True), line(done)
