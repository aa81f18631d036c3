"""Certificates for a test's own servers, made by openssl."""

import subprocess

import pytest


def make(folder, name):
    """Make `certificate.pem` and `key.pem` in a folder, for a server of this name."""
    folder.mkdir(exist_ok=True)
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
        "-addext", f"subjectAltName=DNS:{name}", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem",
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl here to make a certificate with")
    return folder
