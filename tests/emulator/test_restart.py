"""A service that is stopped or killed, and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from .conftest import completed, new_job, ready_pool
from .raw import VERSION, send
from .stand import ACCOUNT, KEY, running, until
from .test_jobs import task
from .test_running import gone, shell, started_text


class Process:
    """The service as a process of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        self.key, self.ready = home.with_suffix(".key"), home.with_suffix(".ready")
        self.key.touch(mode=0o600)
        self.key.write_text(KEY)
        self.command = [sys.executable, "-m", "batchctl.emulator", "--home", str(home), "--account", ACCOUNT]
        self.command += ["--key-file", str(self.key), "--ready-file", str(self.ready), *options]

    def start(self) -> BatchClient:
        self.ready.unlink(missing_ok=True)
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        said = json.loads(until(lambda: self.ready.exists() and self.ready.read_text(), "the start"))
        assert said["pid"] == self.process.pid
        self.url = said["url"]
        return BatchClient(self.url, AzureNamedKeyCredential(ACCOUNT, KEY), retry_total=0)

    def end(self, number: int | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        else:
            self.process.stdin.close()
        code = self.process.wait(timeout=20)
        self.process.stdin.close()
        return code


def test_a_store_that_could_not_be_written_is_written_later(tmp_path):
    """As with a full disk: nobody is told that it was done, and it is there once there is room."""
    home = tmp_path / "home"
    job = {"poolInfo": {"poolId": "p"}}
    with running(home) as local, closing(sqlite3.connect(home / "batch.sqlite", isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'no room'); END")
        refused = send(local.url, "POST", f"/jobs?{VERSION}", {"id": "first", **job})
        assert (refused.status, refused.code) == (500, "InternalError")
        other.execute("DROP TRIGGER full")
        assert send(local.url, "POST", f"/jobs?{VERSION}", {"id": "second", **job}).status == 201
    with running(home) as local:
        kept = send(local.url, "GET", f"/jobs?{VERSION}").json["value"]
    assert [job["id"] for job in kept] == ["first", "second"]


def test_a_restart_keeps_everything(tmp_path):
    home = tmp_path / "home"
    start = models.BatchStartTask(command_line=shell("echo x >> $AZ_BATCH_NODE_SHARED_DIR/starts"))
    with running(home) as local, local.client() as client:
        ready_pool(client, "p", start_task=start)
        new_job(client, "j", "p")
        client.create_task("j", task("done", "echo done"))
        before = completed(client, "j", "done").as_dict()
        client.create_task("j", task("long", "sleep 1000"))
        client.create_task("j", task("next", "sleep 1000"))
        until(lambda: client.get_task("j", "long").state == "running", "the start")
        node = next(iter(client.list_nodes("p"))).id
    with running(home) as local, local.client() as client:
        after = client.get_task("j", "done").as_dict()
        changed = {key for key in before if before[key] != after[key]}
        assert changed == {"odata.metadata", "url", "nodeInfo"}  # they name the port, which is a new one
        assert b"".join(client.download_task_file("j", "done", "stdout.txt")) == b"done\n"
        until(lambda: client.get_task("j", "long").state == "running", "the second start")
        assert client.get_task("j", "long").execution_info.requeue_count == 1
        assert client.get_task("j", "next").state == "active"
        assert [one.id for one in client.list_nodes("p")] == [node]
        assert b"".join(client.download_node_file("p", node, "shared/starts")) == b"x\n"


@pytest.mark.parametrize("detached", [False, True])
def test_strays_of_a_killed_service_are_ended_before_their_task_runs_again(tmp_path, detached):
    process = Process(tmp_path / "home")
    client = process.start()
    ready_pool(client, "p")
    new_job(client, "j", "p")
    line = "setsid sleep 1000 & echo $!; wait" if detached else "echo $$; sleep 1000"
    client.create_task("j", task("t", shell(line)))
    stray = int(until(lambda: started_text(client, "j"), "the first line"))
    process.end(signal.SIGKILL)
    assert not gone(stray)
    client = process.start()
    until(lambda: client.get_task("j", "t").execution_info.requeue_count == 1, "the requeue")
    assert gone(stray)
    until(lambda: client.get_task("j", "t").state == "running", "the second start")
    assert process.end(signal.SIGTERM) == 0


def test_sigterm_ends_the_tasks_too(tmp_path):
    process = Process(tmp_path / "home")
    client = process.start()
    ready_pool(client, "p")
    new_job(client, "j", "p")
    client.create_task("j", task("t", shell("echo $$; sleep 1000")))
    pid = int(until(lambda: started_text(client, "j"), "the first line"))
    assert process.end(signal.SIGTERM) == 0
    assert gone(pid)


def test_it_ends_with_its_parent_only_if_asked_to(tmp_path):
    process = Process(tmp_path / "home", "--exit-with-parent")
    process.start()
    assert process.end() == 0
    process = Process(tmp_path / "home")
    client = process.start()
    process.process.stdin.close()
    assert list(client.list_pools()) == []
    assert process.end(signal.SIGINT) == 0


def test_a_home_has_one_service(tmp_path):
    process = Process(tmp_path / "home")
    process.start()
    second = subprocess.run(process.command, capture_output=True, text=True, check=False, timeout=20)
    assert (second.returncode, "another one uses" in second.stderr) == (1, True)
    process.end(signal.SIGTERM)


def test_a_key_that_others_may_read_is_refused(tmp_path):
    process = Process(tmp_path / "home")
    process.key.chmod(0o644)
    ended = subprocess.run(process.command, capture_output=True, text=True, check=False, timeout=20)
    assert (ended.returncode, "0600" in ended.stderr) == (64, True)


def test_what_it_writes_is_private(tmp_path):
    process = Process(tmp_path / "home")
    client = process.start()
    ready_pool(client, "p")
    modes = {path: path.stat().st_mode & 0o077 for path in (tmp_path / "home").rglob("*")}
    assert {path for path, mode in modes.items() if mode} == set()
    command = Path(f"/proc/{process.process.pid}/cmdline")
    assert not command.exists() or KEY not in command.read_text()
    process.end(signal.SIGTERM)
    assert os.path.exists(tmp_path / "home" / "batch.sqlite")  # noqa: PTH110 - one look


LEAVES = (
    "(setsid sh -c 'echo $$ > $AZ_BATCH_TASK_DIR/left; exec sleep 1000' &) ; until [ -s ../left ]; do sleep 0.01; done"
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux finds processes that left their group")
@pytest.mark.parametrize("how", ["end", "terminate", "expire"])
def test_a_process_that_left_the_group_ends_with_its_task(tmp_path, how):
    """Double-forked, in a session of its own; one of a task that still runs is left alone."""
    process = Process(tmp_path / "home")
    client = process.start()
    ready_pool(client, "p", task_slots_per_node=2)
    new_job(client, "j", "p")
    client.create_task("j", task("other", shell(f"{LEAVES}; sleep 1000")))
    limit = models.BatchTaskConstraints(max_wall_clock_time=timedelta(seconds=1) if how == "expire" else None)
    client.create_task(
        "j", task("t", shell(f"{LEAVES}; {'true' if how == 'end' else 'sleep 1000'}"), constraints=limit)
    )

    def left(task_id: str) -> int:
        found = list((tmp_path / "home" / "nodes").glob(f"*/*/workitems/j/job-1/{task_id}/left"))
        return int(found[0].read_text() or 0) if found else 0

    ours, others = until(lambda: left("t"), "a process apart"), until(lambda: left("other"), "another")
    if how == "terminate":
        client.terminate_task("j", "t")
    completed(client, "j", "t")
    until(lambda: gone(ours), "the end of the process")
    assert not gone(others)
    assert process.end(signal.SIGTERM) == 0
    until(lambda: gone(others), "the end of the other one")
