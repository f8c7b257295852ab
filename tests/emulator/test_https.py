"""Http and https on one port: which of them a client speaks, its first byte tells."""

import asyncio
import contextlib
import gc
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

from batchctl.emulator.api import listener
from batchctl.emulator.settings import Certificates
from batchctl.local.certificates import ensure_certificates

from .conftest import completed, new_job, pool_options, ready_pool, text
from .raw import VERSION, send
from .stand import BlobStub, Local, running, until
from .test_faults import fault


@dataclass(frozen=True)
class Secure:
    """A service that has a certificate, and how it is reached over TLS."""

    local: Local
    url: str
    authority: Path
    trusting: ssl.SSLContext


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("certificates")
    ensure_certificates(directory)
    return Certificates(directory)


@contextlib.contextmanager
def secured(home: Path, certificates: Certificates, **settings: bool) -> Iterator[Secure]:
    with running(home, certificates=certificates, **settings) as local:
        url = local.url.replace("http:", "https:")
        trusting = ssl.create_default_context(cafile=certificates.authority)
        trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 and newer have it by default
        yield Secure(local, url, certificates.authority, trusting)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Secure]:
    with secured(tmp_path_factory.mktemp("secure") / "home", certificates) as made:
        yield made


@contextlib.contextmanager
def sdk(secure: Secure):
    with secure.local.client(connection_verify=str(secure.authority), endpoint=secure.url) as client:
        yield client


