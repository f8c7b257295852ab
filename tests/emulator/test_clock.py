"""The service's clock is set ahead, and what waits for it happens in its order."""

import asyncio
import contextlib
import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from azure.batch import models

from batchctl.emulator.clock import WallClock
from batchctl.emulator.life import service

from .conftest import completed, new_job, pool_options, ready_pool
from .raw import VERSION, send
from .stand import DEADLINE, HandClock, Local, running, until
from .test_faults import accident, fault, only
from .test_jobs import task
from .test_pools import steady
from .test_schedules import jobs, new_schedule


@pytest.fixture
def local(tmp_path):
    """A service of its own: the others' clock stays where it is."""
    with running(tmp_path / "home") as local:
        yield local


@pytest.fixture
def client(local):
    with local.client() as client:
        yield client


def test_a_callback_comes_by_itself_after_an_advance_when_what_was_left_is_over():
    async def timed() -> tuple[list[str], float]:
        clock, order, over = WallClock(), list[str](), asyncio.Event()

        async def settled(_within: float) -> None:
            await asyncio.sleep(0)

        clock.later(3600.02, over.set)
        clock.later(20, lambda: clock.later(30, lambda: order.append("b, which a set going")))
        clock.later(10, lambda: order.append("a"))
        clock.later(10, lambda: order.append("never")).cancel()
        await clock.advance(3600, settled)
        assert not over.is_set()
        await asyncio.wait_for(over.wait(), DEADLINE)
        return order, clock.ahead

    assert asyncio.run(timed()) == (["a", "b, which a set going"], 3600)


def advance(local: Local, duration: str):
    reply = send(local.url, "POST", "/_local/clock", {"advance": duration})
    assert reply.status == 200, reply.content
    return reply.json


def ahead(local: Local) -> float:
    return send(local.url, "GET", "/_local/clock").json["aheadSeconds"]


def test_the_answer_tells_the_clock_and_how_far_it_is_ahead(local):
    before = send(local.url, "GET", "/_local/clock").json
    told = advance(local, "PT2H")
    gone = datetime.fromisoformat(told["now"]) - datetime.fromisoformat(before["now"])
    assert timedelta(hours=2) <= gone < timedelta(hours=2, minutes=1)
    assert (before["aheadSeconds"], told["aheadSeconds"], advance(local, "PT0.5S")["aheadSeconds"]) == (0, 7200, 7200.5)
    assert send(local.url, "GET", "/_local/status").json["aheadSeconds"] == 7200.5


@pytest.mark.parametrize(
    "asked",
    [{}, [], {"advance": "2h"}, {"advance": "-PT1S"}, {"advance": 3600}, {"advance": "P367D"}, {"back": "PT1H"}]
    + [{"timeScale": scale} for scale in (-0.1, 1001, "fast", True)],
)
def test_bad_times(local, asked):
    assert send(local.url, "POST", "/_local/clock", asked).status == 400
    assert ahead(local) == 0


def test_the_clock_is_set_by_whoever_has_the_key(local):
    assert send(local.url, "POST", "/_local/clock", {"advance": "PT2H"}, signed=False).status == 401
    assert ahead(local) == 0


def test_dates_of_answers_are_the_services_and_those_of_refused_signatures_are_not(local):
    advance(local, "P3D")
    told, refused = (send(local.url, "GET", f"/pools?{VERSION}", signed=signed) for signed in (True, False))
    apart = parsedate_to_datetime(told.headers["date"]) - parsedate_to_datetime(refused.headers["date"])
    assert (refused.status, apart.days) == (401, 3)


def test_the_clock_and_the_time_scale_outlive_the_service(tmp_path):
    with running(tmp_path / "home") as local:
        advance(local, "P1D")
        send(local.url, "POST", "/_local/clock", {"timeScale": 0.5})
        local.stop()
        local.clock = HandClock()
        local.start()
        kept = send(local.url, "GET", "/_local/clock").json
    assert (kept["aheadSeconds"], kept["timeScale"]) == (86400, 0.5)


def test_a_schedule_makes_each_of_its_jobs_at_its_moment(client, local):
    ready_pool(client, "p")
    new_schedule(client, "s", "p", "true", recurrence_interval=timedelta(minutes=10))
    until(lambda: jobs(client, "s") == ["s:job-1 completed"], "the first job")
    advance(local, "PT1H")
    made = sorted(job.creation_time for job in client.list_jobs_from_schedule("s"))
    assert [round((later - made[0]).total_seconds() / 60, 1) for later in made] == [0, 10, 20, 30, 40, 50, 60]
    ends = [job.execution_info.end_time - job.creation_time for job in client.list_jobs_from_schedule("s")]
    assert max(ends) < timedelta(minutes=1)


