"""Faults on demand, as the SDK meets them."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from batchctl.emulator.api.fault_routes import SHAPES
from batchctl.emulator.faults import QUOTAS, STEPS
from batchctl.emulator.life.accidents import STATES

from .conftest import completed, new_job, pool_options, ready_pool
from .raw import VERSION, send
from .stand import DEADLINE, Local, running, until
from .test_jobs import state, task
from .test_pools import code_of, steady
from .test_running import shell


@contextlib.contextmanager
def fault(local: Local, **asked: Any) -> Iterator[int]:
    """A fault that is there for a while; its id."""
    reply = send(local.url, "POST", "/_local/faults", asked)
    assert reply.status == 201, reply.content
    try:
        yield reply.json["id"]
    finally:
        assert send(local.url, "DELETE", f"/_local/faults/{reply.json['id']}").status == 204


def accident(local: Local, pool: str, node: str, **asked: Any) -> Any:
    return send(local.url, "POST", f"/_local/pools/{pool}/nodes/{node}", asked)


def only(client, pool: str):
    (node,) = client.list_nodes(pool)
    return node


def test_a_request_that_fails(local, client, name):
    asked = {"kind": "request", "method": "POST", "path": "/jobs", "code": "ServerBusy", "retryAfter": 7, "times": 1}
    with fault(local, **asked), pytest.raises(HttpResponseError) as caught:
        new_job(client, name, "x")
    assert (caught.value.status_code, code_of(caught)) == (503, "ServerBusy")
    assert caught.value.response.headers["Retry-After"] == "7"
    with pytest.raises(HttpResponseError):
        client.get_job(name)


def test_a_code_that_the_service_does_not_have(local, client):
    with fault(local, kind="request", status=418, code="Teapot"), pytest.raises(HttpResponseError) as caught:
        list(client.list_jobs())
    assert (caught.value.status_code, code_of(caught)) == (418, "Teapot")


def test_only_what_matches_and_only_as_often_as_asked(local, client, name):
    job = {"method": "GET", "path": f"/jobs/{name}*"}  # another test's poller may still ask for its own
    asked = {"kind": "request", **job, "status": 500, "skip": 1, "every": 2, "times": 2}
    new_job(client, name, "x")
    with fault(local, **asked) as number:
        seen = [send(local.url, "GET", f"/jobs/{name}?{VERSION}").status for _ in range(7)]
        list(client.list_jobs())
        (rule,) = send(local.url, "GET", "/_local/faults").json["value"]
    assert seen == [200, 200, 500, 200, 500, 200, 200]
    assert (rule["id"], rule["seen"], rule["done"]) == (number, 7, 2)


def test_a_connection_that_is_dropped_before_or_after_the_work(local, client, name):
    with fault(local, kind="request", path="/jobs", drop="before"), pytest.raises(ServiceResponseError):
        new_job(client, name, "x")
    with pytest.raises(HttpResponseError):
        client.get_job(name)
    with fault(local, kind="request", path="/jobs", drop="after"), pytest.raises(ServiceResponseError):
        new_job(client, name, "x")
    assert state(client, name) == "active"
    with (
        fault(local, kind="request", path="/jobs", drop="before"),
        pytest.raises((http.client.RemoteDisconnected, ConnectionError)),
    ):
        send(local.url, "GET", f"/jobs?{VERSION}")


def test_a_slow_request(tmp_path):
    with running(tmp_path / "home") as local, local.client(read_timeout=0.2) as client:
        with (
            fault(local, kind="request", method="POST", path="/jobs", seconds=30),
            pytest.raises(ServiceResponseError),
        ):
            new_job(client, "j", "x")
        local.turn(31)
        until(lambda: send(local.url, "GET", f"/jobs/j?{VERSION}").status == 200, "the late work")


@pytest.mark.parametrize("seconds", ["forever", 30])
def test_a_request_that_is_held_goes_on_when_its_fault_is_cleared(local, name, seconds):
    path, told = f"/jobs/{name}", list[int]()
    with fault(local, kind="request", path=path, seconds=seconds):
        asks = threading.Thread(target=lambda: told.append(send(local.url, "GET", f"{path}?{VERSION}").status))
        asks.start()
        until(lambda: send(local.url, "GET", "/_local/faults").json["value"][0]["done"] == 1, "the request")
        assert told == []
    asks.join(DEADLINE)
    assert told == [404]


def test_deletes_that_take_their_time(local, client, name):
    client.create_pool(pool_options(name))
    steady(client, name)
    new_job(client, name, name)
    with fault(local, kind="delay", step="deletingpool", seconds=30):
        client.begin_delete_pool(name, polling_interval=0.01)
        with pytest.raises(HttpResponseError) as caught:
            client.create_pool(pool_options(name))
        assert (client.get_pool(name).state, code_of(caught)) == ("deleting", "PoolBeingDeleted")
        local.turn(31)
        until(lambda: name not in [pool.id for pool in client.list_pools()], "the end of the pool")
    with fault(local, kind="delay", step="deletingjob", seconds=30):
        client.begin_delete_job(name, polling_interval=0.01)
        with pytest.raises(HttpResponseError) as caught:
            new_job(client, name, name)
        assert (state(client, name), code_of(caught)) == ("deleting", "JobBeingDeleted")
    until(lambda: name not in [job.id for job in client.list_jobs()], "the end of the job once the fault is cleared")


def test_quotas_that_are_used_up(local, client, name):
    with fault(local, kind="quota", quota="jobs", most=0), pytest.raises(HttpResponseError) as caught:
        new_job(client, name, "x")
    assert code_of(caught) == "ActiveJobAndScheduleQuotaReached"
    with fault(local, kind="quota", quota="pools", most=0), pytest.raises(HttpResponseError) as caught:
        client.create_pool(pool_options(name))
    assert code_of(caught) == "PoolQuotaReached"
    cores = {"dedicatedCores": "AccountCoreQuotaReached", "spotCores": "AccountLowPriorityCoreQuotaReached"}
    targets = {"dedicatedCores": {"target_dedicated_nodes": 1}, "spotCores": {"target_low_priority_nodes": 1}}
    for quota, code in cores.items():
        with fault(local, kind="quota", quota=quota, most=0):
            client.create_pool(pool_options(f"{name}-{quota}", **targets[quota]))
            pool = steady(client, f"{name}-{quota}")
        assert [error.code for error in pool.resize_errors] == [code]
        assert list(client.list_nodes(pool.id)) == []


def test_allocations_that_fail(local, client, name):
    with fault(local, kind="allocation", pool=f"{name}-*", times=1):
        client.create_pool(pool_options(f"{name}-a", target_dedicated_nodes=1))
        assert [error.code for error in steady(client, f"{name}-a").resize_errors] == ["AllocationFailed"]
        client.create_pool(pool_options(f"{name}-b", target_dedicated_nodes=1))
        assert steady(client, f"{name}-b").current_dedicated_nodes == 1
    with fault(local, kind="allocation", pool=f"{name}-c", code="AllocationTimedOut"):
        client.create_pool(pool_options(f"{name}-c", target_dedicated_nodes=1))
        assert client.get_pool(f"{name}-c").allocation_state == "resizing"
        local.turn(15 * 60 + 1)
        assert [error.code for error in steady(client, f"{name}-c").resize_errors] == ["AllocationTimedOut"]


def test_a_resize_that_is_stopped_says_so(tmp_path):
    with running(tmp_path / "home", time_scale=1.0) as local, local.client() as client:
        client.create_pool(pool_options("p", target_dedicated_nodes=1))
        assert send(local.url, "POST", f"/pools/p/stopresize?{VERSION}").status == 202
        assert client.get_pool("p").allocation_state == "stopping"
        local.turn(6)
        assert [error.code for error in steady(client, "p").resize_errors] == ["ResizeStopped"]


def test_start_tasks_that_fail(local, client, name):
    start = models.BatchStartTask(command_line="true", wait_for_success=True)
    with fault(local, kind="starttask", pool=name, exitCode=9, times=1):
        client.create_pool(pool_options(name, target_dedicated_nodes=2, start_task=start))
        until(
            lambda: sorted(node.state for node in client.list_nodes(name)) == ["idle", "starttaskfailed"],
            "one failure",
        )
    bad = next(node for node in client.list_nodes(name) if node.state == "starttaskfailed")
    assert bad.start_task_info.exit_code == 9
    said = b"".join(client.download_node_file(name, bad.id, "startup/stderr.txt"))
    assert b"fault on demand" in said
    client.begin_reboot_node(name, bad.id, {"nodeRebootOption": "requeue"}, polling_interval=0.01)
    until(lambda: client.get_node(name, bad.id).state == "idle", "the second boot")


def test_a_spot_node_is_preempted_in_the_middle_of_a_task(local, client, name):
    client.create_pool(pool_options(name, target_low_priority_nodes=1))
    steady(client, name)
    node = only(client, name).id
    job = new_job(client, name, name)
    client.create_task(job, task("before", "echo x"))
    completed(client, job, "before")
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    assert accident(local, name, node, accident="preempt", mendedAfter=60).status == 202
    until(lambda: client.get_task(job, "t").state == "active", "the requeue")
    found = client.get_task(job, "t")
    assert (found.execution_info.requeue_count, found.execution_info.retry_count, found.node_info) == (1, 0, None)
    assert client.get_node(name, node).state == "preempted"
    assert next(iter(client.list_pool_node_counts(filter=f"poolId eq '{name}'"))).low_priority.preempted == 1
    assert files_code(client, job, "before") == "NodeNotReady"
    local.turn(61)
    until(lambda: client.get_task(job, "t").state == "running", "the second start")
    assert client.get_node(name, node).state == "running"
    assert files_code(client, job, "before") == "TaskFilesCleanedup"


def test_a_spot_node_is_preempted_while_it_prepares_a_job(local, client, name, caplog):
    client.create_pool(pool_options(name, target_low_priority_nodes=1))
    steady(client, name)
    node = only(client, name).id
    prepare = models.BatchJobPreparationTask(command_line=shell(f"[ -e {local.home}/{name} ] || sleep 1000"))
    job = new_job(client, name, name, job_preparation_task=prepare)
    client.create_task(job, task("t"))

    def prepared() -> list[str]:
        notes = client.list_job_preparation_and_release_task_status(job)
        return [note.job_preparation_task_execution_info.state for note in notes]

    until(lambda: prepared() == ["running"], "the preparation")
    assert accident(local, name, node, accident="preempt", mendedAfter=60).status == 202
    assert prepared() == []
    (local.home / name).touch()
    local.turn(61)
    assert completed(client, job, "t").execution_info.exit_code == 0
    assert prepared() == ["completed"]
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def files_code(client, job: str, task_id: str) -> str | None:
    """The refusal to list a task's files; None if they are there."""
    try:
        list(client.list_task_files(job, task_id))
    except HttpResponseError as error:
        return error.error.code
    return None


