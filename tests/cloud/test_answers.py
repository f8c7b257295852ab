"""Answers that no Azure service gives: told in one line that names the place, and nobody is led elsewhere."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import Target, connect
from batchctl.errors import CloudError, UsageError

HERE = "HERE"
"""In an answer: the address of the service itself."""


@contextmanager
def answering(status: int, kind: str, body: str) -> Iterator[Target]:
    """A service that says the same to every request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            said = body.replace(HERE, f"http://{self.headers['Host']}").encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Location", body)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

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
