"""States in passing are answered to whoever asks in the same instant, and last no longer than that.

The clock is turned by hand, so that a glimpse is as long as a test wants it. "assets" is Azure/azure-sdk-assets,
recorded 2025-06-01 unless told otherwise.
"""

import itertools

import pytest
from azure.batch import models

from batchctl.emulator import __main__
from batchctl.emulator.api import server

from .conftest import IMAGE, new_job, pool_options
from .raw import VERSION, send
from .stand import KEY, running, until

GLIMPSE = 10.0
MACHINE = {"imageReference": IMAGE.as_dict(), "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
START = {"commandLine": "true", "waitForSuccess": True}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    with running(tmp_path_factory.mktemp("passing") / "home", glimpse=GLIMPSE) as local:
        yield local


def ask(local, path, method="GET", body=None, status=200):
    reply = send(local.url, method, f"{path}?{VERSION}", body)
    assert reply.status == status, (path, reply.content)
    return reply.json if reply.content else None


def make_pool(local, name, nodes=1, **more):
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}
    ask(local, "/pools", "POST", {**body, "targetDedicatedNodes": nodes, **more}, 201)
    return f"/pools/{name}"


def idle_pool(local, name, nodes=1, **more):
    path = make_pool(local, name, nodes, **more)
    local.turn(GLIMPSE)
    until(lambda: {one["state"] for one in ask(local, f"{path}/nodes")["value"]} == {"idle"}, "idle nodes")
    return path


def way(look, end):
    """The states that somebody sees who asks again and again."""
    seen = []
    until(lambda: seen.append(look()) or seen[-1] == end, end)
    return [state for state, _ in itertools.groupby(seen)]


def allocation(local, path):
    pool = ask(local, path)
    return pool["allocationState"], [error["code"] for error in pool.get("resizeErrors", ())]


def test_a_new_pool_is_being_resized(local, name):
    """assets, js/…/pool_operations_test, 2026-02-03: also to no nodes."""
    path = make_pool(local, name, 0)
    assert allocation(local, path) == ("resizing", [])
    reply = send(local.url, "POST", f"{path}/resize?{VERSION}", {"targetDedicatedNodes": 1})
    assert (reply.status, reply.code) == (409, "PoolBeingResized")
    local.turn(GLIMPSE)
    assert allocation(local, path) == ("steady", [])


def test_the_way_of_a_node(local, name):
    """assets, python/…/test_batch_compute_nodes, 2026-01-22; Azure/azure-batch-cli-extensions, 2022-01-01."""
    path = make_pool(local, name, startTask=START)
    assert ask(local, f"{path}/nodes")["value"] == []
    local.turn(GLIMPSE)
    look = lambda: ask(local, f"{path}/nodes")["value"][0]["state"]  # noqa: E731 - asked again and again
    assert way(look, "idle") == ["creating", "starting", "waitingforstarttask", "idle"]


def test_the_way_of_a_node_whose_start_task_fails(local, name):
    path = make_pool(local, name, startTask={**START, "commandLine": "false"})
    local.turn(GLIMPSE)
    look = lambda: ask(local, f"{path}/nodes")["value"][0]["state"]  # noqa: E731
    assert way(look, "starttaskfailed")[-2:] == ["waitingforstarttask", "starttaskfailed"]


def test_what_a_node_has_not_before_it_is_up(local, name):
    """assets, python/…/test_batch_compute_node_extensions, 2026-01-22, and net/…/GetPoolNodeCounts.json, 2025-09."""
    path = make_pool(local, name)
    local.turn(GLIMPSE)
    for state in ("creating", "starting"):
        [node] = ask(local, f"{path}/nodes")["value"]
        assert (node["state"], {"lastBootTime", "nodeAgentInfo"} & node.keys()) == (state, set())
        if state == "starting":
            continue
        [extension] = ask(local, f"{path}/nodes/{node['id']}/extensions")["value"]
        assert (extension["provisioningState"], extension["instanceView"]) == ("Creating", {})
        assert extension["vmExtension"]["enableAutomaticUpgrade"] is False
    until(lambda: ask(local, f"{path}/nodes/{node['id']}")["state"] == "idle", "the boot")
    up = ask(local, f"{path}/nodes/{node['id']}")
    assert {"lastBootTime", "nodeAgentInfo"} <= up.keys()
    [extension] = ask(local, f"{path}/nodes/{node['id']}/extensions")["value"]
    assert extension["provisioningState"] == "Succeeded"
    ask(local, f"{path}/nodes/{node['id']}/reboot", "POST", status=202)
    for state in ("rebooting", "starting"):
        again = ask(local, f"{path}/nodes/{node['id']}")
        assert (again["state"], again["lastBootTime"]) == (state, up["lastBootTime"])


