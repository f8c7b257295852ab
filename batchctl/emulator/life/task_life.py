"""A task from its first state to its last: placed, run, ended, tried again, requeued, removed."""

import heapq
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from batchctl.emulator import times
from batchctl.emulator.life import multi_instance, preparation, retention, run_orders, task_ends
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import Ended, Failure, KillReason, Outcome
from batchctl.emulator.node.run import Run
from batchctl.emulator.records import UNTRIED, Job, Json, Node, Pool, Task

RECENT = 10  # tasks in the recentTasks of a node


def enqueue_task(service: Service, job: Job, task: Task) -> None:
    """The task may run as soon as there is room, or once those that it depends on have ended."""
    if not task_ends.wait_for_others(job, task):
        heapq.heappush(job.ready, task)
        service.wake(service.store.pools.get(job.pool or ""))


def place_task(service: Service, pool: Pool, nodes: Sequence[Node], job: Job, task: Task) -> None:
    """Gives the task its place, on the first node the primary's; it starts at once, or when the job is prepared."""
    node = nodes[0]
    # A retry on the same node goes on in its directory; elsewhere there is none.
    again = task.node == node.id and task.info["retryCount"]
    task.pool, task.node, task.directory = pool.id, node.id, run_orders.work_directory(job, task.id)
    job.at_work[task.seq] = task
    if task.instances is not None:  # first: what follows asks for its company
        multi_instance.gather_company(service, nodes, job, task)
    for one in nodes:
        _occupy_slots(service, one, job, task)
    if all(preparation.is_prepared(job, one) for one in nodes):
        start_task(service, pool, node, job, task, fresh=not again)
        return
    task.move("preparing", service.clock.now())
    service.store.touch(task)
    for one in nodes:
        if not preparation.is_prepared(job, one):
            preparation.prepare_node(service, pool, one, job)


def _occupy_slots(service: Service, node: Node, job: Job, task: Task) -> None:
    """The task takes its slots of a node."""
    node.busy[task.seq] = task
    if node.state == "idle":
        node.move("running", service.clock.now())
    node.tasks_run += 1
    node.recent = [[job.id, task.id], *(one for one in node.recent if one != [job.id, task.id])][:RECENT]
    service.store.keep(node)


def start_prepared(service: Service, pool: Pool) -> None:
    """Tasks that waited for a preparation start, or go elsewhere if it failed."""
    for node in pool.nodes.values():
        for task in [one for one in node.busy.values() if one.state == "preparing"]:
            job = service.store.jobs[task.job.lower()]
            nodes = _nodes_of(service, task, node)
            if any(preparation.preparation_failed(job, one) for one in nodes):
                _free_slots(service, job, node, task)
                _take_back(service, job, task)
            elif all(preparation.is_prepared(job, one) for one in nodes):
                start_task(service, pool, nodes[0], job, task, fresh=True)


def start_task(service: Service, pool: Pool, node: Node, job: Job, task: Task, *, fresh: bool) -> None:
    """Runs the task's command line on its node."""
    now, asked = service.clock.now(), task.spec
    task.move("running", now)
    task.info = {**_counters_of(task.info), "startTime": times.stamp(now)}
    service.store.touch(task)
    if task.instances is None:
        site = run_orders.Site(service.settings, service.url, pool, node)
        order = run_orders.task_order(site, job, task, asked, fresh)
        service.run(task, order, partial(_follow_end, service, job, node, task), partial(_task_spawned, service, task))
    else:
        multi_instance.start_company(service, pool, job, task, partial(_follow_end, service, job, node, task))
    limit = times.duration(asked["constraints"]["maxWallClockTime"])
    if limit < times.duration(times.UNLIMITED):
        service.timer(task, limit, partial(interrupt_task, service, job, task, KillReason.EXPIRED))


def interrupt_task(service: Service, job: Job, task: Task, why: KillReason) -> None:
    """Ends the task's run. What follows is done when it has ended; at once, if it had its place and did not run yet."""
    if task in service.companies and task.state == "running":
        multi_instance.interrupt_company(service, task, why)
    elif run := service.runs.get(task):
        run.kill(why)
    elif task.seq in job.at_work:
        pool = service.store.pools[(task.pool or "").lower()]
        _follow_end(service, job, pool.nodes[task.node or ""], task, Ended(ended_by_user(), why))


def interrupt_tasks_on(service: Service, node: Node, why: KillReason) -> None:
    """Ends the runs of all tasks on a node."""
    # A copy: the end of a task that did not run yet follows at once and frees its slots.
    for task in list(node.busy.values()):
        interrupt_task(service, service.store.jobs[task.job.lower()], task, why)


def complete_task(service: Service, job: Job, task: Task, outcome: Outcome) -> None:
    """The task has ended for good."""
    now = service.clock.now()
    task.move("completed", now)
    info: Json = {**task.info, **outcome.note(times.stamp(now))}
    task.info, task.pid = info, None
    job.unfinished -= 1
    service.store.touch(task)
    retention.keep_files(service, task)
    _tell_job(job, task)
    for waiting in task_ends.released_by(job, task):
        enqueue_task(service, job, waiting)
    service.wake(job)


