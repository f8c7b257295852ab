"""What keeps the service and its tasks where they belong. More of it: test_door (who comes in), test_running (what
tasks see, where outputs are taken from), test_files (what can be read), test_restart (strays, private files)."""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from urllib.parse import urlsplit

import pytest
from azure.batch import models

from batchctl.emulator.api import door, server

from .conftest import completed, new_job, ready_pool, text
from .raw import VERSION, send
from .stand import until
from .test_faults import only
from .test_jobs import task
from .test_restart import Process
from .test_running import shell

ELEVATED = models.UserAccount(name="root2", password="x", elevation_level="admin")
PLAIN = models.UserAccount(name="u", password="x")
ADMIN = models.UserIdentity(auto_user=models.AutoUserSpecification(elevation_level="admin", scope="task"))


def test_it_listens_on_loopback_alone(local):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no other address")
        address = probe.getsockname()[0]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address, urlsplit(local.url).port), timeout=5)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{}", 200),
        ("localhost:{}", 200),
        ("LocalHost:{}", 200),
        ("[::1]:{}", 200),
        ("127.0.0.1", 403),
        ("127.0.0.1:1", 403),
        ("localhost.example.com:{}", 403),
        ("127.0.0.1:{}.example.com", 403),
        ("example.com:{}", 403),
        ("", 403),
    ],
)
def test_hosts(local, host, status):
    headers = {"Host": host.format(urlsplit(local.url).port)}
    assert send(local.url, "GET", f"/pools?{VERSION}", headers=headers).status == status


def raw(local, content: bytes) -> bytes:
    """The first line of the answer to what was sent as it is."""
    address = urlsplit(local.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        try:
            connection.sendall(content)
        except OSError:
            return b""  # it hung up before all was sent
        return connection.recv(4096).partition(b"\r\n")[0]


def test_limits_of_what_is_sent(local):
    head = f"Host: {urlsplit(local.url).netloc}\r\n".encode()
    assert b" 4" in raw(local, b"GET /pools HTTP/1.1\r\n" + head + b"X: " + b"x" * 200_000 + b"\r\n\r\n")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    chunked = b"POST /pools HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 6 + b"0\r\n\r\n"
    assert raw(local, chunked)[9:12] in (b"401", b"413", b"")  # unsigned, or too large: never taken in
    assert send(local.url, "GET", f"/pools?{VERSION}").status == 200


def test_a_body_has_one_length(local):
    """Two programs that read where it ends in two ways are how a request is smuggled in."""
    head = f"POST /pools?{VERSION} HTTP/1.1\r\nHost: {urlsplit(local.url).netloc}\r\n"
    inner = f"GET /pools?{VERSION} HTTP/1.1\r\nHost: {urlsplit(local.url).netloc}\r\n\r\n"
    lengths = {
        "both": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "the other way round": "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "two": "Content-Length: 5\r\nContent-Length: 6\r\n",
    }
    for case, sent in lengths.items():
        with connected(local) as connection:
            connection.sendall(f"{head}{sent}\r\n0\r\n\r\n{inner}".encode())
            answer = all_of(connection)
        assert answer.startswith(b"HTTP/1.1 400"), case
        assert answer.count(b"HTTP/1.1") == 1, case  # what came behind it was not read


@pytest.mark.parametrize("begun", [b"", b"GET /pools HTTP/1.1\r\nX: "])
@pytest.mark.parametrize("earlier", [0, 1])
def test_headers_that_do_not_end_hold_no_connection(local, monkeypatch, begun, earlier):
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.3)
    whole = f"GET /pools?{VERSION} HTTP/1.1\r\nHost: {urlsplit(local.url).netloc}\r\n\r\n".encode()
    with connected(local) as connection:
        for _ in range(earlier):
            connection.sendall(whole)
            assert connection.recv(4096).startswith(b"HTTP/1.1 401")
        connection.sendall(begun or b"G")
        with contextlib.suppress(OSError):
            while not select.select([connection], [], [], 0.01)[0]:
                connection.sendall(b"x")  # never silent, and never at an end
        assert all_of(connection) == b""


def test_a_body_that_does_not_end_holds_no_connection(local, monkeypatch):
    monkeypatch.setattr(door, "BODY_WITHIN", 0.3)
    head = f"POST /pools HTTP/1.1\r\nHost: {urlsplit(local.url).netloc}\r\nContent-Length: 1000000\r\n\r\n"
    with connected(local) as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(OSError):
            while not select.select([connection], [], [], 0.01)[0]:
                connection.sendall(b" ")
        assert all_of(connection) == b""


