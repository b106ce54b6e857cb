"""Certificates for tests, by an authority that nobody else knows."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certified(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext, list[str]]:
    """A server's TLS for that name, a client's that trusts it, and the names that clients asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(name, key)
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        server.load_cert_chain(path)
        client.load_verify_locations(path)
    asked: list[str] = []
    server.sni_callback = _noting(asked)
    return server, client, asked


class Authority:
    """Certifies names, and is trusted by whoever trusts its ``file``. Everything is kept in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _self_signed("Test authority", self._key)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def certify(self, name: str) -> tuple[Path, Path]:
        """Files with a certificate for the name and with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _unsigned(name, key, issuer=self._certificate.subject, ca=False).sign(
            self._key, hashes.SHA256()
        )
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(_pem(key))
        return files


def _self_signed(name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return _unsigned(name, key, issuer=_named(name), ca=True).sign(key, hashes.SHA256())


def _unsigned(
    name: str, key: ec.EllipticCurvePrivateKey, *, issuer: x509.Name, ca: bool
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _noting(asked: list[str]) -> Any:
    def note(_socket: Any, name: str | None, _context: ssl.SSLContext) -> None:
        asked.append(name or "")

    return note