def _tell_job(job: Job, task: Task) -> None:
    """What the end of this task asks of its job."""
    manager = job.spec.get("jobManagerTask")
    if manager and manager["id"].lower() == task.key and manager["killJobOnCompletion"]:
        job.action = ["terminate", "JMComplete"]
    elif job.spec["onTaskFailure"] == "performexitoptionsjobaction":
        action = task_ends.job_action_after(task.spec, task.info)
        job.action = job.action if action == "none" else [action, "TaskFailed"]


def requeue_task(service: Service, job: Job, task: Task, counter: str, time: str) -> None:
    """Back to the queue: after a failure (`retryCount`, `lastRetryTime`) or for a lost node (`requeueCount`, …)."""
    now = service.clock.now()
    task.move("active", now)
    kept = _counters_of(task.info)
    task.info, task.pid = {**kept, counter: kept[counter] + 1, time: times.stamp(now)}, None
    if counter == "requeueCount":  # its node is lost to it; a retry may find its directory again
        _forget_place(task)
    service.store.touch(task)
    enqueue_task(service, job, task)


def reactivate_task(service: Service, job: Job, task: Task) -> None:
    """A failed task runs again as if it were new."""
    task.move("active", service.clock.now())
    task.info = UNTRIED
    _forget_place(task)
    job.unfinished += 1
    service.store.touch(task)
    enqueue_task(service, job, task)


def remove_task(service: Service, job: Job, task: Task) -> None:
    """Forgets a task and deletes its directory; its run, if it has one, is ended and tells nobody."""
    interrupt_task(service, job, task, KillReason.DELETE)
    if task.state != "completed":
        job.unfinished -= 1
    _discard_directory(service, task)
    service.store.drop(task)
    # Its node may have waited for the end of its retentionTime.
    service.wake(job, service.store.pools.get((task.pool or "").lower()))


def _discard_directory(service: Service, task: Task) -> None:
    for directory in run_orders.task_directories(service.settings, task):
        service.discard(directory)


def directory_of(service: Service, task: Task) -> Path | None:
    """Where the task's files lie; None if it never had a node or the node is gone."""
    pool = service.store.pools.get((task.pool or "").lower())
    node = pool.nodes.get(task.node or "") if pool else None
    return run_orders.node_root(service.settings, node) / task.directory if node and task.directory else None


def _task_spawned(service: Service, task: Task, run: Run, pid: int, born: float) -> None:
    if service.runs.get(task) is run:
        task.pid = [pid, born]  # kept, so that the next start of the service finds the process if it outlives this one
        service.store.keep(task)
        service.save_soon()


def _follow_end(service: Service, job: Job, node: Node, task: Task, ended: Ended) -> None:
    """The task leaves its nodes, for the queue or for good."""
    service.cancel(task)
    _free_slots(service, job, node, task)
    if task.key not in job.tasks:  # deleted while it ran: its process may have written until now
        _discard_directory(service, task)
    if job.tasks.get(task.key) is not task or ended.killed is KillReason.DELETE:
        return
    if ended.killed is KillReason.REQUEUE:
        requeue_task(service, job, task, "requeueCount", "lastRequeueTime")
    elif is_tried_again(task, ended.outcome):
        requeue_task(service, job, task, "retryCount", "lastRetryTime")
    else:
        node.tasks_succeeded += ended.outcome.succeeded
        complete_task(service, job, task, ended.outcome)


def _free_slots(service: Service, job: Job, node: Node, task: Task) -> None:
    """The task's slots are free again, on all its nodes."""
    del job.at_work[task.seq]  # a KeyError here is a task that ended twice: a bug of the service
    for one in _nodes_of(service, task, node):
        del one.busy[task.seq]
        if not one.busy and one.state == "running":
            one.move(one.at_rest, service.clock.now())
        service.store.keep(one)
    service.companies.pop(task, None)  # last: it knows the nodes
    service.wake(job, service.store.pools.get(node.pool.lower()))


def _nodes_of(service: Service, task: Task, node: Node) -> Sequence[Node]:
    """All nodes that the task is on; `node` where it is on one alone."""
    company = service.companies.get(task)
    return company.nodes if company else (node,)


def _take_back(service: Service, job: Job, task: Task) -> None:
    """Back to the queue as if it had not been placed."""
    task.move("active", service.clock.now())
    _forget_place(task)
    service.store.touch(task)
    enqueue_task(service, job, task)


def _forget_place(task: Task) -> None:
    task.node = task.pool = task.directory = task.subtasks = None


def is_tried_again(task: Task, outcome: Outcome) -> bool:
    """Whether a run that ended so is tried again: only an exit code other than 0 is, while retries are left."""
    if outcome.failure is None or outcome.failure.code != "FailureExitCode":
        return False
    most: int = task.spec["constraints"]["maxTaskRetryCount"]
    return most == -1 or task.info["retryCount"] < most


def ended_by_user() -> Outcome:
    """How a task ends that is terminated before it ran."""
    return Outcome(None, Failure("TaskEnded"))


def _counters_of(info: Json) -> Json:
    """What of executionInfo survives another try."""
    names = ("retryCount", "lastRetryTime", "requeueCount", "lastRequeueTime")
    return {name: info[name] for name in names if name in info}
