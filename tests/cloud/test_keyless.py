"""An account without keys: a real service over https, and tokens that DefaultAzureCredential brings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import Target, connect
from batchctl.emulator.settings import Certificates
from batchctl.errors import CloudError
from batchctl.local.certificates import ensure_certificates
from batchctl.local.identity import identity_variables
from tests.emulator.stand import KEY, Local, running

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
    with pytest.raises(CloudError, match="X-IDENTITY-HEADER"):
        connect(target, SystemClock()).images()
