"""Hosts of Azure on loopback, for clients that take no other address than their own.

A proxy ends TLS for them, with a certificate of an authority that is made for the test; and it is a managed identity's
endpoint, which may be asked over plain HTTP.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIVES = 3600


@dataclass(frozen=True)
class Request:
    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Answer = tuple[int, Any]
"""Status and JSON, or a Page."""


class Page(str):
    """What somebody says who stands between us and Azure."""

    __slots__ = ()


Serve = Callable[[Request], Answer]


@dataclass
class Cloud:
    """`serve` answers for every host; `requests` in the order of their arrival; `asked` are resources of tokens;
    `environ`: by which variables it is found."""

    serve: Serve
    requests: list[Request] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)


@contextmanager
def azure_hosts(folder: Path, patch: pytest.MonkeyPatch, hosts: tuple[str, ...], serve: Serve) -> Iterator[Cloud]:
    """This process, and those that it starts, find these hosts here, and are signed in as a managed identity."""
    cloud = Cloud(serve)
    context = _tls(folder, hosts)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.partition(":")[0]
            self.send_response_only(200)
            self.end_headers()
            plain = self.rfile, self.wfile
            with (
                suppress(ConnectionError, ssl.SSLError),  # the client has gone
                context.wrap_socket(self.connection, server_side=True) as self.connection,
                self.connection.makefile("rb") as self.rfile,
                self.connection.makefile("wb", 0) as self.wfile,
            ):
                self.handle()
            self.rfile, self.wfile = plain

        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not self.host:
                cloud.asked.append(query["resource"])
                ends = int((datetime.now(UTC) + timedelta(seconds=LIVES)).timestamp())
                self.reply(200, {"access_token": "only-for-a-test", "expires_on": str(ends), "token_type": "Bearer"})
                return
            sent = json.loads(body) if body else None
            request = Request(self.command, self.host, parts.path, query, dict(self.headers), sent)
            cloud.requests.append(request)
            self.reply(*cloud.serve(request))

        do_GET = do_PUT = do_PATCH = do_POST = answer  # noqa: N815 - as the library calls them

        def reply(self, status: int, said: Any) -> None:
            page = isinstance(said, Page)
            content = said.encode() if isinstance(said, Page) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if page else "application/json")
            if not page:
                is_vault = ".vault." in (self.host or "")
                self.send_header("x-ms-keyvault-service-version" if is_vault else "x-ms-request-id", "1.9")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "MSI_ENDPOINT", "ALL_PROXY", "all_proxy"):
        patch.delenv(name, raising=False)
    cloud.environ |= {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        "REQUESTS_CA_BUNDLE": str(folder / "authority.pem"),
        "IDENTITY_ENDPOINT": f"{url}/token",
        "IDENTITY_HEADER": "only-for-a-test",
    }
    for name, value in cloud.environ.items():
        patch.setenv(name, value)
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _tls(folder: Path, hosts: tuple[str, ...]) -> ssl.SSLContext:
    """An authority that is trusted in `authority.pem`, and a certificate of it for the hosts."""
    now, key, own = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for a test")])

    def made(subject: x509.Name, of: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(of.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        told = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        return builder.add_extension(told, critical=False)

    usage = dict.fromkeys(
        ("content_commitment", "data_encipherment", "encipher_only", "decipher_only", "key_agreement"), False
    )
    signs = x509.KeyUsage(digital_signature=True, key_encipherment=False, key_cert_sign=True, crl_sign=True, **usage)
    authority = made(issuer, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    authority = authority.add_extension(signs, critical=True)
    authority = authority.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    leaf = made(subject, own).add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "leaf.pem").write_bytes(
        leaf.public_bytes(pem) + own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return context
