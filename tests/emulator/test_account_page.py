"""The page of the account: which browsers are let in, what opens it, and what it is told."""

import base64
import hashlib
import http.client
import json
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from batchctl.emulator.api.browsers import check_origin
from batchctl.emulator.identity import peers
from batchctl.emulator.last_requests import MOST as MOST_REQUESTS
from batchctl.emulator.last_requests import LastRequests
from batchctl.emulator.page.document import document
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.visitors import MOST, SESSION_LIVES, TOKEN_LIVES, Visitors

from .conftest import completed, new_job, ready_pool
from .raw import VERSION, Reply, send
from .stand import Local

HOST = "127.0.0.1:1234"
OWN = {"sec-fetch-site": "same-origin"}
ASKED = "/_local/page/account"


@pytest.mark.parametrize(
    ("path", "headers", "good"),
    [
        ("/_local/", {}, True),
        ("/_local/", {"sec-fetch-site": "none"}, True),
        ("/_local", {"sec-fetch-site": "same-origin"}, True),
        ("/_local/", {"sec-fetch-site": "cross-site"}, False),
        ("/_local/", {"sec-fetch-site": "same-site"}, False),
        ("/_local/", {"origin": "http://evil.example"}, False),
        ("/_local/", {"origin": "null"}, False),
        (ASKED, OWN, True),
        (ASKED, {"origin": f"http://{HOST}"}, True),
        (ASKED, {**OWN, "origin": f"http://{HOST}"}, True),
        (ASKED, {**OWN, "origin": f"https://{HOST}"}, True),
        (ASKED, {}, False),
        (ASKED, {"sec-fetch-site": "none"}, False),
        (ASKED, {"sec-fetch-site": "same-site", "origin": f"http://{HOST}"}, False),
        (ASKED, {**OWN, "origin": "http://127.0.0.1:1235"}, False),
        (ASKED, {**OWN, "origin": "http://localhost:1234"}, False),
        (ASKED, {"origin": f"http://{HOST}.evil.example"}, False),
        (ASKED, {"origin": "null"}, False),
        ("/_local/page", OWN, False),
        ("/_local/tokens", OWN, False),
        ("/_local/faults", OWN, False),
        ("/_local/status", {"sec-fetch-site": "none"}, False),
        ("/pools", OWN, False),
        ("/pools", {"origin": f"http://{HOST}"}, False),
        ("/_local/../pools", OWN, False),
    ],
)
def test_which_web_page_may_ask(path: str, headers: dict[str, str], good: bool) -> None:
    found = True
    try:
        check_origin("GET", path, {"host": HOST, **headers})
    except Refusal:
        found = False
    assert found is good


def test_a_form_of_another_site_does_not_reach_the_page() -> None:
    with pytest.raises(Refusal):
        check_origin("POST", "/_local/", {"host": HOST, "origin": "http://evil.example"})


def test_a_token_is_good_once_and_for_a_minute() -> None:
    visitors = Visitors()
    token, late = visitors.invite(100), visitors.invite(100)
    session = visitors.enter(token, 100 + TOKEN_LIVES - 1)
    assert session
    assert session != token
    assert visitors.enter(token, 100) is None
    assert visitors.enter(late, 100 + TOKEN_LIVES) is None
    assert visitors.enter("", 100) is visitors.enter("é", 100) is None
    assert not visitors.knows(token, 100)


def test_a_session_lives_as_long_as_somebody_looks() -> None:
    visitors = Visitors()
    session = visitors.enter(visitors.invite(0), 1)
    assert session
    assert visitors.knows(session, SESSION_LIVES)
    assert visitors.knows(session, 2 * SESSION_LIVES - 1)
    assert not visitors.knows(session, 3 * SESSION_LIVES)
    assert not visitors.knows("", 1)


def test_tokens_do_not_pile_up() -> None:
    visitors = Visitors()
    tokens = [visitors.invite(n / 100) for n in range(MOST + 1)]
    assert visitors.enter(tokens[0], 1) is None
    assert visitors.enter(tokens[1], 1)