@pytest.mark.parametrize("told", ["nodes", "nodecounts"])
def test_whoever_asks_brings_a_node_on(local, name, told):
    path = make_pool(local, name)
    local.turn(GLIMPSE)
    for _ in ("creating", "starting"):
        ask(local, f"{path}/nodes" if told == "nodes" else "/nodecounts")
    assert [one["state"] for one in ask(local, f"{path}/nodes")["value"]] == ["idle"]


def test_nodes_come_up_where_nobody_asks(local, name):
    path = make_pool(local, name)
    for _ in ("resizing", "creating", "starting"):
        local.turn(3 * GLIMPSE)
    until(lambda: ask(local, path)["currentDedicatedNodes"] == 1, "the node")
    assert [one["state"] for one in ask(local, f"{path}/nodes")["value"]] == ["idle"]


def test_tasks_wait_for_no_glimpse_of_a_node(local, client, name):
    make_pool(local, name, startTask=START)
    job = new_job(client, name, name)
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="true"))
    local.turn(GLIMPSE)  # of the resize: a second one meets it, whoever waits
    until(lambda: client.get_task(job, "t").state == "completed", "the task")


def test_a_resize_that_is_stopped(local, name):
    """assets, net/…/ResizePool.json, 2025-09-04."""
    path = idle_pool(local, name)
    ask(local, f"{path}/resize", "POST", {"targetDedicatedNodes": 2, "targetLowPriorityNodes": 1}, 202)
    assert allocation(local, path) == ("resizing", [])
    ask(local, f"{path}/stopresize", "POST", status=202)
    assert allocation(local, path) == ("stopping", [])
    local.turn(GLIMPSE)
    assert allocation(local, path) == ("steady", ["ResizeStopped", "ResizeStopped"])


def test_a_stop_does_not_keep_nodes_that_leave(local, name):
    """assets, js/…/pool_operations_test, 2026-02-04."""
    path = idle_pool(local, name)
    ask(local, f"{path}/resize", "POST", {"targetDedicatedNodes": 0}, 202)
    [node] = ask(local, f"{path}/nodes")["value"]
    assert node["state"] == "leavingpool"
    ask(local, f"{path}/stopresize", "POST", status=202)
    found = ask(local, path)
    assert (found["allocationState"], found["currentDedicatedNodes"]) == ("stopping", 1)
    local.turn(GLIMPSE)
    until(lambda: allocation(local, path) == ("steady", []), "the end of the resize")
    assert ask(local, path)["currentDedicatedNodes"] == 0


def test_a_pool_that_is_deleted(local, name):
    """assets, js/…/pool_operations_test, 2026-02-03: it is being resized until it is gone."""
    path = make_pool(local, name, 0)
    local.turn(GLIMPSE)
    ask(local, path, "DELETE", status=202)
    found = ask(local, path)
    assert [found[key] for key in ("state", "allocationState", "resizeTimeout")] == [
        "deleting",
        "resizing",
        "PT7M9.497S",
    ]
    local.turn(GLIMPSE)
    until(lambda: send(local.url, "GET", f"{path}?{VERSION}").status == 404, "the deletion")


@pytest.mark.parametrize(
    ("verb", "states"),
    [
        ("reboot", ["rebooting", "starting", "waitingforstarttask", "idle"]),
        ("reimage", ["reimaging", "starting", "waitingforstarttask", "idle"]),
        ("deallocate", ["deallocating", "deallocated"]),
    ],
)
def test_a_node_that_boots_again(local, name, verb, states):
    """assets, js/…/compute_node_operations, 2026-02-04."""
    path = idle_pool(local, name, startTask=START)
    node = f"{path}/nodes/{ask(local, f'{path}/nodes')['value'][0]['id']}"
    ask(local, f"{node}/{verb}", "POST", status=202)
    assert way(lambda: ask(local, node)["state"], states[-1]) == states
    if verb == "deallocate":
        ask(local, f"{node}/start", "POST", status=202)
        first = ask(local, node)
        assert (first["state"], first["schedulingState"]) == ("starting", "disabled")
        assert way(lambda: ask(local, node)["state"], "idle") == ["waitingforstarttask", "idle"]


