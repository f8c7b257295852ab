"""batchctl local open: an address that opens the page of the running service."""

import http.client
import webbrowser
from urllib.parse import urlsplit

import pytest

from batchctl import local
from batchctl.cli import run
from batchctl.cli.local.opening import DISPLAYS


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was opened with."""
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: found.append(address) or True)
    monkeypatch.setattr("sys.platform", "linux")
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    return found


def status_of(services: local.Services, path: str, method: str = "GET", token: str = "") -> int:
    connection = http.client.HTTPConnection(urlsplit(services.batch_url).netloc, timeout=20)
    try:
        connection.request(method, path, headers={"Sec-Fetch-Site": "same-origin", "Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_address_opens_the_page(services, opened, capsys):
    assert run(["local", "open", "--print"]) == 0
    address = capsys.readouterr().out.strip()
    page, _, token = address.partition("#token=")
    assert page == f"{services.batch_url}/_local/"
    assert status_of(services, "/_local/") == 200
    assert status_of(services, "/_local/page/session", "POST", token) == 201
    assert status_of(services, "/_local/page/session", "POST", token) == 401
    assert opened == []


def test_the_browser_gets_the_token_and_the_terminal_does_not(services, opened, capsys, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert run(["local", "open"]) == 0
    assert "#token=" in opened[0]
    assert capsys.readouterr().out == f"Opened {services.batch_url}/_local/ in the browser.\n"


def test_where_no_browser_is_the_address_is_printed(services, opened, capsys):
    assert run(["local", "open"]) == 0
    said, noted = capsys.readouterr()
    assert said.startswith(f"{services.batch_url}/_local/#token=")
    assert "No browser opens here." in noted
    assert opened == []
