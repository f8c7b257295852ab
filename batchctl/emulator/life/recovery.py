"""The first moments after a start: what an earlier run left is ended, taken back to the queue and set going again."""

from batchctl.emulator.life import (
    accidents,
    auto_pools,
    auto_scale,
    job_life,
    node_life,
    retention,
    schedule_life,
    task_life,
)
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.container_runtime import find_runtime, remove_containers
from batchctl.emulator.node.containers import mark_of
from batchctl.emulator.node.strays import end_strays
from batchctl.emulator.records import Job, Node, Pool, Task


def recover(service: Service) -> None:
    """Kills strays before any of their tasks may run again, then sets pools and jobs going."""
    pools, jobs = list(service.store.pools.values()), list(service.store.jobs.values())
    schedules = list(service.store.schedules.values())
    tasks = [pid for job in jobs for task in job.tasks.values() for pid in _pids_of(task)]
    nodes = [node.pid for pool in pools for node in pool.nodes.values() if node.pid]
    runtime = find_runtime(service.settings.search_path)
    if runtime and (service.settings.home / "containers").is_dir():
        remove_containers(runtime, mark_of(service.settings.home))
    # Before anything runs again: no task may run twice at once, nor find the files of a run that still writes.
    end_strays(service.settings.home, tasks + nodes)
    for job in jobs:
        _recover_job(service, job)
    for pool in pools:
        for node in pool.nodes.values():
            _recover_node(service, pool, node)
    for schedule in schedules:
        schedule_life.set_timer(service, schedule)
    for pool in pools:
        if pool.spec["enableAutoScale"]:
            auto_scale.watch_pool(service, pool)
            auto_scale.await_evaluation(service, pool)
        if pool.state == "deleting":
            auto_pools.delete_pool_later(service, pool)
    service.wake(*pools, *jobs, *schedules)


def _pids_of(task: Task) -> list[list[float]]:
    """The processes that a task had, those of its subtasks too."""
    if task.state != "running":
        return []
    return [pid for pid in (task.pid, *(entry.get("pid") for entry in task.subtasks or ())) if pid]


def _recover_job(service: Service, job: Job) -> None:
    for task in job.tasks.values():
        job.unfinished += task.state != "completed"
        if task.state in ("preparing", "running"):
            task_life.requeue_task(service, job, task, "requeueCount", "lastRequeueTime")
        elif task.state == "active":
            task_life.enqueue_task(service, job, task)
        else:
            retention.keep_files(service, task)
    job_life.watch_time(service, job)


def _recover_node(service: Service, pool: Pool, node: Node) -> None:
    node.pid = None
    accidents.await_mending(service, pool, node)
    # A preparation or a release that was cut off runs again as if it had not begun.
    for notes in (node.preparations, node.releases):
        for key in [key for key, info in notes.items() if info["state"] == "running"]:
            del notes[key]
    if node.state == "running":
        node.move(node.at_rest, service.clock.now())
    if node_life.lost_windows(service, pool, node):
        node.move("rebooting", service.clock.now())
    elif node.start and node.start["state"] == "running":
        node.start = None
        node_life.run_start_task(service, pool, node)