def test_the_states_of_a_job(local, client, name):
    """assets, java/…/JobTests.canUpdateJobState, 2024-07-01, 2025-07-13; python/…/test_batch_jobs, 2026-01-22."""
    path = f"/jobs/{new_job(client, name, 'nowhere')}"
    look = lambda: ask(local, path)["state"]  # noqa: E731
    ask(local, f"{path}/disable", "POST", {"disableTasks": "requeue"}, 202)
    assert look() == "disabling"
    local.turn(GLIMPSE)
    assert look() == "disabled"
    ask(local, f"{path}/enable", "POST", status=202)
    assert look() == "active"  # no recorded job was anything else then
    ask(local, f"{path}/terminate", "POST", {"terminateReason": "enough"}, 202)
    found = ask(local, path)
    assert (found["state"], found["previousState"], found["executionInfo"]["terminateReason"]) == (
        "terminating",
        "active",
        "enough",
    )
    assert "endTime" not in found["executionInfo"]
    local.turn(GLIMPSE)
    assert look() == "completed"
    ask(local, path, "DELETE", status=202)
    assert look() == "deleting"
    local.turn(GLIMPSE)
    until(lambda: send(local.url, "GET", f"{path}?{VERSION}").status == 404, "the deletion")


def test_a_job_that_ends_says_what_it_waits_for(local, client, name):
    """assets, net/…/JobOperations.json, 2025-09-03; java/…/TaskTests.testTaskUnifiedModel, 2024-07-01, 2025-08-27."""
    idle_pool(local, name, 2)
    job = new_job(client, name, name)
    client.create_task_collection(
        job,
        models.BatchTaskGroup(
            task_values=[models.BatchTaskCreateOptions(id=one, command_line="sleep 1000") for one in "ab"]
        ),
    )
    until(lambda: {one.state for one in client.list_tasks(job)} == {"running"}, "the start")
    ask(local, f"/jobs/{job}/terminate", "POST", {}, 202)
    error = ask(local, f"/jobs/{job}")["executionInfo"]["schedulingError"]
    assert (error["category"], error["code"]) == ("ServerError", "JobTerminationAwaitingNodeProcessing")
    assert error["details"] == [{"name": "Number of nodes awaiting processing", "value": "2"}]
    local.turn(GLIMPSE)
    until(lambda: ask(local, f"/jobs/{job}")["state"] == "completed", "the end")
    assert "schedulingError" not in ask(local, f"/jobs/{job}")["executionInfo"]


def test_the_states_of_a_schedule(local, name):
    """assets, js/…/job_schedules, 2026-02-04: no next run is told of one that ends."""
    body = {"schedule": {"recurrenceInterval": "PT3H"}, "jobSpecification": {"poolInfo": {"poolId": "x"}}}
    ask(local, "/jobschedules", "POST", {"id": name, **body}, 201)
    path = f"/jobschedules/{name}"
    assert "nextRunTime" in ask(local, path)["executionInfo"]
    ask(local, f"{path}/terminate", "POST", status=202)
    found = ask(local, path)
    assert (found["state"], "nextRunTime" in found["executionInfo"]) == ("terminating", False)
    local.turn(GLIMPSE)
    until(lambda: ask(local, path)["state"] == "completed", "the end")
    ask(local, path, "DELETE", status=202)
    assert ask(local, path)["state"] == "deleting"


def test_a_run_of_a_formula_is_told_when_its_resize_is_over(local, name):
    """assets, python/…/test_batch_scale_pools, 2026-01-22; net/…/AutoScale.json, 2025-09-04: of a new pool at once."""
    formula = {"autoScaleFormula": "$TargetDedicatedNodes=2"}
    new = make_pool(local, f"{name}-new", 0, enableAutoScale=True, autoScaleFormula="$TargetDedicatedNodes=0")
    assert ask(local, new)["allocationState"] == "resizing"
    assert "results" in ask(local, new)["autoScaleRun"]
    path = make_pool(local, name, 0)
    local.turn(GLIMPSE)
    ask(local, f"{path}/enableautoscale", "POST", formula)
    found = ask(local, path)
    assert (found["allocationState"], found["targetDedicatedNodes"]) == ("resizing", 2)
    assert "autoScaleRun" not in found
    local.turn(GLIMPSE)
    assert "results" in ask(local, path)["autoScaleRun"]


