"""Multi-instance tasks: one task on several nodes. Its coordination command runs on each of them, and when it has
succeeded everywhere the task's own command runs on the first, the primary. What the coordination command leaves
behind on the nodes lives until the task ends.

As the page "Use multi-instance tasks to run MPI applications" has it: common files come to the directory of the task,
which all instances know as AZ_BATCH_TASK_SHARED_DIR; and if one instance fails, the task does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from batchctl.emulator import times
from batchctl.emulator.life import run_orders
from batchctl.emulator.life.service import Company, Done, Service
from batchctl.emulator.node.outcome import Ended, KillReason, Outcome
from batchctl.emulator.node.run import Order, Run
from batchctl.emulator.records import Job, Json, Node, Pool, Task

MASTER_PORT = 6000  # the port in the examples of that page


@dataclass(frozen=True, slots=True)
class _Play:
    """What every step needs. `done` hears how the task ended."""

    service: Service
    pool: Pool
    job: Job
    task: Task
    company: Company
    done: Done

    def order(self, index: int) -> Order:
        """The order for an instance: the task's own, in a directory of its own, with the names of the others."""
        site = run_orders.Site(self.service.settings, self.service.url, self.pool, self.company.nodes[index])
        return run_orders.instance_order(site, self.job, self.task, index, self._names(index))

    def _names(self, index: int) -> dict[str, str]:
        addresses = [node.ip for node in self.company.nodes]
        shared = run_orders.node_root(self.service.settings, self.company.nodes[0]) / (self.task.directory or "")
        return {
            "AZ_BATCH_HOST_LIST": ",".join(addresses),
            "AZ_BATCH_NODE_LIST": ";".join(addresses),
            "AZ_BATCH_MASTER_NODE": f"{addresses[0]}:{MASTER_PORT}",
            "AZ_BATCH_IS_CURRENT_NODE_MASTER": str(index == 0).lower(),
            "AZ_BATCH_TASK_SHARED_DIR": str(shared),
            "CCP_NODES": " ".join([str(len(addresses)), *(f"{address} 1" for address in addresses)]),
        }


def gather_company(service: Service, nodes: Sequence[Node], job: Job, task: Task) -> None:
    """The task was given these nodes, the primary's first."""
    service.companies[task] = Company([*nodes])
    task.subtasks = [
        {
            "id": index,
            "poolId": node.pool,
            "nodeId": node.id,
            "directory": run_orders.instance_directory(job, task, index),
        }
        for index, node in enumerate(nodes)
        if index
    ]


def start_company(service: Service, pool: Pool, job: Job, task: Task, done: Done) -> None:
    """Fetches the common files, then coordinates, then runs the command."""
    play = _Play(service, pool, job, task, service.companies[task], done)
    for entry in task.subtasks or ():
        _note_subtask(play, entry, {"state": "preparing"})
    files = task.spec["multiInstanceSettings"].get("commonResourceFiles", [])
    common = run_orders.opened_files(files, service.settings.storage)
    order = replace(play.order(0), command_line=None, resource_files=(), output_files=(), common_files=common)
    _run_instance(play, 0, order, partial(_coordinate, play))


def interrupt_company(service: Service, task: Task, why: KillReason) -> None:
    """Ends all its instances; the first reason stands."""
    company = service.companies[task]
    company.why = company.why or why  # beside those of the runs: a fellow may have been their first
    for run in company.runs:
        run.kill(why)


def _coordinate(play: _Play, ended: Ended) -> None:
    """The common files are there: the coordination command runs everywhere."""
    company, line = play.company, play.task.spec["multiInstanceSettings"]["coordinationCommandLine"]
    if ended.killed or not ended.outcome.succeeded:
        _end_play(play, ended.outcome)
        return
    company.runs, company.working = [], len(company.nodes)
    for index in range(len(company.nodes)):
        own = () if index else play.order(0).resource_files
        order = replace(play.order(index), command_line=line, output_files=(), resource_files=own, keeps=True)
        # The primary's directory has the common files already.
        _run_instance(play, index, replace(order, fresh=index > 0), partial(_coordinated, play, index))
        if index:
            _note_subtask(play, _subtask_entry(play, index), {"state": "running", "startTime": _time_stamp(play)})


def _coordinated(play: _Play, index: int, ended: Ended) -> None:
    """One of them has ended; the last one decides how it goes on, and the first failure ends the others."""
    company, outcome = play.company, ended.outcome
    company.working -= 1
    if index:
        _note_subtask(play, _subtask_entry(play, index), {"state": "completed", **outcome.note(_time_stamp(play))})
    if not outcome.succeeded and not ended.killed and company.failed is None:
        company.failed = outcome
        for other in company.runs:
            other.kill(KillReason.FELLOW)
    if company.working:
        return
    if company.why or company.failed:
        _end_play(play, outcome if company.why else company.failed or outcome)
        return
    order = replace(play.order(0), resource_files=(), fresh=False, appends=True)
    _run_instance(play, 0, order, lambda ended: _end_play(play, ended.outcome))


def _end_play(play: _Play, outcome: Outcome) -> None:
    for run in play.company.runs:
        run.end()
    play.done(Ended(outcome, play.company.why))


def _run_instance(play: _Play, index: int, order: Order, done: Done) -> None:
    owner: object = play.task if index == 0 else (play.task, index)
    run = play.service.run(owner, order, done, partial(_instance_spawned, play, index))
    play.company.runs.append(run)


def _instance_spawned(play: _Play, index: int, run: Run, pid: int, born: float) -> None:  # noqa: ARG001 - as all hear it
    if index == 0:
        play.task.pid = [pid, born]
    else:
        _subtask_entry(play, index)["pid"] = [pid, born]
    play.service.store.keep(play.task)
    play.service.save_soon()


def _subtask_entry(play: _Play, index: int) -> Json:
    """What is kept of a subtask."""
    entry: Json = (play.task.subtasks or [])[index - 1]
    return entry


def _note_subtask(play: _Play, entry: Json, news: Json) -> None:
    if "state" in entry:
        entry |= {"previousState": entry["state"], "previousStateTransitionTime": entry["stateTransitionTime"]}
    entry |= {**news, "stateTransitionTime": _time_stamp(play)}
    play.service.store.keep(play.task)


def _time_stamp(play: _Play) -> str:
    return times.stamp(play.service.clock.now())