def test_the_last_requests_are_kept() -> None:
    requests = LastRequests()
    for n in range(MOST_REQUESTS + 5):
        requests.note(n, "GET", "/x" * 1000, 200, None, 0.1)
    found = requests.since(0)
    assert [found[0][0], found[-1][0], len(found)] == [6, MOST_REQUESTS + 5, MOST_REQUESTS]
    assert len(found[0][3]) < 1000
    assert [one[0] for one in requests.since(MOST_REQUESTS + 4)] == [MOST_REQUESTS + 5]


def test_the_document_runs_its_own_script_alone() -> None:
    content, headers = document()
    text, rules = content.decode(), headers["Content-Security-Policy"]
    for tag, name in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in rules
    for word in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"):
        assert word in rules
    assert "unsafe" not in rules
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|https?://", text)


@dataclass
class Browser:
    """A page of the service itself, as far as it asks."""

    local: Local
    session: str = ""

    def ask(self, path: str, method: str = "GET", bearer: str | None = None, **headers: str) -> Reply:
        about = {"Sec-Fetch-Site": "same-origin", "Authorization": f"Bearer {bearer or self.session}", **headers}
        sent = {name.replace("_", "-"): value for name, value in about.items() if value}
        connection = http.client.HTTPConnection(urlsplit(self.local.url).netloc, timeout=20)
        try:
            connection.request(method, f"/_local/page/{path}", headers=sent)
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def token(self) -> str:
        reply = send(self.local.url, "POST", "/_local/tokens")
        assert reply.status == 201
        return reply.json["address"].removeprefix(f"{self.local.url}/_local/#token=")

    def json(self, path: str) -> Any:
        reply = self.ask(path)
        assert reply.status == 200, reply.content
        return reply.json


@pytest.fixture(scope="module")
def browser(local: Local) -> Browser:
    browser = Browser(local)
    reply = browser.ask("session", "POST", browser.token())
    assert reply.status == 201
    browser.session = reply.json["session"]
    return browser


def test_a_used_token_opens_nothing(browser: Browser) -> None:
    token = browser.token()
    assert browser.ask("session", "POST", token).status == 201
    assert browser.ask("session", "POST", token).status == 401
    assert browser.ask("session", "POST", browser.session).status == 401