def test_dedicated_nodes_are_not_preempted(local, client, name):
    ready_pool(client, name)
    assert accident(local, name, only(client, name).id, accident="preempt").code == "OperationNotValidOnNode"
    assert accident(local, name, only(client, name).id, accident="mend").code == "OperationInvalidForCurrentState"
    assert accident(local, name, "x", accident="break").code == "NodeNotFound"
    assert accident(local, name, only(client, name).id, accident="explode").code == "InvalidPropertyValue"


def test_a_node_becomes_unusable_and_is_mended(local, client, name):
    start = models.BatchStartTask(command_line="/bin/sh -c 'echo x >> $AZ_BATCH_NODE_SHARED_DIR/boots'")
    ready_pool(client, name, start_task=start)
    node = only(client, name).id
    job = new_job(client, name, name)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    accident(local, name, node, accident="break", code="DiskFull", message="no room")
    broken = client.get_node(name, node)
    assert (broken.state, [(error.code, error.message) for error in broken.errors]) == (
        "unusable",
        [("DiskFull", "no room")],
    )
    with pytest.raises(HttpResponseError) as caught:
        client.begin_reboot_node(name, node, {"nodeRebootOption": "requeue"})
    assert code_of(caught) == "NodeStateUnusable"
    until(lambda: client.get_task(job, "t").state == "active", "the requeue")
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_node_files(name, node))
    assert code_of(caught) == "NodeStateUnusable"
    accident(local, name, node, accident="mend")
    until(lambda: client.get_task(job, "t").state == "running", "the second start")
    assert b"".join(client.download_node_file(name, node, "shared/boots")) == b"x\nx\n"
    assert client.get_node(name, node).errors is None


