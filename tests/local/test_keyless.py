"""The mode in which both services are reached over https alone: what it tells others, and that all goes on in it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from batchctl import local
from batchctl.cli import run
from batchctl.local.home import Home, State, account_key, make_home, save_state
from batchctl.local.processes import Process
from batchctl.local.services import services_of
from tests.services import started

ENDED = Process(1, "of another start")
STATE = State(20001, 20002, ENDED, ENDED, ENDED)
TRUST = {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}
SIGNING_IN = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS"}
SIGNING_IN |= {"AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_URL", "AZURE_STORAGE_AUTH_MODE"}
KEYS = {"AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING"}

SPEC = """\
version: 1
name: over-https
storage:
  containers: {over-in: {}, over-out: {}}
  uploads: [{from: hello.txt, to: over-in}]
pool:
  id: over-https
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
job:
  id: over-https
  tasks:
    - id: copy
      resourceFiles: [{blob: over-in/hello.txt}]
      commands: ['cp hello.txt copied.txt']
      outputFiles: [{filePattern: copied.txt, container: over-out}]
download: [{container: over-out, to: results}]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home of this test's own."""
    home = Home(tmp_path / "home")
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(home.root))
    make_home(home)
    yield home
    local.stop()


def test_variables_with_keys_over_http_or_with_certificates_over_https(home: Home) -> None:
    plain, secure = (services_of(home, replace(STATE, keyless=mode)).environment for mode in (False, True))
    assert secure.keys() - plain.keys() == TRUST | SIGNING_IN
    assert plain.keys() - secure.keys() == KEYS
    store = dict(part.split("=", 1) for part in plain["AZURE_STORAGE_CONNECTION_STRING"].split(";"))
    assert store["AccountKey"] == account_key(home, "storage")
    assert not {account_key(home, name) for name in ("batch", "storage")} & set(secure.values())
    for scheme, urls in (
        ("http", (plain["AZURE_BATCH_ENDPOINT"], store["BlobEndpoint"])),
        ("https", (secure["AZURE_BATCH_ENDPOINT"], secure["AZURE_STORAGE_ACCOUNT_URL"])),
    ):
        assert {urlsplit(url).scheme for url in urls} == {scheme}


@pytest.mark.parametrize("mode", [False, True])
def test_variables_that_were_given_are_told_at_the_end(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys, mode: bool
) -> None:
    save_state(home, STATE)
    given = services_of(home, replace(STATE, keyless=mode)).environment
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZURE_BATCH_ENDPOINT", "https://of-another.westeurope.batch.azure.com")
    assert run(["local", "stop"]) == 0
    said = capsys.readouterr().out
    assert set(said.partition(": unset ")[2].split()) == given.keys() - {"AZURE_BATCH_ENDPOINT"}


def test_a_shell_with_variables_of_its_own_is_told_nothing(home: Home, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    save_state(home, STATE)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/company.pem")
    assert run(["local", "stop"]) == 0
    assert "unset" not in capsys.readouterr().out


def test_all_goes_on_over_https(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def said(*words: str, code: int = 0) -> str:
        assert run(list(words)) == code
        return "".join(capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "hello.txt").write_text("hello")
    for name in TRUST & os.environ.keys():
        monkeypatch.delenv(name)  # batchctl trusts its own services without them
    services = started(lambda line: None, keyless=True)
    assert "mode:   keyless" in said("local", "status")
    assert "but with --keyless" in said("local", "start", "--no-keyless", code=4)
    said("apply", "--yes", "spec.yaml")
    assert (tmp_path / "results" / "copied.txt").read_text() == "hello"
    assert "No changes" in said("plan", "spec.yaml")
    assert "they serve on" in said("local", "reset", "--yes")

    # The road of an account that forbids keys: what a shell is given, and a token for everything.
    for name, value in services.environment.items():
        monkeypatch.setenv(name, value)
    assert services.batch_url in said("apply", "--yes", "spec.yaml", "--target", "azure")
    assert "No changes" in said("plan", "spec.yaml", "--target", "azure")
    assert "1 succeeded" in said("status", "spec.yaml", "--target", "azure")
    said("destroy", "--yes", "spec.yaml", "--target", "azure")
    assert "No changes" in said("destroy", "--yes", "spec.yaml", "--target", "azure")
