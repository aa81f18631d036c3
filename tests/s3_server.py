"""An object store that speaks S3, on loopback, as a process of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from unittest.mock import patch

import fsspec

KEYS = {"AWS_ACCESS_KEY_ID": "painter", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_DEFAULT_REGION": "us-east-1"}
# A server on a port that is free, which it says on a line of its own.
SERVER = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
server._thread.join()
"""


@contextmanager
def s3(folder):
    """Serve a bucket, and give its address, as fsspec writes it; the environment names the server meanwhile."""
    with (folder / "s3.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        address = server.stdout.readline().strip()
        with patch.dict(os.environ, KEYS | {"AWS_ENDPOINT_URL": address}):
            fsspec.get_filesystem_class("s3").clear_instance_cache()  # it would go on with the server of another test
            fsspec.filesystem("s3").mkdir("studio")
            yield "s3://studio/pictures"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
