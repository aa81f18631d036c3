"""An authority, and certificates by which the processes of several hosts know each other.

A host gets a folder of three files: its certificate, its key, and the authority's certificate. The authority's own key
stays where it was made; whoever has it can make a certificate that all hosts believe.
"""

import datetime
import ipaddress
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.files import written

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from distributed import Security

AUTHORITY, CERTIFICATE, KEY = "authority.pem", "certificate.pem", "key.pem"
AUTHORITY_KEY = "authority-key.pem"
DAYS = 3650
"""How long all of them are valid."""
EARLIER = datetime.timedelta(days=1)
"""So long before they were made they are valid already: the clocks of hosts differ."""


class CertificatesError(ValueError):
    """They can't be made, or be used; the message is one plain line."""


def make(folder: Path, hosts: list[str]) -> list[Path]:
    """Make a folder for each host below `folder`, and the authority there, unless it has one already.

    Args:
        folder: that of the authority; only its owner can read what is made.
        hosts: names or addresses.

    Returns:
        the hosts' folders.

    Raises:
        CertificatesError: one exists already, or can't be written; nothing that was there is changed.
    """
    hosts = [*dict.fromkeys(hosts)]
    folders = [folder / _plain(host) for host in hosts]
    for path in folders:
        if path.exists():
            raise CertificatesError(f"{path} is there already; take it away first, or name another host")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate, key = _authority(folder)
        for host, path in zip(hosts, folders, strict=True):
            path.mkdir(mode=0o700)
            own = _new_key()
            _write(path / KEY, _of_key(own))
            _write(path / CERTIFICATE, _of_certificate(_signed(own, host, certificate, key)))
            _write(path / AUTHORITY, _of_certificate(certificate))
    except OSError as error:
        raise CertificatesError(
            f"{error.filename} can't be written: {error.strerror}; choose another folder"
        ) from error
    return folders


def security(folder: Path) -> "Security":
    """What Dask needs so that this process talks only to those with a certificate of the same authority.

    Raises:
        CertificatesError: the folder has none, or one that is of no use.
    """
    check(folder)
    from distributed import Security

    certificate, key = str(folder / CERTIFICATE), str(folder / KEY)
    return Security(
        require_encryption=True, tls_ca_file=str(folder / AUTHORITY),
        tls_scheduler_cert=certificate, tls_scheduler_key=key, tls_worker_cert=certificate, tls_worker_key=key,
        tls_client_cert=certificate, tls_client_key=key,
    )  # fmt: skip


def check(folder: Path) -> None:
    """See that a host's folder has what it needs.

    Raises:
        CertificatesError: it has not.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    contents = {}
    for name in (AUTHORITY, CERTIFICATE, KEY):
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            reason = error.strerror or "it can't be read"
            hint = "give the folder of one host that impasto certificates made"
            raise CertificatesError(f"{folder / name} can't be read: {reason}; {hint}") from error
    if (folder / KEY).stat().st_mode & stat.S_IRWXO:
        raise CertificatesError(f"other users can read {folder / KEY}; chmod 600 {folder / KEY}")
    try:
        authority, own = (x509.load_pem_x509_certificate(contents[name]) for name in (AUTHORITY, CERTIFICATE))
        own.verify_directly_issued_by(authority)
        fits = load_pem_private_key(contents[KEY], None).public_key() == own.public_key()
    except (ValueError, TypeError, InvalidSignature):
        fits = False
    if not fits:
        raise CertificatesError(f"the files in {folder} do not belong together; make new ones")
    ends = min(authority.not_valid_after_utc, own.not_valid_after_utc)
    if ends < datetime.datetime.now(datetime.UTC):
        raise CertificatesError(f"the certificate in {folder} ended on {ends:%Y-%m-%d}; make new ones for all hosts")


def _plain(host: str) -> str:
    """A host's name, where it is one that can be a folder's too."""
    if not host or host.startswith((".", "-")) or not all(letter.isalnum() or letter in ".-:_" for letter in host):
        raise CertificatesError(f"{host!r} is no name of a host; give one such as painter-1.example.org")
    if not host.isascii() or len(host) > 64 or host in (AUTHORITY, AUTHORITY_KEY):
        raise CertificatesError(f"{host!r} can't be in a certificate; give at most 64 plain letters")
    return host


def _authority(folder: Path) -> "tuple[x509.Certificate, EllipticCurvePrivateKey]":
    """The folder's authority; a new one where it has none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not (folder / AUTHORITY).exists() and not (folder / AUTHORITY_KEY).exists():
        made = _new_key()
        _write(folder / AUTHORITY_KEY, _of_key(made))
        _write(folder / AUTHORITY, _of_certificate(_signed(made, "Impasto authority")))
    try:
        certificate = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        key = load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise CertificatesError(
            f"the authority in {folder} can't be read; give the folder that holds {AUTHORITY} and {AUTHORITY_KEY}, "
            "or a new one"
        ) from error
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CertificatesError(f"{folder} has an authority with another's key; give a new folder")
    return certificate, key


def _new_key() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _signed(
    key: "EllipticCurvePrivateKey",
    name: str,
    authority: "x509.Certificate | None" = None,
    authority_key: "EllipticCurvePrivateKey | None" = None,
) -> "x509.Certificate":
    """A certificate of this key: an authority's own, or a host's that the authority has signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer = authority_key or key
    itself = authority is None
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        # a host's signs no other
        .add_extension(x509.BasicConstraints(ca=itself, path_length=0 if itself else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not itself, key_cert_sign=itself, crl_sign=itself, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )  # fmt: skip
    if not itself:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        built = built.add_extension(x509.ExtendedKeyUsage(both), critical=False)
        built = built.add_extension(x509.SubjectAlternativeName([_known_as(name)]), critical=False)
    return built.sign(signer, hashes.SHA256())


def _known_as(host: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _of_key(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _of_certificate(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    """Write a new file that nobody else can open, at no moment."""
    before = os.umask(0o077)
    try:
        with written(path, new=True) as file:
            file.write(data)
    finally:
        os.umask(before)