def connected(secure: Secure) -> socket.socket:
    address = urlsplit(secure.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def test_the_sdk_over_https(secure, name):
    with sdk(secure) as client:
        for number in range(3):
            client.create_pool(pool_options(f"{name}-{number}"))
        pools = list(client.list_pools(max_results=1))  # each further page by the link of the one before
        assert [pool.id for pool in pools] == [f"{name}-{number}" for number in range(3)]
        assert {pool.url.partition("/pools")[0] for pool in pools} == {secure.url}
        with pytest.raises(HttpResponseError, match="PoolNotFound"):
            client.get_pool(f"{name}-none")
    assert send(secure.local.url, "GET", f"/pools/{name}-0?{VERSION}").json["url"].startswith(secure.local.url)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_addresses_have_the_scheme_of_the_request(secure, scheme, name):
    url, trusting = (secure.url, secure.trusting) if scheme == "https" else (secure.local.url, None)
    body = {"id": name, "poolInfo": {"poolId": "x"}}
    made = send(url, "POST", f"/jobs?{VERSION}", body, trusting=trusting)
    assert made.headers["location"].startswith(f"{url}/")
    send(url, "POST", f"/jobs?{VERSION}", {**body, "id": f"{name}-2"}, trusting=trusting)
    page = send(url, "GET", f"/jobs?{VERSION}&maxresults=1", trusting=trusting)
    assert page.json["odata.nextLink"].startswith(f"{url}/jobs?")
    refused = send(url, "GET", f"/jobs/none?{VERSION}", trusting=trusting)
    assert refused.json["odata.metadata"].startswith(f"{url}/$metadata")


@pytest.mark.parametrize("host", ["localhost:{}", "[::1]:{}"])
def test_hosts_are_checked_over_https_too(secure, host):
    port = urlsplit(secure.url).port
    assert send(secure.url, "GET", f"/pools?{VERSION}", headers={"Host": host.format(port)}, trusting=secure.trusting)
    refused = send(secure.url, "GET", f"/pools?{VERSION}", headers={"Host": "example.com"}, trusting=secure.trusting)
    assert refused.status == 403


def test_whoever_does_not_trust_the_authority_sends_nothing(secure):
    with pytest.raises(ssl.SSLCertVerificationError):
        send(secure.url, "GET", f"/pools?{VERSION}", trusting=ssl.create_default_context())


def test_whom_to_trust_is_told_without_a_signature(secure):
    for url, trusting in ((secure.url, secure.trusting), (secure.local.url, None)):
        told = send(url, "GET", "/_local/certificate", signed=False, trusting=trusting)
        assert (told.status, told.headers["content-type"]) == (200, "application/x-pem-file")
        assert told.content == secure.authority.read_bytes()
        head = {"Host": "evil.example"}
        assert send(url, "GET", "/_local/certificate", headers=head, signed=False, trusting=trusting).status == 403
    assert send(secure.local.url, "POST", "/_local/certificate", signed=False).status == 401


def test_a_service_without_certificates(local):
    assert send(local.url, "GET", "/_local/certificate", signed=False).code == "FileNotFound"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        send(local.url, "GET", f"/pools?{VERSION}", trusting=ssl.create_default_context())
    assert send(local.url, "GET", f"/pools?{VERSION}").status == 200


def test_connections_that_are_dropped(secure, name):
    with sdk(secure) as client:
        for when in ("before", "after"):
            with (
                fault(secure.local, kind="request", path="/jobs", drop=when),
                pytest.raises((ServiceResponseError, ServiceRequestError)),
            ):
                new_job(client, f"{name}-{when}", "x")
        assert client.get_job(f"{name}-after").state == "active"
        with pytest.raises(HttpResponseError):
            client.get_job(f"{name}-before")


@pytest.mark.parametrize("said", [b"", b"\x16", b"\x16\x03\x01\x02"])
def test_who_says_nothing_holds_no_connection(secure, monkeypatch, said):
    monkeypatch.setattr(listener, "SPEAKS_WITHIN", 0.05)
    monkeypatch.setattr(listener, "HANDSHAKE_WITHIN", 0.05)
    with connected(secure) as connection:
        connection.sendall(said)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(4096) == b""
    assert send(secure.url, "GET", f"/pools?{VERSION}", trusting=secure.trusting).status == 200


def test_what_is_no_tls_ends_and_hurts_nobody(secure):
    for said in (b"\x16" + b"x" * 5000, b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x01\x00\x02\x01\x00"):
        with connected(secure) as connection, contextlib.suppress(ConnectionError):
            connection.sendall(said)
            while connection.recv(4096):
                pass
    assert send(secure.url, "GET", f"/pools?{VERSION}", trusting=secure.trusting).status == 200


@pytest.mark.parametrize("first", [b"\x16", b"G"])
def test_what_is_sent_waits_for_no_acknowledgement(secure, first):
    """Else each new connection over TLS would take 40 ms more: its tickets would wait to be acknowledged."""
    with connected(secure) as connection:
        connection.sendall(first)
        served = until(lambda: other_end(connection), "the connection")
        assert until(lambda: served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "that it sends at once")


def other_end(connection: socket.socket) -> socket.socket | None:
    """The service's own, which is in this process."""
    sockets = [one for one in gc.get_objects() if type(one) is socket.socket and one.fileno() != -1]
    return next((one for one in sockets if peer_of(one) == connection.getsockname()), None)


def peer_of(one: socket.socket) -> object:
    try:
        return one.getpeername()
    except OSError:  # it listens
        return None


def test_it_ends_while_others_say_nothing(tmp_path, certificates):
    with contextlib.ExitStack() as stack:
        with secured(tmp_path / "home", certificates) as secure:
            stack.enter_context(connected(secure))
            idle = stack.enter_context(
                contextlib.closing(
                    http.client.HTTPSConnection(urlsplit(secure.url).netloc, timeout=20, context=secure.trusting)
                )
            )
            idle.request("GET", "/_local/certificate")
            idle.getresponse().read()
            half = stack.enter_context(connected(secure))
            half.sendall(b"\x16\x03\x01")
            began = time.monotonic()
        assert time.monotonic() - began < 1.5


def test_a_connection_whose_client_began_to_speak_as_it_ended_is_closed():
    async def end_between() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            ending = listener.Listener(listening, asyncio.Protocol, None)
            with socket.create_connection(listening.getsockname()) as client:
                client.sendall(b"G")
                while len(asyncio.all_tasks()) == 1:  # the first byte is heard, the connection's task has not begun
                    await asyncio.sleep(0)
                ending.close()
                await ending.wait_closed()
                client.settimeout(5)
                with contextlib.suppress(ConnectionResetError):
                    assert client.recv(1) == b""

    asyncio.run(end_between())


def test_a_keyless_service_tells_its_tasks_whom_to_trust(tmp_path, certificates):
    """And trusts the same: their files come and go over https."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.chain, certificates.key)
    with (
        contextlib.closing(BlobStub(tls)) as blobs,
        secured(tmp_path / "home", certificates, keyless=True) as secure,
        sdk(secure) as client,
    ):
        file = models.ResourceFile(http_url=blobs.blob("in/a", b"over TLS"), file_path="a")
        where = models.OutputFileBlobContainerDestination(container_url=blobs.container("out"), path="b")
        out = models.OutputFile(
            file_pattern="a",
            destination=models.OutputFileDestination(container=where),
            upload_options=models.OutputFileUploadConfiguration(upload_condition="taskcompletion"),
        )
        own = models.EnvironmentSetting(name="CURL_CA_BUNDLE", value="mine")
        job = new_job(client, "j", ready_pool(client, "p"))
        given = {"resource_files": [file], "output_files": [out], "environment_settings": [own]}
        client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="env", **given))
        seen = dict(line.split("=", 1) for line in text(client, completed(client, job, "t")).splitlines())
        assert blobs.blobs["out/b"][0] == b"over TLS"
    assert seen["AZ_BATCH_ACCOUNT_URL"] == secure.url
    assert seen["REQUESTS_CA_BUNDLE"] == seen["SSL_CERT_FILE"] == str(certificates.directory / "bundle.pem")
    assert (seen["NODE_EXTRA_CA_CERTS"], seen["CURL_CA_BUNDLE"]) == (str(certificates.authority), "mine")