def test_a_formula_is_evaluated_at_each_of_its_moments(client, local):
    formula = "$TargetDedicatedNodes = $CurrentDedicatedNodes + 1;"
    each = {"auto_scale_formula": formula, "auto_scale_evaluation_interval": timedelta(minutes=5)}
    client.create_pool(pool_options("p", enable_auto_scale=True, **each))
    steady(client, "p")
    advance(local, "PT31M")
    assert steady(client, "p").target_dedicated_nodes == 7


def test_a_task_that_runs_too_long_ends_at_its_limit_and_not_later(client, local, monkeypatch):
    monkeypatch.setattr(service, "YOUNG", 0.2)
    new_job(client, "j", ready_pool(client, "p"))
    limit = models.BatchTaskConstraints(max_wall_clock_time=timedelta(hours=1))
    client.create_task("j", models.BatchTaskCreateOptions(id="t", command_line="sleep 1000", constraints=limit))
    until(lambda: client.get_task("j", "t").state == "running", "the start")
    advance(local, "PT3H")
    ran = completed(client, "j", "t").execution_info
    assert ran.failure_info.code == "MaxWallClockTimeExpiry"
    assert timedelta(hours=1) <= ran.end_time - ran.start_time < timedelta(hours=1, minutes=1)


def test_what_runs_in_real_time_is_waited_for_before_time_goes_on(client, local):
    new_job(client, "j", ready_pool(client, "p"))
    for number in range(3):
        client.create_task("j", task(f"t{number}", "true"))
    advance(local, "PT10M")
    ends = [client.get_task("j", f"t{number}").execution_info.end_time for number in range(3)]
    assert max(ends) - min(ends) < timedelta(minutes=1)


def test_files_are_kept_for_their_time_and_no_longer(client, local):
    new_job(client, "j", ready_pool(client, "p"))
    short = models.BatchTaskConstraints(retention_time=timedelta(hours=1))
    client.create_task("j", models.BatchTaskCreateOptions(id="t", command_line="true", constraints=short))
    completed(client, "j", "t")
    advance(local, "PT59M")
    assert [file.name for file in client.list_task_files("j", "t") if file.name == "stdout.txt"]
    advance(local, "PT2M")
    until(lambda: send(local.url, "GET", f"/jobs/j/tasks/t/files?{VERSION}").status == 409, "the end of its files")


