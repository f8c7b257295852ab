"""Secrets of key vaults: azure-core and azure-identity over HTTPS, to a stand-in of vault.azure.net on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.clients.vault import Vaults
from batchctl.errors import CloudError, SpecError, UsageError
from batchctl.opening.outside import Outside
from batchctl.spec.load import load
from batchctl.verbs.saved import codec_for
from tests.azure_stub import Answer, Cloud, Page, Request, azure_hosts
from tests.clock import FakeClock
from tests.examine import examine

SECRETS = {"/secrets/password": "canary-one", "/secrets/password/0a1b": "canary-old"}
LOGIN = Page("<html><p>Sign in to this network")
ODD: dict[str, Answer] = {
    "/secrets/page": (200, LOGIN),
    "/secrets/no-page": (404, LOGIN),
    "/secrets/nothing": (200, {}),
    "/secrets/list": (200, []),
    "/secrets/number": (200, {"value": 1}),
}
SPEC = """\
version: 1
name: a  # and not ${keyvault:closed/in-a-comment}
pool:
  id: p
  vmSize: Standard_D2s_v5
  image: {publisher: a, offer: b, sku: c}
  userAccounts: [{name: u, password: '${keyvault:vault/NAME}'}]
  startTask:
    commands: ['login ${keyvault:vault/NAME}']
    environmentSettings: [{name: A, value: '${keyvault:vault/NAME}'}]
"""


def serve(request: Request) -> Answer:
    assert (request.method, request.query) == ("GET", {"api-version": "7.4"})
    assert request.headers["Authorization"] == "Bearer only-for-a-test"
    if request.host.startswith("closed"):
        return 403, {"error": {"code": "Forbidden", "message": "Caller is not authorized."}}
    if request.path in ODD:
        return ODD[request.path]
    if request.path not in SECRETS:
        return 404, {"error": {"code": "SecretNotFound", "message": "There is none."}}
    return 200, {"value": SECRETS[request.path], "id": "x"}


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hosts = ("vault.vault.azure.net", "closed.vault.azure.net", "vault.vault.azure.cn")
    with azure_hosts(tmp_path, monkeypatch, hosts, serve) as found:
        yield found


def spec_of(folder: Path, name: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text(SPEC.replace("NAME", name))
    return path


def test_a_secret_is_read_by_its_name_and_by_its_version(cloud: Cloud) -> None:
    vaults = Vaults(SystemClock())
    names = ("vault/password", "vault/password/0a1b", "vault.vault.azure.cn/password", "vault/none")
    assert [vaults.secret(name) for name in names] == ["canary-one", "canary-old", "canary-one", None]
    assert cloud.asked == ["https://vault.azure.net", "https://vault.azure.cn"]
    with pytest.raises(CloudError, match=r"key vault 'closed': GET .* was answered 403 Forbidden: Caller is not auth"):
        vaults.secret("closed/password")


@pytest.mark.parametrize("name", ["page", "nothing", "list", "number"])
def test_what_is_no_secret_is_told_as_no_answer_of_a_vault(cloud: Cloud, name: str) -> None:
    vaults = Vaults(FakeClock())
    with pytest.raises(CloudError, match=r"key vault 'vault': .* did not answer as a key vault does"):
        vaults.secret(f"vault/{name}")


def test_a_login_page_does_not_say_that_there_is_no_secret(cloud: Cloud) -> None:
    with pytest.raises(CloudError, match="does a proxy or a login page stand before it"):
        Vaults(FakeClock()).secret("vault/no-page")


def test_a_token_goes_to_key_vaults_alone(cloud: Cloud) -> None:
    for name in ("vault.example/password", "vault.azure.net.example/password"):
        with pytest.raises(UsageError, match="is no key vault"):
            Vaults(SystemClock()).secret(name)
    assert (cloud.requests, cloud.asked) == ([], [])


def test_a_secret_is_read_once_a_command_and_shown_nowhere(cloud: Cloud, tmp_path: Path) -> None:
    spec = load(spec_of(tmp_path, "password"), {}, Outside({}))
    assert [request.path for request in cloud.requests] == ["/secrets/password"]
    assert spec.pool is not None
    assert spec.pool.wanted.user_accounts[0].password == "canary-one"
    codec = codec_for(spec)
    assert "canary" not in str(codec.encode(spec.pool.wanted))
    assert codec.encode("login canary-one").startswith("login (sensitive")
    assert spec.hidden_settings == {"A"}


def test_a_secret_that_there_is_not_is_told_at_its_place(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(spec_of(tmp_path, "none"), {}, Outside({}))
    assert [(p.line, p.column) for p in caught.value.problems] == [(7, 39), (9, 23), (10, 45)]
    assert {p.message for p in caught.value.problems} == {"the key vault 'vault' has no secret 'none'"}


def test_to_look_at_a_spec_nobody_is_asked(cloud: Cloud, tmp_path: Path) -> None:
    assert examine(spec_of(tmp_path, "password"), {}, {}) == ()
    assert (cloud.requests, cloud.asked) == ([], [])


def test_who_is_not_signed_in_is_told_so_and_of_no_key(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    with pytest.raises(CloudError, match=r"^key vault 'vault': not signed in to Azure: run `az login`$"):
        Vaults(SystemClock()).secret("vault/password")
    assert cloud.requests == []
