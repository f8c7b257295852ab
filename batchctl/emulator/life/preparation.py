"""Job preparation and release tasks: before a job's first task on a node, and when the job ends."""

from collections.abc import Iterator
from functools import partial

from batchctl.emulator import times
from batchctl.emulator.life import run_orders
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import Ended, KillReason
from batchctl.emulator.records import Job, Json, Node, Pool
from batchctl.emulator.wire.checks import words
from batchctl.emulator.wire.views import node_url

FILTERS = words(
    "poolId nodeId jobPreparationTaskExecutionInfo/state jobPreparationTaskExecutionInfo/startTime "
    "jobPreparationTaskExecutionInfo/endTime jobPreparationTaskExecutionInfo/exitCode "
    "jobPreparationTaskExecutionInfo/result jobReleaseTaskExecutionInfo/state jobReleaseTaskExecutionInfo/startTime "
    "jobReleaseTaskExecutionInfo/endTime jobReleaseTaskExecutionInfo/exitCode jobReleaseTaskExecutionInfo/result"
)
PREPARATION, RELEASE = "jobPreparationTask", "jobReleaseTask"
Notes = dict[str, Json]


def is_done(job: Job, node: Node) -> bool:
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


def failed(job: Job, node: Node) -> bool:
    """Whether the job's tasks stay away from the node, as its preparation failed there."""
    info = node.preparations.get(job.key)
    return info is not None and info["state"] == "completed" and not is_done(job, node)


def prepare(service: Service, pool: Pool, node: Node, job: Job) -> None:
    """Starts the preparation, unless it runs already."""
    info = node.preparations.get(job.key)
    if info is None or info["state"] == "completed":
        _start(service, pool, node, job, PREPARATION, node.preparations)


def release(service: Service, job: Job) -> bool:
    """Starts the release tasks that are due; whether all have ended."""
    if RELEASE not in job.spec:
        return True
    ended = True
    for pool in list(service.store.pools.values()):
        for node in pool.nodes.values():
            if job.key not in node.preparations:
                continue
            if job.key not in node.releases and node.state in ("idle", "running", "offline"):
                _start(service, pool, node, job, RELEASE, node.releases)
            ended = ended and node.releases.get(job.key, {"state": "completed"})["state"] == "completed"
    return ended


def touched(service: Service, job: Job) -> Iterator[tuple[Pool, Node]]:
    """The nodes where the job was prepared or released."""
    for pool in service.store.pools.values():
        for node in pool.nodes.values():
            if job.key in node.preparations or job.key in node.releases:
                yield pool, node


def status(pool: Pool, node: Node, job: Job, base: str) -> Json:
    """How it went on one node, as clients read it."""
    url = node_url(pool.id, node.id, base)
    about: Json = {"poolId": pool.id, "nodeId": node.id, "nodeUrl": url}
    for name, notes in ((PREPARATION, node.preparations), (RELEASE, node.releases)):
        if info := notes.get(job.key):
            root = f"{url}/files/{info['taskRootDirectory']}"
            about[f"{name}ExecutionInfo"] = {**info, "taskRootDirectoryUrl": root}
    return about


def stop(service: Service, job: Job) -> None:
    """Ends the preparations that still run for a job that ends."""
    for pool in service.store.pools.values():
        for node in pool.nodes.values():
            if run := service.runs.get((node, job, PREPARATION)):
                run.kill(KillReason.TERMINATE)


def forget(service: Service, node: Node, reimaged: bool) -> None:
    """What a reboot leaves of the preparations: those that succeeded and are not to run again."""

    def stays(key: str, info: Json) -> bool:
        job = service.store.jobs.get(key)
        again = job is None or job.spec.get(PREPARATION, {}).get("rerunOnNodeRebootAfterSuccess", True)
        return not reimaged and not again and info.get("result") == "success"

    node.preparations = {key: info for key, info in node.preparations.items() if stays(key, info)}


def _start(service: Service, pool: Pool, node: Node, job: Job, name: str, notes: Notes) -> None:
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
    run = service.run((node, job, name), order, partial(_ended, service, pool, node, job, name))
    constraints = asked.get("constraints", {})
    limit = times.duration(asked.get("maxWallClockTime") or constraints.get("maxWallClockTime") or times.UNLIMITED)
    if limit < times.duration(times.UNLIMITED):
        service.timer((node, job, name), limit, partial(run.kill, KillReason.EXPIRED))


def _ended(service: Service, pool: Pool, node: Node, job: Job, name: str, ended: Ended) -> None:
    service.cancel((node, job, name))
    service.wake(pool, job)
    service.store.keep(node)
    notes = node.preparations if name == PREPARATION else node.releases
    info = notes[job.key]
    if ended.killed is KillReason.REQUEUE:  # as if it had not begun: the node boots, or goes
        del notes[job.key]
        return
    outcome = ended.outcome
    most = job.spec[name].get("constraints", {}).get("maxTaskRetryCount", 0)
    code = outcome.failure.code if outcome.failure else ""
    if code == "FailureExitCode" and name == PREPARATION and (most == -1 or info["retryCount"] < most):
        _start(service, pool, node, job, name, notes)
        return
    notes[job.key] = {**info, "state": "completed", **outcome.note(times.stamp(service.clock.now()))}