def test_a_resize_of_a_formula_that_is_disabled(local, name):
    """Azure/azure-sdk-for-python, test_batch_scale_pools.yaml, 2017-09-01: it is stopped."""
    path = make_pool(local, name, 0)
    local.turn(GLIMPSE)
    ask(local, f"{path}/enableautoscale", "POST", {"autoScaleFormula": "$TargetDedicatedNodes=2"})
    ask(local, f"{path}/disableautoscale", "POST")
    assert allocation(local, path) == ("stopping", [])
    local.turn(GLIMPSE)
    assert allocation(local, path) == ("steady", ["ResizeStopped"])


def test_faults_and_not_glimpses_say_how_long_a_step_takes(local, name):
    def delay(step, seconds):
        return send(local.url, "POST", "/_local/faults", {"kind": "delay", "step": step, "seconds": seconds})

    delay("resizing", 0), delay("starting", 100)
    path = make_pool(local, name)
    assert allocation(local, path) == ("steady", [])
    look = lambda: ask(local, f"{path}/nodes")["value"][0]["state"]  # noqa: E731
    assert [look(), look(), look()] == ["creating", "starting", "starting"]
    local.turn(50)
    assert look() == "starting"
    send(local.url, "DELETE", "/_local/faults")
    until(lambda: look() == "idle", "the boot")


def test_a_restart_in_the_middle_of_a_glimpse(tmp_path, name):
    with running(tmp_path / "home", glimpse=GLIMPSE) as local, local.client() as client:
        start = models.BatchStartTask(command_line="true", wait_for_success=True)
        client.create_pool(pool_options(name, target_dedicated_nodes=1, start_task=start))
        for _ in ("resizing", "creating", "starting"):
            local.turn(3 * GLIMPSE)
        until(lambda: (local.home / "nodes" / name).glob("*/startup/stdout.txt"), "the start task")
        local.stop()
        local.start()
        with local.client() as again:
            until(lambda: next(iter(again.list_nodes(name))).state == "idle", "the boot")


def test_the_service_of_this_machine_gives_a_glimpse(tmp_path, monkeypatch):
    asked = []

    async def serve(settings, *_, **__):
        asked.append(settings.glimpse)

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr("os.umask", lambda _: 0)
    monkeypatch.setattr("gc.set_threshold", lambda *_: None)
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    __main__.main(["--home", str(tmp_path), "--account", "a", "--key-file", str(key)])
    assert asked == [0.1]


def test_an_allocation_in_passing_passes_where_somebody_asked_whether_the_pool_exists(local, name):
    """assets, python/…/test_batch_update_pools, 2024-07-01, 2025-03-19: HEAD, then GET: steady."""
    path = make_pool(local, name, 0)
    assert allocation(local, path) == ("resizing", [])
    assert send(local.url, "HEAD", f"{path}?{VERSION}").status == 200
    assert allocation(local, path) == ("steady", [])


def test_what_succeeded_on_a_node_is_told_once_it_is_up(local, name):
    """Azure/azure-sdk-for-python, test_batch_compute_nodes, 2017-11-08; azure-batch-cli-extensions, 2022-09-06."""
    path = make_pool(local, name)
    local.turn(GLIMPSE)
    for version, state, told in (("2020-09-01.12.0", "creating", False), ("2022-01-01.15.0", "starting", True)):
        (node,) = send(local.url, "GET", f"{path}/nodes?api-version={version}").json["value"]
        assert (node["state"], "totalTasksSucceeded" in node) == (state, told)
    until(lambda: ask(local, f"{path}/nodes")["value"][0]["state"] == "idle", "an idle node")
    (node,) = send(local.url, "GET", f"{path}/nodes?api-version=2020-09-01.12.0").json["value"]
    assert node["totalTasksSucceeded"] == 0
