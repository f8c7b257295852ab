"""A certificate for this machine, signed by an authority that is made for it and forgotten."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from batchctl.local.home import ACCOUNT

LOOPBACK = ("localhost", "127.0.0.1", "::1", f"{ACCOUNT}.blob.core.localhost")
"""The last is the blob store as Azure addresses one: by its account, in the name of the host."""
_SKEW = timedelta(days=1)
"""Clocks of containers and virtual machines lag behind."""
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """PEM, all of it: the server's private key, its certificate with the authority's behind it, and that one alone."""

    key: str
    chain: str
    authority: str


def names_of(chain: bytes) -> list[str]:
    """The names and addresses by which the server is called; none for what is no certificate."""
    try:
        server = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        return []
    return [str(one.value) for one in server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]


def make_certificate(now: datetime, days: int, names: Iterable[str] = ()) -> Made:
    """For the server on this machine, also by these `names`, which may be addresses.

    Both are good for `days` from `now`, and a little before, with the extensions that Python 3.13 asks for.
    """
    called = [_general_name(name) for name in dict.fromkeys([*LOOPBACK, *names])]
    ours, theirs = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    # A name of its own: clients that trust that of an earlier start look for it by the name.
    issuer = _name(f"batchctl local authority {secrets.token_hex(4)}")
    authority = (
        _begun(issuer, issuer, theirs, theirs, now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(theirs, SHA256())
    )
    server = (
        _begun(_name("localhost"), issuer, ours, theirs, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(called), critical=False)
        .sign(theirs, SHA256())
    )
    key = ours.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    trusted = authority.public_bytes(Encoding.PEM).decode()
    return Made(key, server.public_bytes(Encoding.PEM).decode() + trusted, trusted)


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    """What both have: `key` is that of the subject, `signer` that of the issuer."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _SKEW)
        .not_valid_after(now.astimezone(UTC) + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in names for name in _USAGES})


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
