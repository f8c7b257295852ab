"""A node from its creation to its first task: boots, runs its start task, and boots again when asked to."""

from collections.abc import Iterable
from functools import partial

from batchctl.emulator import times
from batchctl.emulator.life import preparation, run_orders, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import MESSAGES, Ended, KillReason
from batchctl.emulator.node.run import Run, make_directories
from batchctl.emulator.node.windows import prefix_of
from batchctl.emulator.node.wine import stands
from batchctl.emulator.records import Json, Node, Pool
from batchctl.emulator.wire import on_paper

STEPS = frozenset({"creating", "starting", "rebooting", "reimaging", "upgradingos", "deallocating"})
"""The states of a node that are on the way to another one."""
UNSEEN = 3
"""Glimpses that such a state lasts where nobody asks and no task waits. Who asks may have been told before that there
are no nodes yet, and comes back then."""


def is_on_its_way(node: Node) -> bool:
    """Whether its next state comes by itself. One that waits for its start task is so once that has ended."""
    started = node.start is not None and node.start["state"] == "completed"
    return node.state in STEPS or (node.state == "waitingforstarttask" and started)


def begin_step(service: Service, pool: Pool, node: Node) -> None:
    """Takes a node that is on its way to its next state, at once or when its time is over."""
    glimpse = _glimpse(service, pool, node)
    if not service.waits(node, node.state, node.state_time, lambda: service.wake(pool), glimpse):
        steps = {"starting": _agent_is_up, "waitingforstarttask": _start_task_is_over, "deallocating": _put_away}
        steps.get(node.state, start_node)(service, pool, node)


def _glimpse(service: Service, pool: Pool, node: Node) -> float:
    """None where somebody was told of the state, or tasks wait: nobody waits for what nobody looks at."""
    jobs = service.store.jobs.values()
    told = node.seen == node.state_time
    if told or any(job.ready and job.pool == pool.key and job.state == "active" for job in jobs):
        return 0.0
    return UNSEEN * service.settings.glimpse


def tell_state(service: Service, pool: Pool, nodes: Iterable[Node]) -> None:
    """Somebody is told the states of these nodes: those that pass may pass."""
    for node in nodes:
        node.seen = node.state_time
        if is_on_its_way(node):
            service.wake(pool)


def look_again(service: Service) -> None:
    """All that waits is looked at again: how long steps take, or what there is to be had, has changed."""
    service.wake(*service.store.pools.values(), *service.store.jobs.values(), *service.store.schedules.values())


def boot_again(service: Service, node: Node, state: str, option: str) -> None:
    """Reboot, reimage, upgrade or deallocate (`state`): its tasks are requeued, terminated or waited for first."""
    node.after, node.retaining = state, option == "retaineddata"
    interrupt_as_asked(service, node, option)
    for run in service.runs_of(node):
        run.kill(KillReason.REQUEUE)
    service.store.keep(node)
    service.wake(service.store.pools.get(node.pool.lower()))


def interrupt_as_asked(service: Service, node: Node, option: str) -> None:
    """What an option means for the tasks on a node: `requeue` and `terminate` end them, others wait for them."""
    if option in ("requeue", "terminate"):
        task_life.interrupt_tasks_on(service, node, KillReason(option))


def do_what_follows(service: Service, node: Node) -> None:
    """The node's last task has ended, and something was to follow."""
    state, node.after = node.after or "", None
    node.move(state, service.clock.now())
    service.store.keep(node)
    pool = service.store.pools[node.pool.lower()]
    if state == "reimaging":
        discard_disk(service, node)
    if state in ("rebooting", "reimaging", "upgradingos"):
        preparation.forget_preparations(service, node, state == "reimaging")
    if state in STEPS:
        begin_step(service, pool, node)


def discard_disk(service: Service, node: Node) -> None:
    """What is on the node's disks goes."""
    root = run_orders.node_root(service.settings, node)
    service.discard(root)
    service.discard(prefix_of(root))


def run_start_task(service: Service, pool: Pool, node: Node) -> None:
    """Runs the start task once more; `startTaskInfo` says how it goes."""
    assert node.start_task is not None
    fresh = node.start is None
    tried: Json = {} if node.start is None else {"lastRetryTime": times.stamp(service.clock.now())}
    retries = 0 if node.start is None else node.start["retryCount"] + 1
    node.start = {"state": "running", "startTime": times.stamp(service.clock.now()), "retryCount": retries, **tried}
    service.store.keep(node)
    order = run_orders.start_order(run_orders.Site(service.settings, service.url, pool, node), node.start_task, fresh)
    order = preparation.failing(service, "starttask", pool, order)
    service.run(
        node, order, partial(_start_task_ended, service, pool, node), partial(_start_task_spawned, service, node)
    )


