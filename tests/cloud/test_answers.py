"""Answers that no Azure service gives: told in one line that names the place, and nobody is led elsewhere."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import Target, connect
from batchctl.errors import CloudError, UsageError
from batchctl.resources import Blob, Container, Image, Pool
from tests.clock import FakeClock

HERE = "HERE"
"""In an answer: the address of the service itself."""


@contextmanager
def answering(
    status: int,
    kind: str,
    body: str,
    *,
    ahead: timedelta = timedelta(),
    files: Mapping[str, str] | None = None,
    names_itself: bool = True,
    names_request: str | None = None,
) -> Iterator[Target]:
    """A service that says the same to every request but for `files`, and whose clock is `ahead` of ours.

    Not `names_itself`: what answers is something between us and the service. `names_request`: what its answers say
    that they were asked.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            file = self.path.partition("?")[0].partition("/files/")[2]
            found = (files or {}).get(unquote(file))
            said = (body if found is None else found).replace(HERE, f"http://{self.headers['Host']}").encode()
            self.send_response(status)
            self.send_header("Content-Type", kind if found is None else "text/plain")
            self.send_header("Location", body)
            for name in ("request-id", "x-ms-request-id") if names_itself else ():
                self.send_header(name, "7d6f0a5e")
            for name in ("client-request-id", "x-ms-client-request-id") if names_request else ():
                self.send_header(name, names_request or "")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((timestamp or time.time()) + ahead.total_seconds())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 (names that http.server asks for)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield Target.local(
            batch_url=url,
            batch_account="a",
            batch_key="a2V5",
            storage_url=f"{url}/a",
            storage_account="a",
            storage_key="a2V5",
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (200, "text/html", "<html>Please log in", "did not answer as Azure Batch does"),
        (200, "application/json", '{"value": 5}', "is not one as Azure Batch gives it"),
        (200, "application/json", '{"value": [5, null]}', "is not one as Azure Batch gives it"),
        (200, "application/json", json.dumps({"odata.nextLink": f"{HERE}/jobs?next"}), "goes round in circles"),
        (200, "application/json", json.dumps({"odata.nextLink": "http://evil.example/"}), "at 'evil.example'"),
        (302, "text/plain", "http://evil.example/", "answered 302"),
    ],
)
def test_batch(status: int, kind: str, body: str, said: str) -> None:
    with answering(status, kind, body) as target, pytest.raises(CloudError, match=said):
        connect(target, SystemClock()).batch("o", ["n"])


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (200, "text/html", "<html>Please log in", "did not answer as blob storage does"),
        (200, "application/json", '{"value": 5}', "did not answer as blob storage does"),
        (200, "application/xml", "<EnumerationResults><Containers>5</Containers></EnumerationResults>", None),
        (302, "text/plain", "http://evil.example/", "answered 302"),
    ],
)
def test_storage(status: int, kind: str, body: str, said: str | None) -> None:
    with answering(status, kind, body) as target:
        cloud = connect(target, SystemClock())
        if said is None:
            assert cloud.storage("o", []) == ((), ())
            return
        with pytest.raises(CloudError, match=said):
            cloud.storage("o", [])


IMAGE = Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
CONTAINER, POOL = Container(name="c", owner="o"), Pool(name="p", owner="o", vm_size="Standard_D2s_v5", image=IMAGE)
TEXT = Blob(container="c", path="b", text="x", size=1, md5=hashlib.md5(b"x", usedforsecurity=False).hexdigest())

BELIEVED = {
    "a blob is uploaded": lambda cloud: cloud.create([TEXT], "o"),
    "a container is deleted": lambda cloud: cloud.delete([CONTAINER], "o"),
    "a pool is deleted": lambda cloud: cloud.delete([POOL], "o"),
    "a pool is resized": lambda cloud: cloud.update([(POOL, replace(POOL, target_dedicated_nodes=1))], "o"),
}


@pytest.mark.parametrize("status", [200, 201, 202, 403, 404, 409, 412])
@pytest.mark.parametrize("done", BELIEVED)
def test_what_stands_between_is_not_believed(done: str, status: int) -> None:
    """Neither that it is done, nor that it is not there, nor that it may not be."""
    with answering(status, "text/html", "<html>Please log in", names_itself=False) as target:
        (outcome,) = BELIEVED[done](connect(target, FakeClock()))
    assert "did not answer as" in str(outcome.error), done
    assert "login page" in str(outcome.error), done