def test_two_who_advance_at_once_are_added_up(local):
    both = [threading.Thread(target=advance, args=(local, "PT1H")) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert ahead(local) == 7200


def test_steps_take_parts_of_their_usual_time(client, local):
    assert send(local.url, "POST", "/_local/clock", {"timeScale": 0.1}).json["timeScale"] == 0.1
    client.create_pool(pool_options("p", target_dedicated_nodes=1))
    advance(local, "PT2S")
    assert client.get_pool("p").allocation_state == "resizing"
    advance(local, "PT2S")
    assert only(client, "p").state == "creating"
    with fault(local, kind="timescale", scale="0.01"):
        assert only(client, "p").state != "creating"
    send(local.url, "POST", "/_local/clock", {"timeScale": 0})
    until(lambda: only(client, "p").state == "idle", "the end of the boot")


def test_a_step_is_held_until_its_fault_is_cleared(client, local):
    with fault(local, kind="delay", step="resizing", seconds="Forever"):
        client.create_pool(pool_options("p", target_dedicated_nodes=1))
        advance(local, "P30D")
        assert client.get_pool("p").allocation_state == "resizing"
    assert steady(client, "p").current_dedicated_nodes == 1
    until(lambda: only(client, "p").state == "idle", "the boot")
    for step, start in (("rebooting", "reboot"), ("reimaging", "reimage")):
        with fault(local, kind="delay", step=step, seconds="forever"):
            assert send(local.url, "POST", f"/pools/p/nodes/{only(client, 'p').id}/{start}?{VERSION}", {}).status == 202
            advance(local, "P30D")
            assert only(client, "p").state == step
        until(lambda: only(client, "p").state == "idle", "the end of the boot")


ENDS: dict[str, tuple[str, str, str]] = {
    "stopping": ("POST /pools/empty/stopresize", "/pools/empty", "steady"),
    "waitingforstarttask": ("POST /pools/p/nodes/{node}/reboot", "/pools/p/nodes/{node}", "idle"),
    "rebooting": ("POST /pools/p/nodes/{node}/reboot", "/pools/p/nodes/{node}", "idle"),
    "deallocating": ("POST /pools/p/nodes/{node}/deallocate", "/pools/p/nodes/{node}", "deallocated"),
    "leavingpool": ("POST /pools/p/resize", "/pools/p/nodes/{node}", ""),
    "disabling": ("POST /jobs/j/disable", "/jobs/j", "disabled"),
    "terminating": ("POST /jobs/j/terminate", "/jobs/j", "completed"),
    "deletingpool": ("DELETE /pools/p", "/pools/p", ""),
    "deletingjob": ("DELETE /jobs/j", "/jobs/j", ""),
    "deletingschedule": ("DELETE /jobschedules/s", "/jobschedules/s", ""),
}
"""What leads to a step, whose state tells of it, and what that is in the end; nothing: it is gone."""
BODIES = {"stopping": None, "disabling": {"disableTasks": "wait"}, "leavingpool": {"targetDedicatedNodes": 0}}


@pytest.mark.parametrize("step", ENDS)
def test_any_step_is_held_and_goes_on_when_its_fault_is_cleared(client, local, step):
    start = models.BatchStartTask(command_line="true", wait_for_success=True)
    node = next(client.list_nodes(ready_pool(client, "p", start_task=start))).id
    new_job(client, "j", "p")
    new_schedule(
        client, "s", "none", recurrence_interval=timedelta(hours=1), do_not_run_until=datetime(2100, 1, 1, tzinfo=UTC)
    )
    ask, look, end = (words.format(node=node) for words in ENDS[step])

    def state() -> str:
        found = send(local.url, "GET", f"{look}?{VERSION}")
        return "" if found.status == 404 else found.json["allocationState" if step == "stopping" else "state"]

    with contextlib.ExitStack() as held:
        if step == "stopping":
            held.enter_context(fault(local, kind="delay", step="resizing", seconds="forever"))
            client.create_pool(pool_options("empty", target_dedicated_nodes=1))
        with fault(local, kind="delay", step=step, seconds="forever"):
            method, path = ask.split()
            assert send(local.url, method, f"{path}?{VERSION}", BODIES.get(step, {})).status == 202
            until(lambda: state() == ("deleting" if "deleting" in step else step), "the step")
            advance(local, "P1D")
            assert state() in (step, "deleting")
        until(lambda: state() == end, "the end of the step")


def test_faults_and_their_counts_outlive_the_service(tmp_path):
    asked = {"kind": "request", "method": "GET", "path": "/jobs", "status": 500, "skip": 1, "times": 2}
    with running(tmp_path / "home") as local:
        first = send(local.url, "POST", "/_local/faults", asked).json["id"]
        send(local.url, "DELETE", f"/_local/faults/{first}")
        second = send(local.url, "POST", "/_local/faults", asked).json["id"]
        assert [send(local.url, "GET", f"/jobs?{VERSION}").status for _ in range(2)] == [200, 500]
        local.stop()
        local.start()
        (kept,) = send(local.url, "GET", "/_local/faults").json["value"]
        assert kept == {**kept, **asked, "id": second, "seen": 2, "done": 1}
        assert [send(local.url, "GET", f"/jobs?{VERSION}").status for _ in range(2)] == [500, 200]
        third = send(local.url, "POST", "/_local/faults", asked).json["id"]
        assert first < second < third
        send(local.url, "DELETE", "/_local/faults")
        local.stop()
        local.start()
        assert send(local.url, "GET", "/_local/faults").json["value"] == []


def test_what_is_held_stays_so_and_what_is_to_be_mended_is_over_a_restart(tmp_path):
    with running(tmp_path / "home") as local:
        with local.client() as client:
            ready_pool(client, "p", nodes=2)
            broken, slow = (node.id for node in client.list_nodes("p"))
            send(local.url, "POST", "/_local/faults", {"kind": "delay", "step": "rebooting", "seconds": "forever"})
            assert accident(local, "p", broken, accident="lose", mendedAfter=60).status == 202
            send(local.url, "POST", f"/pools/p/nodes/{slow}/reboot?{VERSION}", {})
        local.stop()
        local.start()
        with local.client() as client:
            states = lambda: [client.get_node("p", node).state for node in (broken, slow)]  # noqa: E731
            assert states() == ["unknown", "rebooting"]
            advance(local, "PT61S")
            assert states() == ["idle", "rebooting"]
            send(local.url, "DELETE", "/_local/faults")
            until(lambda: states() == ["idle", "idle"], "the end of the boot")


def test_an_emptied_account_has_the_real_time_and_no_faults(tmp_path):
    with running(tmp_path / "home") as local:
        advance(local, "P3D")
        send(local.url, "POST", "/_local/clock", {"timeScale": 0.5})
        send(local.url, "POST", "/_local/faults", {"kind": "request", "status": 500})
        for _ in range(2):
            assert send(local.url, "POST", "/_local/reset").status == 204
            status = send(local.url, "GET", "/_local/status").json
            assert (status["aheadSeconds"], status["timeScale"], status["faults"]) == (0, 0, 0)
            local.stop()
            local.start()