def test_a_token_that_another_user_found_opens_nothing(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    token = browser.token()
    with monkeypatch.context() as patch:
        patch.setattr(peers, "user_of", lambda peer, port: os.getuid() + 1)
        assert browser.ask("session", "POST", token).status == 403
    assert browser.ask("session", "POST", token).status == 201


def test_the_session_is_wanted(browser: Browser, local: Local) -> None:
    for bearer in ("nonsense", browser.token(), "é"):
        assert browser.ask("account", bearer=bearer).status == 401
    assert browser.ask("account", Authorization="").status == 401
    assert send(local.url, "GET", ASKED).status == 403  # a signature is no session, and this is no browser
    assert send(local.url, "GET", ASKED, headers={"Sec-Fetch-Site": "same-origin"}).status == 401


def test_the_session_opens_the_page_and_nothing_else(browser: Browser, local: Local) -> None:
    assert browser.ask("account").status == 200
    assert browser.ask("account", Sec_Fetch_Site="cross-site").status == 403
    assert browser.ask("account", Sec_Fetch_Site="", Origin="http://evil.example").status == 403
    assert browser.ask("account", Host="evil.example").status == 403
    for path in ("/pools", "/_local/faults", "/_local/tokens", "/_local/page/../faults"):
        for headers in ({}, {"Sec-Fetch-Site": "same-origin"}):
            bearer = {"Authorization": f"Bearer {browser.session}", **headers}
            assert send(local.url, "GET", f"{path}?{VERSION}", headers=bearer, signed=False).status >= 400
    assert browser.ask("account", "OPTIONS").status == 405
    assert browser.ask("jobs/none", "DELETE").status == 405


def test_nobody_needs_a_secret_for_the_document(local: Local, browser: Browser) -> None:
    reply = send(local.url, "GET", "/_local/", signed=False)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert send(local.url, "POST", "/_local/", signed=False).status == 401
    assert send(local.url, "POST", "/_local/tokens", signed=False).status == 401
    for answer in (reply, browser.ask("account"), browser.ask("account", bearer="no")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert not answer.headers.keys() & {"set-cookie", "access-control-allow-origin"}


def test_what_is_seen(browser: Browser, local: Local, client: Any, name: str) -> None:
    ready_pool(client, f"pool-{name}", 2)
    job = new_job(client, f"job-{name}", f"pool-{name}")
    commands = {
        "good": "echo fine",
        "bad": "bash -c 'touch \"<b>\"; echo ends; echo why >&2; exit 3'",
        "long": "bash -c 'echo begun; exec sleep 600'",
    }
    for task, command in commands.items():
        client.create_task(job, {"id": task, "commandLine": command})
    completed(client, job, "good")
    completed(client, job, "bad")
    found = browser.json("account")
    (pool,) = [one for one in found["pools"] if one["id"] == f"pool-{name}"]
    (seen,) = [one for one in found["jobs"] if one["id"] == job]
    assert sorted(state for _, state, _ in pool["nodes"])[0] == "idle"
    assert seen["counts"] == {"failed": 1, "running": 1, "active": 0, "succeeded": 1}
    last = found["requests"][-1]
    assert {last["method"], last["status"]} == {"GET", 200}
    assert last["path"].startswith(f"/jobs/{job}/tasks/")
    assert all(not one["path"].startswith("/_local") for one in found["requests"])
    assert browser.json(f"account?%24skiptoken={last['number']}")["requests"] == []

    tasks = browser.json(f"jobs/{job}")["tasks"]
    assert [(one["id"], one["look"]) for one in tasks] == [
        ("bad", "failed"),
        ("long", "running"),
        ("good", "succeeded"),
    ]
    assert [one["id"] for one in browser.json(f"jobs/{job}?look=failed")["tasks"]] == ["bad"]
    assert [one["id"] for one in browser.json(f"jobs/{job}?%24skiptoken=2")["tasks"]] == ["good"]
    assert browser.ask(f"jobs/{job}?look=odd").status == 400

    bad = browser.json(f"jobs/{job}/tasks/bad")
    assert bad["failure"].startswith("FailureExitCode: ")
    assert [one["name"] for one in bad["files"]] == ["stdout.txt", "stderr.txt", "wd/<b>"]
    read = browser.ask(f"jobs/{job}/tasks/bad/files/{bad['files'][0]['path']}", ocp_range="bytes=2-5")
    assert (read.content, read.headers["x-content-type-options"]) == (b"ds\n", "nosniff")
    assert browser.ask(f"jobs/{job}/tasks/bad/files/{quote('../../../..')}").status == 404
    node = browser.json(f"pools/pool-{name}/nodes/{browser.json(f'jobs/{job}/tasks/long')['node']}")
    assert (node["state"], [one["id"] for one in node["tasks"]]) == ("running", ["long"])


def test_refusals_and_dropped_requests_are_seen_and_a_fault_is_cleared(browser: Browser, local: Local) -> None:
    send(local.url, "GET", f"/pools/none?{VERSION}")
    asked = {"kind": "request", "path": "/dropped", "drop": "before"}
    fault = send(local.url, "POST", "/_local/faults", asked).json
    with pytest.raises((http.client.HTTPException, OSError)):
        send(local.url, "GET", f"/dropped?{VERSION}")
    found = browser.json("account")
    assert [(one["path"], one["status"], one["code"]) for one in found["requests"][-2:]] == [
        ("/pools/none", 404, "PoolNotFound"),
        ("/dropped", None, None),
    ]
    assert [one["id"] for one in found["faults"]] == [fault["id"]]
    assert browser.ask(f"faults/{fault['id']}", "DELETE", Sec_Fetch_Site="cross-site").status == 403
    assert browser.ask(f"faults/{fault['id']}", "DELETE").status == 204
    assert json.loads(browser.ask("account").content)["faults"] == []