def test_a_connection_that_is_used_is_kept(local, monkeypatch):
    """The limit is on each request's headers, not on the connection."""
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.2)
    whole = f"GET /pools?{VERSION} HTTP/1.1\r\nHost: {urlsplit(local.url).netloc}\r\n\r\n".encode()
    began = time.monotonic()
    with connected(local) as connection:
        while time.monotonic() < began + 0.6:
            connection.sendall(whole)
            assert connection.recv(4096).startswith(b"HTTP/1.1 401")


def connected(local) -> socket.socket:
    address = urlsplit(local.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def all_of(connection: socket.socket) -> bytes:
    """What still comes before the connection ends, however it ends."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := connection.recv(4096):
            pieces.append(piece)
    return b"".join(pieces)


def test_nobody_is_elevated_and_the_node_s_log_says_so(client, name):
    start = models.BatchStartTask(command_line="id -u", user_identity=ADMIN)
    ready_pool(client, name, user_accounts=[ELEVATED, PLAIN], start_task=start)
    job = new_job(client, name, name)
    account, plain = models.UserIdentity(username="root2"), models.UserIdentity(username="u")
    identities = {"auto": ADMIN, "account": account, "plain": plain}
    for task_id, identity in identities.items():
        client.create_task(job, task(task_id, "id -u", user_identity=identity))
        assert text(client, completed(client, job, task_id)) == f"{os.getuid()}\n"
    assert client.get_task(job, "auto").user_identity.auto_user.elevation_level == "admin"
    log = b"".join(client.download_node_file(name, only(client, name).id, "volatile/agent.log")).decode()
    assert [line.partition(" asks for an administrator")[0] for line in log.splitlines()] == [
        "startup",
        f"workitems/{job}/job-1/auto",
        f"workitems/{job}/job-1/account",
    ]


@pytest.mark.parametrize("link", ["d", "d/file"])
def test_a_link_leads_no_download_out(run, blobs, tmp_path, link):
    """The first try leaves a link for the second, whose files come to the same directory."""
    (tmp_path / "outside").mkdir()
    target = tmp_path / "outside" if link == "d" else tmp_path / "outside" / "planted"
    file = models.ResourceFile(http_url=blobs.blob("in/file", b"x"), file_path="d/file")
    line = shell(f"rm -r {link}; ln -s {target} {link}; exit 1")
    constraints = models.BatchTaskConstraints(max_task_retry_count=1)
    info = run(line, resource_files=[file], constraints=constraints).execution_info
    assert (info.retry_count, info.failure_info.code) == (1, "ResourceFileCreateFailed")
    assert list((tmp_path / "outside").iterdir()) == []


def test_blob_names_lead_nowhere(run, blobs):
    blobs.blob("hostile/../../../planted", b"x")
    file = models.ResourceFile(storage_container_url=blobs.container("hostile"))
    assert run("true", resource_files=[file]).execution_info.failure_info.code == "ResourceFileCreateFailed"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the address space")
def test_a_limit_that_a_command_line_sets_holds_for_its_programs(client, run):
    ended = run(shell(f"ulimit -v 1000000; exec {sys.executable} -c 'bytearray(2 << 30)'"))
    assert ended.execution_info.exit_code == 1
    assert "MemoryError" in text(client, ended, "stderr.txt")


def test_connections_that_say_nothing_keep_nobody_out(local):
    """As many as browsers and port scanners open, and a few more."""
    with contextlib.ExitStack() as held:
        for _ in range(200):
            held.enter_context(connected(local))
        assert send(local.url, "GET", f"/pools?{VERSION}").status == 200
    assert send(local.url, "GET", f"/pools?{VERSION}").status == 200


ALONE = """
if [ -s pid ] && [ -n "$(tr -d '\\0' < /proc/$(cat pid)/cmdline)" ]; then echo > twice; fi 2>/dev/null
echo $$ > pid.new; mv pid.new pid; exec sleep 1000
"""


def test_no_task_runs_twice_at_once(tmp_path):
    """A killed service leaves its task at work; the next one lets it run again when the first is gone."""
    process = Process(tmp_path / "home")
    client = process.start()
    ready_pool(client, "p")
    new_job(client, "j", "p")
    client.create_task("j", task("t", shell(f"cd {tmp_path}; {ALONE}")))
    pid = tmp_path / "pid"
    until(pid.exists, "the start")
    for _ in range(3):
        before = pid.read_text()
        process.end(signal.SIGKILL)
        process.start().close()
        until(lambda before=before: pid.read_text() != before, "another process")
    assert process.end(signal.SIGTERM) == 0
    assert not (tmp_path / "twice").exists()
