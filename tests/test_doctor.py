"""batchctl doctor: how bad is what, and what to do about it; no account is asked here."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from batchctl.cli import run
from batchctl.cli.begin.findings import SIGNED_IN, clock, credential

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECRET = "c2VjcmV0LXNlY3JldA=="


@pytest.mark.parametrize(
    ("off", "state", "said"),
    [
        (timedelta(seconds=59), "ok", "as the service's"),
        (timedelta(minutes=-2), "warning", "120 s behind"),
        (timedelta(minutes=2), "warning", "120 s ahead"),
        (timedelta(minutes=15), "problem", "900 s ahead"),
    ],
)
def test_a_clock_that_is_off(off: timedelta, state: str, said: str) -> None:
    found = clock("batch", NOON + off, NOON)
    assert (found.state, bool(found.remedy)) == (state, state != "ok")
    assert said in found.said


def test_an_answer_without_a_time() -> None:
    assert clock("batch", NOON, None).state == "warning"


@pytest.mark.parametrize(("variable", "means"), SIGNED_IN)
def test_the_credential_and_why(variable: str, means: str) -> None:
    found = credential("batch", False, "AZURE_BATCH_ACCESS_KEY", {variable: SECRET})
    assert means in found.said
    assert variable in found.said
    assert SECRET not in found.said


def test_a_key_counts_before_who_is_signed_in() -> None:
    environ = {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}
    assert "the account's key" in credential("batch", True, "AZURE_BATCH_ACCESS_KEY", environ).said
    assert "AzureCliCredential" in credential("batch", False, "AZURE_BATCH_ACCESS_KEY", environ).said
    assert "signed in here" in credential("batch", False, "AZURE_BATCH_ACCESS_KEY", {}).said


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account at a port where nobody can listen."""
    monkeypatch.setenv("AZURE_BATCH_ENDPOINT", "http://127.0.0.1:0")
    monkeypatch.setenv("AZURE_BATCH_ACCOUNT", "someone")
    monkeypatch.setenv("AZURE_BATCH_ACCESS_KEY", SECRET)
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING",
        f"AccountName=someone;AccountKey={SECRET};BlobEndpoint=http://127.0.0.1:0/someone",
    )


@pytest.mark.usefixtures("nowhere")
def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 1
    out = capsys.readouterr().out
    states = {one["what"]: one["state"] for one in json.loads(out)}
    assert states["batch credential"] == states["storage credential"] == "ok"
    assert states["batch endpoint"] == states["storage endpoint"] == "problem"
    assert "batch access" not in states
    assert SECRET not in out


def test_an_account_that_is_half_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("AZURE_BATCH_ENDPOINT", raising=False)
    assert run(["doctor", "--target", "azure"]) == 1
    assert "problem  target: azure" in capsys.readouterr().out
