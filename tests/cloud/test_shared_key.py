"""What a key signs is what the SDKs sign with it, to the letter."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.batch._patch import BatchSharedKeyAuthPolicy
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from azure.storage.blob._shared_access_signature import BlobSharedAccessSignature

from batchctl.cloud.clients.sas import Sas
from batchctl.cloud.clients.signing import BATCH, STORAGE, Bearer, Identity, SharedKey
from batchctl.cloud.clients.storage import VERSION, metadata_headers
from batchctl.cloud.lock.notes import Holder
from tests.clock import FakeClock

KEY = "c2lnbmVkIGhlcmUsIHNpZ25lZCB0aGVyZQ=="
DATE = "Sat, 28 Nov 2026 21:00:00 GMT"
BATCH_URL = "https://a.northeurope.batch.azure.com"
KIND = {"Content-Type": "application/json; odata=minimalmetadata"}
ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "a list": ("GET", "/pools?api-version=2025-06-01", {"Accept": "application/json"}),
    "its next page": ("GET", "/pools?$skiptoken=a%2Fb%3D%3D&api-version=2025-06-01&maxresults=", {}),
    "a filter": ("GET", "/jobs?api-version=2025-06-01&$filter=state%20eq%20'a+b'", {}),
    "a range": ("GET", "/jobs/a/tasks/b/files/std%20out.txt?api-version=2025-06-01", {"ocp-range": "bytes=0-9"}),
    "a body": ("POST", "/pools?api-version=2025-06-01", {**KIND, "Content-Length": "12"}),
    "a change": ("PATCH", "/pools/p?api-version=2025-06-01", {**KIND, "Content-Length": "2", "If-Match": '"0x1"'}),
    "an end": ("DELETE", "/pools/p?api-version=2025-06-01", {"Content-Length": "0"}),
}


def passed(policy: Any, method: str, url: str, headers: dict[str, str]) -> str:
    request = HttpRequest(method, url, headers=headers)
    policy.on_request(PipelineRequest(request, PipelineContext(None)))
    return str(request.headers["Authorization"])


@pytest.mark.parametrize("what", ASKED)
def test_batch_is_sent_the_signature_of_its_sdk(what: str) -> None:
    method, place, headers = ASKED[what]
    said = {**headers, "ocp-date": DATE}
    policy = BatchSharedKeyAuthPolicy(AzureNamedKeyCredential("a", KEY))
    ours = SharedKey("a", KEY, BATCH).authorization(method, BATCH_URL + place, said)
    assert ours == passed(policy, method, BATCH_URL + place, said)


HOLDER = Holder.this("2026-11-28 21:00:00 UTC", "7d6f0a5e").metadata()
MARKS = {"batchctl_owner": "a", "batchctl_origin": "github.com/a/b@c", "batchctl_expires": "2026-11-28T21:00:00Z"}
OF_STORAGE: dict[str, tuple[str, str, dict[str, str]]] = {
    "a list": ("GET", "?comp=list&include=metadata&marker=%2Fstore%2Fb", {}),
    "a look": ("HEAD", "batchctl/a.lock", {"x-ms-client-request-id": "7d6f0a5e"}),
    "a lock": ("PUT", "batchctl/a.lock", {"x-ms-blob-type": "BlockBlob", **metadata_headers(HOLDER)}),
    "a mark": ("PUT", "batchctl/a.lock?comp=metadata", {"If-Match": '"0x8D1"', **metadata_headers(HOLDER)}),
    "a lease": ("PUT", "batchctl/a.lock?comp=lease", {"x-ms-lease-action": "renew", "x-ms-lease-id": "b"}),
    "an end": ("DELETE", "batchctl/a.lock", {"x-ms-lease-id": "b"}),
    "a container": ("PUT", "input?restype=container", metadata_headers(MARKS)),
}


@pytest.mark.parametrize("endpoint", ["https://store.blob.core.windows.net", "http://127.0.0.1:10000/store"])
@pytest.mark.parametrize("what", OF_STORAGE)
def test_storage_is_sent_the_signature_of_its_sdk(what: str, endpoint: str) -> None:
    method, target, headers = OF_STORAGE[what]
    url, said = f"{endpoint}/{target}", {**headers, "x-ms-version": VERSION, "x-ms-date": DATE}
    theirs = passed(SharedKeyCredentialPolicy("store", KEY), method, url, said)
    assert SharedKey("store", KEY, STORAGE).authorization(method, url, said) == theirs


@pytest.mark.parametrize("endpoint", ["https://store.blob.core.windows.net", "http://127.0.0.1:10000/store"])
def test_a_signed_url_is_the_one_of_the_sdk(endpoint: str) -> None:
    sas = Sas(endpoint, "store", lambda _start, _expiry: {"account_key": KEY}, FakeClock())
    ours = {name: value for name, (value,) in parse_qs(urlsplit(sas.source("in")).query).items()}
    sdk = BlobSharedAccessSignature("store", account_key=KEY)
    sdk.x_ms_version = VERSION
    times = {"start": ours["st"], "expiry": ours["se"], "protocol": ours["spr"]}
    theirs = sdk.generate_container("in", permission="rl", **times)
    assert ours == {name: value for name, (value,) in parse_qs(theirs).items()}


def test_a_signature_tells_its_time_and_the_key_is_never_shown() -> None:
    key = SharedKey("a", KEY, BATCH)
    said = key("GET", f"{BATCH_URL}/pools?api-version=2025-06-01", {})
    assert set(said) == {"ocp-date", "Authorization"}
    assert KEY not in repr(key)


def test_a_token_is_asked_for_again_shortly_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, identity = list[str](), Identity()
    bearer = Bearer("scope", identity)

    def get_token(scope: str) -> SimpleNamespace:
        asked.append(scope)
        return SimpleNamespace(token=f"token {len(asked)}", expires_on=1000.0)

    monkeypatch.setattr(identity, "_credential", SimpleNamespace(get_token=get_token))
    for now, token in ((0.0, 1), (699.0, 1), (701.0, 2), (702.0, 3)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        assert bearer("GET", BATCH_URL, {}) == {"Authorization": f"Bearer token {token}"}
    assert set(asked) == {"scope"}