def start_node(service: Service, pool: Pool, node: Node) -> None:
    """The machine is up."""
    node.returning = node.state == "deallocated"
    node.move("starting", service.clock.now())
    service.store.keep(node)
    begin_step(service, pool, node)


def _put_away(service: Service, pool: Pool, node: Node) -> None:
    move_node(service, pool, node, "deallocated")


def _agent_is_up(service: Service, pool: Pool, node: Node) -> None:
    """The node agent is up: the start task runs, and before or after it tasks may come."""
    node.booted = service.clock.now()
    if on_paper.runs_windows(pool):
        service.boot_windows(run_orders.node_root(service.settings, node), partial(_windows_is_up, service, pool, node))
    else:
        _system_is_up(service, pool, node)


def lost_windows(service: Service, pool: Pool, node: Node) -> bool:
    """Whether the node has nothing to run its tasks by any more, and can boot again."""
    if node.state not in ("idle", "offline") or not on_paper.runs_windows(pool):
        return False
    return not stands(prefix_of(run_orders.node_root(service.settings, node)))


def _windows_is_up(service: Service, pool: Pool, node: Node, why_not: str) -> None:
    """Windows stands, or cannot."""
    if service.store.pools.get(pool.key) is not pool or pool.nodes.get(node.key) is not node:  # it has gone meanwhile
        discard_disk(service, node)
        return
    if node.state != "starting":  # something befell it
        return
    if not why_not:
        _system_is_up(service, pool, node)
        return
    message = f"The pool's nodes run Windows, and {why_not}."
    node.errors = [{"code": "OperatingSystemNotServed", "message": message}]
    move_node(service, pool, node, "unusable")


def _system_is_up(service: Service, pool: Pool, node: Node) -> None:
    if fault := service.faults.take("imagepull", pool.id):
        node.errors = [_bad_image(pool, fault.asked["message"])]
        move_node(service, pool, node, "unusable")
        return
    make_directories(run_orders.node_root(service.settings, node))
    # As it is now: a change of the pool's start task is for nodes that boot after it.
    node.start_task, node.start = pool.spec.get("startTask"), None
    if node.start_task is None:
        move_node(service, pool, node, node.at_rest)
        return
    move_node(service, pool, node, "waitingforstarttask" if node.start_task["waitForSuccess"] else node.at_rest)
    run_start_task(service, pool, node)


def _bad_image(pool: Pool, message: str) -> Json:
    """As a node says that an image of its pool cannot be had (people's reports: Azure/Batch 122)."""
    machines = pool.spec.get("virtualMachineConfiguration", {})
    names = machines.get("containerConfiguration", {}).get("containerImageNames", ())
    told = [{"name": "ContainerImage", "value": name} for name in names[:1]]
    code = "ContainerInvalidImage"
    return {"code": code, "message": MESSAGES[code], "errorDetails": [*told, {"name": "Message", "value": message}]}


def _start_task_ended(service: Service, pool: Pool, node: Node, ended: Ended) -> None:
    node.pid, outcome = None, ended.outcome
    if ended.killed:  # the node is about to boot or to go: there is nothing to note
        service.wake(pool)
        return
    assert node.start is not None
    assert node.start_task is not None
    most = node.start_task["maxTaskRetryCount"]
    if not outcome.succeeded and (most == -1 or node.start["retryCount"] < most):
        run_start_task(service, pool, node)
        return
    node.start = {**node.start, "state": "completed", **outcome.note(times.stamp(service.clock.now()))}
    service.store.keep(node)
    if node.state == "waitingforstarttask":
        begin_step(service, pool, node)


def _start_task_is_over(service: Service, pool: Pool, node: Node) -> None:
    assert node.start is not None
    move_node(service, pool, node, node.at_rest if node.start["result"] == "success" else "starttaskfailed")


def _start_task_spawned(service: Service, node: Node, run: Run, pid: int, born: float) -> None:
    if service.runs.get(node) is run:  # else the node was booted again meanwhile
        node.pid = [pid, born]
        service.store.keep(node)


def move_node(service: Service, pool: Pool, node: Node, state: str) -> None:
    """The node goes to a state in which it may take tasks, or may not any more."""
    node.move(state, service.clock.now())
    service.store.keep(node)
    service.wake(pool)
