"""A real nginx and a real Caddy before the studio, set up as docs/studio.md says, with a certificate of the tests'."""

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from studio_web import until

DOCS = Path(__file__).parents[1] / "docs" / "studio.md"
NAMES = ("nginx", "caddy")


def example(name):
    """The lines of the docs' example."""
    found, inside = [], False
    marker = {"nginx": "nginx, in the", "caddy": "Caddy:"}[name]
    for line in DOCS.read_text().splitlines():
        if inside and line and not line.startswith("    "):
            break
        if inside:
            found.append(line)
        inside = inside or line.startswith(marker)
    assert found
    return "\n".join(found)


@contextmanager
def reserved_port():
    """A port of loopback that is nobody's but whose who shares it, as these servers do."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def certificate(folder):
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def proxy(name, folder, port, studio_port, root):
    """Run one of them on a port, before a studio on another, whose addresses begin with a path."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"there is no {name}; apt-get install {name}")
    certificate(folder)
    lines = example(name).replace("127.0.0.1:8000", f"127.0.0.1:{studio_port}")
    if name == "nginx":
        lines = lines.replace("location / {", f"location {root}/ {{").replace("/too-large", f"{root}/too-large")
        lines = lines.replace("client_max_body_size 50m;", "client_max_body_size 6m;")
        (folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {folder}/pid; error_log {folder}/log info;
            events {{ worker_connections 256; }}
            http {{
                access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
                fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
                server {{
                    listen 127.0.0.1:{port} ssl reuseport;
                    ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
                    {lines}
                }}
            }}""")
        command = [program, "-e", folder / "log", "-p", folder, "-c", folder / "nginx.conf"]
    else:
        body = lines.partition("{")[2].rpartition("}")[0]
        inside = f"handle {root}* {{\n{body}\n}}" if root else body
        (folder / "Caddyfile").write_text(f"""
            {{
                admin off
                grace_period 5s
                auto_https disable_redirects
            }}
            https://localhost:{port} {{
                bind 127.0.0.1
                tls {folder}/certificate.pem {folder}/key.pem
                {inside}
            }}""")
        command = [program, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        until(lambda: _listens(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "out").read_text()
        yield f"https://localhost:{port}{root}"
    finally:
        process.terminate()
        process.wait(60)


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
