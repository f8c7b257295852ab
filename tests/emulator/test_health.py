"""What a health check is told, and by which names it may ask."""

import sqlite3

import pytest

from batchctl.emulator.auto_storage import AutoStorage

from .raw import Reply, send
from .stand import ACCOUNT, KEY, BlobStub, Local, running

HEALTH = "/_local/health"


def health(local: Local, host: str | None = None) -> Reply:
    return send(local.url, "GET", HEALTH, headers={"Host": host} if host else None, signed=False)


def test_one_that_serves_says_so_to_everybody(local):
    assert (health(local).status, health(local).json) == (200, {"status": "ok", "missing": []})
    assert send(local.url, "HEAD", HEALTH, signed=False).status == 200
    assert send(local.url, "POST", HEALTH, signed=False).status == 401


def test_a_store_that_cannot_be_written(tmp_path):
    with running(tmp_path / "home") as local:
        other = sqlite3.connect(tmp_path / "home" / "batch.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        reply = health(local)
        other.close()
        assert (reply.status, reply.json["status"]) == (503, "unavailable")
        assert [why.split(":")[0] for why in reply.json["missing"]] == ["the store of pools and jobs cannot be written"]
        assert str(tmp_path) not in str(reply.content)
        assert health(local).status == 200


def test_a_blob_store_that_does_not_answer(tmp_path):
    stub = BlobStub()
    with running(tmp_path / "home", storage=AutoStorage(stub.url, "account", b"key")) as local:
        assert health(local).status == 200
        stub.close()
        reply = health(local)
        assert (reply.status, reply.json["missing"]) == (503, ["the blob store does not answer"])
        told = reply.content.decode()
        assert not any(secret in told for secret in (KEY, ACCOUNT, stub.url))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("batch:10000", 200),  # whatever port it is published under
        ("BATCH", 200),
        ("localhost:10000", 200),
        ("[fd00::2]:80", 200),
        ("127.0.0.1:1", 403),  # not asked for
        ("evil.example", 403),
        ("batch.evil.example:10000", 403),
        ("batch:evil.example", 403),
        ("evil.example@batch", 403),
        ("batch:123456", 403),
        ("[batch]:1", 403),
        ("", 403),
    ],
)
def test_names_that_were_asked_for_and_no_others(named, host, status):
    assert send(named.url, "GET", HEALTH, headers={"Host": host}, signed=False).status == status


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    with running(tmp_path_factory.mktemp("named") / "home", host_names=("batch", "localhost", "fd00::2")) as local:
        yield local


def test_a_web_page_is_refused_by_any_name(named):
    headers = {"Host": "batch:10000", "Origin": "http://batch:10000"}
    assert send(named.url, "GET", HEALTH, headers=headers, signed=False).status == 403
