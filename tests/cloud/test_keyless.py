"""An account without keys: a real service over https, and tokens that DefaultAzureCredential brings."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.clients.faults import Fault
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.storage import Direct
from batchctl.cloud.connect import Target, connect
from batchctl.emulator.settings import Certificates
from batchctl.errors import CloudError, UsageError
from batchctl.local.certificates import ensure_certificates
from batchctl.local.identity import identity_variables
from tests.emulator.stand import KEY, Local, running
from tests.proxy import Answer, counting

REFUSED = Answer(401, "Unauthorized", [("request-id", "1")], b'{"code": "AuthenticationFailed: it has expired"}', None)
SOMEBODY_ELSE = "YSBrZXkgb2Ygc29tZWJvZHkgZWxzZQ=="


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Local, Path]]:
    directory = tmp_path_factory.mktemp("keyless")
    ensure_certificates(directory)
    certificates = Certificates(directory)
    with running(directory / "home", certificates=certificates) as local:
        yield local, certificates.authority


@pytest.fixture
def target(secure: tuple[Local, Path], monkeypatch: pytest.MonkeyPatch) -> Target:
    local, authority = secure
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in identity_variables(local.url, KEY).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    return Target.azure((local.url.replace("http:", "https:"), "https://127.0.0.1:1/store"), {})


def test_a_token_is_enough(target: Target) -> None:
    assert connect(target, SystemClock()).images()


def test_a_token_that_is_taken_no_more_gives_way_to_another(
    target: Target, secure: tuple[Local, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it says that it lives on: it was revoked, or our clock is behind. A second refusal counts."""
    refusals, shown = [None, REFUSED, None, REFUSED, REFUSED], list[str]()

    def door(said: str) -> Answer | None:
        shown.append(said)
        return refusals.pop(0)

    with (
        counting(target.batch_url, door=door, certificates=secure[1].parent) as log,
        counting(os.environ["IDENTITY_ENDPOINT"]) as desk,
    ):
        monkeypatch.setenv("IDENTITY_ENDPOINT", desk.url)
        cloud = connect(replace(target, batch_url=log.url), SystemClock())
        assert cloud._session.batch.get("/pools") == cloud._session.batch.get("/pools")
        assert len(desk.requests) == 2
        with pytest.raises(Fault, match="expired") as caught:
            cloud._session.batch.get("/pools")
    assert (caught.value.status, len(shown), len(desk.requests)) == (401, 5, 3)
    assert all(said.startswith("Bearer ") for said in shown)


def test_a_token_of_another_service_is_refused(
    target: Target, secure: tuple[Local, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "other") as other:
        for name, value in identity_variables(other.url, KEY).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(CloudError, match="The access token is invalid") as caught:
            connect(target, SystemClock()).images()
    assert caught.value.status == 401


def test_who_is_nobody_gets_no_token(
    target: Target, secure: tuple[Local, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in identity_variables(secure[0].url, SOMEBODY_ELSE).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CloudError, match=r"not signed in to Azure|X-IDENTITY-HEADER"):
        connect(target, SystemClock()).images()


def test_whose_certificate_is_not_trusted_is_told_so_at_once(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the SDK, and by libcurl."""
    ensure_certificates(tmp_path)
    other = str(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other)
    direct = Direct(target.batch_url, Gate(), straight=True, trusted=other)
    for ask in (connect(target, SystemClock()).images, lambda: direct.send("GET", f"{target.batch_url}/a", {})):
        with pytest.raises(Fault, match=r"not trusted: .*certificate.* \(REQUESTS_CA_BUNDLE names") as caught:
            ask()
        assert not caught.value.transient


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_told_by_the_variable(
    target: Target, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv(name, "/no/such.pem")
    with pytest.raises(UsageError, match=f"{name} names .* there is no /no/such.pem"):
        connect(target, SystemClock())