@pytest.mark.parametrize("status", [200, 404, 412])
@pytest.mark.parametrize("done", BELIEVED)
def test_an_answer_to_another_request_is_not_believed(done: str, status: int) -> None:
    with answering(status, "text/plain", "", names_request="2b1c0c7e-0000-4000-8000-000000000001") as target:
        (outcome,) = BELIEVED[done](connect(target, FakeClock()))
    assert "an answer to another request" in str(outcome.error), done


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=16), "the clock of this machine is 16 minutes behind the service's"),
        (timedelta(minutes=-16, seconds=-5), "the clock of this machine is 16 minutes ahead of the service's"),
        (timedelta(hours=-5), "the clock of this machine is 5 hours ahead of the service's"),
        (timedelta(days=400), "the clock of this machine is 400 days behind the service's"),
        (timedelta(minutes=14), None),
        (timedelta(minutes=-14), None),
    ],
)
def test_a_clock_that_is_too_far_off_is_named(status: int, ahead: timedelta, said: str | None) -> None:
    with answering(status, "text/plain", "refused", ahead=ahead) as target:
        cloud = connect(target, SystemClock())
        for ask in (lambda: cloud.batch("o", ["n"]), lambda: cloud.storage("o", [])):
            with pytest.raises(CloudError) as caught:
                ask()
            assert ("clock" in str(caught.value)) is (said is not None)
            assert not said or f"; {said}, which takes no request" in str(caught.value)


def test_a_clock_is_not_blamed_for_what_it_did_not_do() -> None:
    with answering(400, "text/plain", "refused", ahead=timedelta(days=1)) as target:
        with pytest.raises(CloudError) as caught:
            connect(target, SystemClock()).batch("o", ["n"])
        assert "clock" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_BATCH_ACCESS_KEY", "no-key!"),
        ("AZURE_STORAGE_KEY", "abcde"),
        ("AZURE_STORAGE_CONNECTION_STRING", "AccountName=store;AccountKey=käse"),
    ],
)
def test_a_key_that_is_none_is_told_and_not_shown(name: str, value: str) -> None:
    accounts = {"AZURE_BATCH_ENDPOINT": "https://b.westeurope.batch.azure.com", "AZURE_STORAGE_ACCOUNT": "store"}
    with pytest.raises(UsageError, match=f"{name} holds no key") as caught:
        Target.azure((None, None), {**accounts, name: value})
    assert value.rpartition("=")[2] not in str(caught.value)


@pytest.mark.parametrize("name", ["AZURE_STORAGE_ACCOUNT", "AZURE_BATCH_ACCOUNT", "AZURE_STORAGE_CONNECTION_STRING"])
@pytest.mark.parametrize(
    "value",
    [
        *("ab", "a" * 25, "MyStore", "my-store", "my_store", "störe", "store٣", "store\n", " store", "store.evil"),
        *(
            "evil.example/x",
            "evil.example#",
            "evil.example?",
            "me:pw@evil.example:80/",
            "https://store.blob.core.windows.net",
        ),
    ],
)
def test_no_request_is_addressed_or_signed_with_what_is_no_accounts_name(name: str, value: str) -> None:
    accounts = {"AZURE_BATCH_ENDPOINT": "https://b.westeurope.batch.azure.com"}
    said = f"AccountName={value};AccountKey=a2V5" if name.endswith("STRING") else value
    other = {} if "STORAGE" in name else {"AZURE_STORAGE_ACCOUNT": "store"}
    with pytest.raises(
        UsageError, match=f"{name} holds no account's name: .* 3 to 24 lower-case letters and digits"
    ) as e:
        Target.azure((None, None), {**accounts, **other, name: said})
    assert f" {value} " not in str(e.value)


@pytest.mark.parametrize("value", ["abc", "0" * 24, "store1"])
def test_an_accounts_name_addresses_its_blobs(value: str) -> None:
    accounts = {"AZURE_BATCH_ENDPOINT": "https://b.westeurope.batch.azure.com", "AZURE_STORAGE_ACCOUNT": value}
    target = Target.azure((None, None), accounts)
    assert (target.storage_url, target.storage_account) == (f"https://{value}.blob.core.windows.net", value)


@pytest.mark.parametrize(
    ("suffix", "url"),
    [
        ("", "https://store.blob.core.windows.net"),
        ("EndpointSuffix=core.chinacloudapi.cn;", "https://store.blob.core.chinacloudapi.cn"),
        ("EndpointSuffix=core.usgovcloudapi.net", "https://store.blob.core.usgovcloudapi.net"),
    ],
)
def test_storage_is_where_the_connection_string_says(suffix: str, url: str) -> None:
    environ = {
        "AZURE_BATCH_ENDPOINT": "https://a.westus.batch.azure.com",
        "AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=https;AccountName=store;AccountKey=aGk=;{suffix}",
    }
    assert Target.azure((None, None), environ).storage_url == url


