"""Two at once, by real processes: one wins, the other is told who; a killed winner frees the lock."""

import re
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import BlobClient

from tests.proxy import MUTATING, Meddling
from tests.services import blob_service
from tests.sweeps.stage import WHOLE, Ran, Stage, ended, through

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.e2e


def lock_of(stage: Stage) -> BlobClient:
    return blob_service(stage.services).get_blob_client("batchctl", f"{stage.name}.lock")


def writes(method: str, path: str) -> bool:
    return method == "PUT" and ".lock" in path and "comp=lease" not in path


def held_at(
    count: int, matches: Callable[[str, str], bool], over: threading.Event | None = None
) -> Callable[[str, str], None]:
    """Lets nobody past these requests before `count` of them have come: a start line for as many processes.

    `over`: whoever wins changes nothing before that, so that nobody comes too late to lose.
    """
    line, places = threading.Barrier(count, timeout=60), threading.Semaphore(count)

    def meddle(method: str, path: str) -> None:
        if matches(method, path) and places.acquire(blocking=False):
            line.wait()
        elif over and method in MUTATING and "/batchctl" not in path:
            over.wait(60)

    return meddle


def all_ended(processes: Sequence["subprocess.Popen[str]"], over: threading.Event) -> list[Ran]:
    """How each ended; the first end lets the others go on."""

    def one(process: "subprocess.Popen[str]") -> Ran:
        try:
            return ended(process)
        finally:
            over.set()

    with ThreadPoolExecutor(len(processes)) as pool:
        return list(pool.map(one, processes))


def test_two_applies_at_once(stage: Stage) -> None:
    over = threading.Event()
    with through(stage.services, held_at(2, writes, over)) as ways:
        both = [stage.start(ways, "apply", "spec.yaml", "--yes") for _ in range(2)]
        ran = dict(zip([process.pid for process in both], all_ended(both, over), strict=True))
    assert sorted(done.code for done in ran.values()) == [0, 4], ran
    [winner] = [pid for pid, done in ran.items() if done.code == 0]
    [refused] = [done.said for done in ran.values() if done.code == 4]
    assert f"another apply or destroy of '{stage.name}' is at work" in refused
    assert re.search(rf"@{re.escape(socket.gethostname())}, pid {winner}, since \d{{4}}-", refused), refused
    assert stage.held() == WHOLE
    assert lock_of(stage).get_blob_properties().lease.state == "available"


def test_who_waits_makes_a_new_plan(stage: Stage) -> None:
    with through(stage.services, held_at(2, writes)) as ways:
        both = [stage.start(ways, "apply", "spec.yaml", "--yes", "--lock-timeout", "2m") for _ in range(2)]
        ran = [ended(process) for process in both]
    assert [done.code for done in ran] == [0, 0], ran
    [waited] = [done.said for done in ran if "No changes." in done.said]
    assert "Plan: 9 to add" in waited
    assert "nothing was to be done" in waited
    assert stage.held() == WHOLE


def test_an_apply_and_a_destroy_at_once(stage: Stage) -> None:
    assert stage.run(None, "apply", "spec.yaml", "--yes").code == 0
    (stage.folder / "texts" / "a.txt").write_text("another\n")
    over = threading.Event()
    with through(stage.services, held_at(2, writes, over)) as ways:
        both = [stage.start(ways, verb, "spec.yaml", "--yes") for verb in ("apply", "destroy")]
        applied, destroyed = all_ended(both, over)
    assert sorted((applied.code, destroyed.code)) == [0, 4], (applied, destroyed)
    assert bool(stage.held()) == (applied.code == 0)


def test_a_killed_holder_keeps_nobody_waiting_on_its_own_machine(stage: Stage) -> None:
    holders: list[int] = []

    def kill(method: str, path: str) -> Meddling | None:
        if method == "POST" and path.startswith("/pools?") and not holders:
            holders.append(first.pid)
            first.send_signal(signal.SIGKILL)
            return Meddling(status=None)
        return None

    with through(stage.services, kill) as ways:
        first = stage.start(ways, "apply", "spec.yaml", "--yes")
        assert ended(first).code == -signal.SIGKILL
    lease = lock_of(stage).get_blob_properties().lease
    assert (lease.state, lease.duration) == ("leased", "fixed")
    again = stage.run(None, "apply", "spec.yaml", "--yes")
    assert again.code == 0, again.said
    assert stage.held() == WHOLE


def test_a_killed_holder_of_another_machine_is_waited_for(stage: Stage) -> None:
    lock = lock_of(stage)
    service = blob_service(stage.services).get_container_client("batchctl")
    if not service.exists():
        service.create_container()
    elsewhere = {
        "batchctl_holder": "ada@elsewhere",
        "batchctl_who": "ada@elsewhere, pid 7",
        "batchctl_machine": "other",
    }
    lock.upload_blob(b"", metadata={**elsewhere, "batchctl_pid": "7", "batchctl_born": "1"})
    lease = lock.acquire_lease(lease_duration=15)
    refused = stage.run(None, "apply", "spec.yaml", "--yes")
    assert refused.code == 4, refused.said
    assert "ada@elsewhere, pid 7" in refused.said
    assert stage.held() == {}
    waiting = stage.start(None, "apply", "spec.yaml", "--yes", "--lock-timeout", "2m")
    assert waiting.stdout is not None
    lease.break_lease(lease_break_period=0)
    done = ended(waiting)
    assert done.code == 0, done.said


def test_an_interrupted_apply_lets_go(stage: Stage) -> None:
    def interrupt(method: str, path: str) -> None:
        if method == "POST" and path.startswith("/pools?"):
            process.send_signal(signal.SIGINT)

    with through(stage.services, interrupt) as ways:
        process = stage.start(ways, "apply", "spec.yaml", "--yes")
        done = ended(process)
    assert done.code == 5, done.said
    assert "interrupted" in done.said
    assert lock_of(stage).get_blob_properties().lease.state == "available"


def test_no_lock_takes_none(stage: Stage) -> None:
    with through(stage.services) as ways:
        done = stage.run(ways, "apply", "spec.yaml", "--yes", "--no-lock")
    assert done.code == 0, done.said
    assert [r for r in ways.requests if ".lock" in r or r.endswith("/batchctl")] == []
