"""Job preparation and release tasks: before a job's first task on a node, and when the job ends."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from batchctl.emulator import times
from batchctl.emulator.life import run_orders
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import Ended, Failure, KillReason
from batchctl.emulator.node.run import Order
from batchctl.emulator.records import Job, Json, Node, Pool

PREPARATION, RELEASE = "jobPreparationTask", "jobReleaseTask"
Notes = dict[str, Json]


def is_prepared(job: Job, node: Node) -> bool:
    """Whether the job's tasks may run on the node as far as preparation goes."""
    asked = job.spec.get(PREPARATION)
    info = node.preparations.get(job.key)
    if asked is None:
        return True
    return (
        info is not None
        and info["state"] == "completed"
        and (info["result"] == "success" or not asked["waitForSuccess"])
    )


def preparation_failed(job: Job, node: Node) -> bool:
    """Whether the job's tasks stay away from the node, as its preparation failed there."""
    info = node.preparations.get(job.key)
    return info is not None and info["state"] == "completed" and not is_prepared(job, node)


def prepare_node(service: Service, pool: Pool, node: Node, job: Job) -> None:
    """Starts the preparation, unless it runs already."""
    info = node.preparations.get(job.key)
    if info is None or info["state"] == "completed":
        _start_special_task(service, pool, node, job, PREPARATION, node.preparations)


def release_nodes(service: Service, job: Job) -> bool:
    """Starts the release tasks that are due; whether all have ended."""
    if RELEASE not in job.spec:
        return True
    ended = True
    for pool in list(service.store.pools.values()):
        for node in pool.nodes.values():
            if job.key not in node.preparations:  # a job is released only where it was prepared
                continue
            if job.key not in node.releases and node.state in ("idle", "running", "offline"):
                _start_special_task(service, pool, node, job, RELEASE, node.releases)
            ended = ended and node.releases.get(job.key, {"state": "completed"})["state"] == "completed"
    return ended


def touched(service: Service, job: Job) -> Iterator[tuple[Pool, Node]]:
    """The nodes where the job was prepared or released."""
    for pool in service.store.pools.values():
        for node in pool.nodes.values():
            if job.key in node.preparations or job.key in node.releases:
                yield pool, node


def stop_preparations(service: Service, job: Job) -> None:
    """Ends the preparations that still run for a job that ends."""
    for pool in service.store.pools.values():
        for node in pool.nodes.values():
            if run := service.runs.get((node, job, PREPARATION)):
                run.kill(KillReason.TERMINATE)


def forget_preparations(service: Service, node: Node, reimaged: bool) -> None:
    """What a reboot leaves of the preparations: those that succeeded and are not to run again."""

    def stays(key: str, info: Json) -> bool:
        job = service.store.jobs.get(key)
        again = job is None or job.spec.get(PREPARATION, {}).get("rerunOnNodeRebootAfterSuccess", True)
        return not reimaged and not again and info.get("result") == "success"

    node.preparations = {key: info for key, info in node.preparations.items() if stays(key, info)}


def _start_special_task(service: Service, pool: Pool, node: Node, job: Job, name: str, notes: Notes) -> None:
    """Runs the task of that name and notes how it goes."""
    asked, before, now = job.spec[name], notes.get(job.key), times.stamp(service.clock.now())
    notes[job.key] = {
        "state": "running",
        "startTime": now,
        "taskRootDirectory": run_orders.work_directory(job, asked["id"]),
        **({"retryCount": 0} if name == PREPARATION else {}),
        **({"retryCount": before["retryCount"] + 1, "lastRetryTime": now} if before else {}),
    }
    service.store.keep(node)
    site = run_orders.Site(service.settings, service.url, pool, node)
    order = run_orders.job_order(site, job, asked, fresh=before is None)
    if name == PREPARATION:
        order = failing(service, "preparation", pool, order)
    run = service.run((node, job, name), order, partial(_special_task_ended, service, pool, node, job, name))
    constraints = asked.get("constraints", {})
    limit = times.duration(asked.get("maxWallClockTime") or constraints.get("maxWallClockTime") or times.UNLIMITED)
    if limit < times.duration(times.UNLIMITED):
        service.timer((node, job, name), limit, partial(run.kill, KillReason.EXPIRED))


# What a run is replaced by where a fault asks for its failure: it says so in stderr.txt.
_FAILS = "/bin/sh -c 'echo A fault on demand fails this. >&2; exit {}'"


def failing(service: Service, kind: str, pool: Pool, order: Order) -> Order:
    """The order as a fault of that kind has it: it fails, or (`code`) does not begin."""
    fault = service.faults.take(kind, pool.id)
    if fault is None:
        return order
    if code := fault.asked.get("code"):
        return replace(order, refused=Failure(code, (("Message", "A fault on demand."),)))
    return replace(order, command_line=_FAILS.format(fault.asked["exitCode"]))


def _special_task_ended(service: Service, pool: Pool, node: Node, job: Job, name: str, ended: Ended) -> None:
    service.cancel((node, job, name))
    service.wake(pool, job)
    service.store.keep(node)
    notes = node.preparations if name == PREPARATION else node.releases
    info = notes.get(job.key)
    # As if it had not begun: the node boots, or goes, and one that was preempted has no notes any more.
    if info is None or ended.killed is KillReason.REQUEUE:
        notes.pop(job.key, None)
        return
    outcome = ended.outcome
    most = job.spec[name].get("constraints", {}).get("maxTaskRetryCount", 0)
    code = outcome.failure.code if outcome.failure else ""
    if code == "FailureExitCode" and name == PREPARATION and (most == -1 or info["retryCount"] < most):
        _start_special_task(service, pool, node, job, name, notes)
        return
    notes[job.key] = {**info, "state": "completed", **outcome.note(times.stamp(service.clock.now()))}