@pytest.mark.parametrize("suffix", ["evil.example/x", "a b", "core", "CORE.WINDOWS.NET@e.org"])
def test_a_suffix_is_a_domain(suffix: str) -> None:
    environ = {
        "AZURE_BATCH_ENDPOINT": "https://a.westus.batch.azure.com",
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=store;AccountKey=aGk=;EndpointSuffix={suffix}",
    }
    with pytest.raises(UsageError, match="EndpointSuffix"):
        Target.azure((None, None), environ)


BATCH, STORE = "https://one.westeurope.batch.azure.com", "https://one.blob.core.windows.net"
ACCOUNTS = (BATCH, STORE)


@pytest.mark.parametrize(
    ("account", "environ", "names"),
    [
        (ACCOUNTS, {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_BATCH_ACCOUNT": "another"}, ("one", "one")),
        ((BATCH, None), {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_STORAGE_ACCOUNT_URL": STORE}, ("one", "one")),
        (ACCOUNTS, {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=other"}, ("one", "one")),
        ((BATCH, "https://one-secondary.blob.core.windows.net"), {}, ("one", "one")),
        ((BATCH, "https://one.z21.blob.storage.azure.net"), {"AZURE_STORAGE_ACCOUNT": "other"}, ("one", "one")),
        ((BATCH, "https://ONE.privatelink.blob.core.windows.net"), {"AZURE_STORAGE_ACCOUNT": "other"}, ("one", "one")),
        (
            ("https://one.chinaeast2.batch.chinacloudapi.cn", "https://two.blob.core.chinacloudapi.cn"),
            {"AZURE_BATCH_ACCOUNT": "other", "AZURE_STORAGE_ACCOUNT": "other"},
            ("one", "two"),
        ),
        # A custom domain does not say it.
        (("https://batch.example.com", "https://blobs.example.com"), {}, ("batch", "blobs")),
        (
            ("https://batch.example.com", "https://blobs.example.com"),
            {"AZURE_BATCH_ACCOUNT": "one", "AZURE_STORAGE_ACCOUNT": "two"},
            ("one", "two"),
        ),
        (("https://127.0.0.1:1", "https://127.0.0.1:2/store"), {"AZURE_STORAGE_ACCOUNT": "two"}, ("127", "two")),
        # A key goes with the name that stands beside it.
        (
            ACCOUNTS,
            {
                "AZURE_STORAGE_ACCOUNT": "other",
                "AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint={STORE};AccountName=one;AccountKey=a2V5",
            },
            ("one", "one"),
        ),
    ],
)
def test_the_address_says_whose_signatures_are_good(
    account: tuple[str | None, str | None], environ: dict[str, str], names: tuple[str, str]
) -> None:
    target = Target.azure(account, environ)
    assert (target.batch_account, target.storage_account) == names


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"AZURE_STORAGE_ACCOUNT": "other", "AZURE_STORAGE_KEY": "a2V5"},
            f"{STORE} is the storage account 'one', and the key is that of 'other', as AZURE_STORAGE_ACCOUNT says",
        ),
        (
            {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=other;AccountKey=a2V5"},
            "the storage account 'one', and the key is that of 'other', as AZURE_STORAGE_CONNECTION_STRING says",
        ),
        (
            {"AZURE_BATCH_ACCOUNT": "other", "AZURE_BATCH_ACCESS_KEY": "a2V5"},
            f"{BATCH} is the Batch account 'one', and the key is that of 'other', as AZURE_BATCH_ACCOUNT says",
        ),
    ],
)
def test_a_key_of_another_account_signs_nothing(environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Target.azure(ACCOUNTS, environ)


HOME = {"AZURE_BATCH_ENDPOINT": "https://127.0.0.1:1/", "AZURE_BATCH_ACCESS_KEY": "a2V5"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_on_this_machine_the_path_names_the_account_of_storage(host: str) -> None:
    for environ in (
        {"AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint=https://{host}:2/store"},
        {"AZURE_STORAGE_ACCOUNT_URL": f"https://{host}:2/store/"},
    ):
        target = Target.azure((None, None), {**HOME, **environ})
        assert (target.storage_url, target.storage_account) == (f"https://{host}:2/store", "store")
        assert target.storage_key is None


@pytest.mark.parametrize(
    ("batch", "storage", "said"),
    [
        ("http://127.0.0.1:1", "https://127.0.0.1:2/store", "http://127.0.0.1:1 .*: set AZURE_BATCH_ACCESS_KEY"),
        ("https://127.0.0.1:1", "http://127.0.0.1:2/store", "http://127.0.0.1:2/store .*: set AZURE_STORAGE_KEY"),
    ],
)
def test_a_token_goes_over_https_alone(batch: str, storage: str, said: str) -> None:
    target = Target.azure((batch, storage), {})
    with pytest.raises(UsageError, match=said):
        connect(target, SystemClock())