def test_a_lost_node_goes_on_working_and_gets_nothing_new(local, client, name):
    ready_pool(client, name, task_slots_per_node=2)
    node = only(client, name).id
    job = new_job(client, name, name)
    client.create_task(job, task("t", "sleep 1000"))
    until(lambda: client.get_task(job, "t").state == "running", "the start")
    accident(local, name, node, accident="lose")
    client.create_task(job, task("next"))
    client.terminate_task(job, "t")
    completed(client, job, "t")
    assert (client.get_node(name, node).state, client.get_task(job, "next").state) == ("unknown", "active")
    accident(local, name, node, accident="mend")
    completed(client, job, "next")


def test_slow_boots(local, client, name):
    with fault(local, kind="timescale", scale=1):
        client.create_pool(pool_options(name, target_dedicated_nodes=1))
        assert client.get_pool(name).allocation_state == "resizing"
        local.turn(31)
        assert only(client, name).state == "creating"
        with fault(local, kind="delay", step="creating", seconds=0):
            assert only(client, name).state == "starting"
        local.turn(29)
        assert only(client, name).state == "starting"
    until(lambda: only(client, name).state == "idle", "the end of the boot")


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "earthquake"},
        {},
        [],
        {"kind": "request"},
        {"kind": "request", "code": "NoSuchCode"},
        {"kind": "request", "status": 200},
        {"kind": "request", "status": 500, "every": 0},
        {"kind": "request", "status": 500, "colour": "red"},
        {"kind": "delay", "step": "breathing", "seconds": 1},
        {"kind": "quota", "quota": "jobs"},
    ],
)
def test_bad_faults(local, asked):
    assert send(local.url, "POST", "/_local/faults", asked).status == 400
    assert send(local.url, "GET", "/_local/faults").json["value"] == []


def test_clearing_all(local):
    for _ in range(2):
        send(local.url, "POST", "/_local/faults", {"kind": "request", "status": 500, "path": "/none"})
    assert send(local.url, "DELETE", "/_local/faults").status == 204
    assert send(local.url, "GET", "/_local/faults").json["value"] == []
    assert send(local.url, "DELETE", "/_local/faults/99").status == 400


def test_the_control_surface_is_signed(local):
    assert send(local.url, "POST", "/_local/faults", {"kind": "request", "status": 500}, signed=False).status == 401
    assert send(local.url, "GET", "/_local/faults", signed=False).status == 401


def test_the_page_names_every_fault():
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
    for word in (*SHAPES, *STEPS, *QUOTAS, *STATES):
        assert f"`{word}`" in page
