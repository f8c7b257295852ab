"""A pool's nodes: as many as were asked for, no more than the quota, and gone with the pool."""

import secrets
from collections import Counter

from batchctl.emulator import times
from batchctl.emulator.life import node_life, retention, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import Json, Node, Pool
from batchctl.emulator.wire.vm_sizes import cores_of, sizes_of

_KEEPS_WORKING = frozenset({"taskcompletion", "retaineddata"})
_OF_DELETION = "PT7M9.497S"
"""The resizeTimeout of a pool that is deleted: 2^32 - 1 times 100 ns (Azure/azure-sdk-assets, js/sdk/batch/batch/…, the
pools of 2025-06-01, 2026-02-03)."""
_ERRORS = {
    "AccountCoreQuotaReached": "The specified account has reached core quota",
    "AccountLowPriorityCoreQuotaReached": "The specified account has reached low priority core quota",
    "AllocationFailed": "Desired number of {} nodes could not be allocated",
    "AllocationTimedOut": "Desired number of {} nodes could not be allocated as the resize timeout was reached",
    "ResizeStopped": "Desired number of {} nodes could not be allocated due to a stop resize operation",
}
"""resizeErrors: the codes of the service and what they say, with the kind of nodes."""
# Which nodes leave first where there are too many: those of no use, then those that are not up, then idle ones.
_IDLE_FIRST = {"unusable": 0, "starttaskfailed": 0, "preempted": 0, "creating": 1, "starting": 1, "idle": 2}


def resize_pool(service: Service, pool: Pool, dedicated: int, spot: int, option: str = "requeue") -> None:
    """Sets new targets; the pool's allocation goes to resizing until they are met."""
    now = service.clock.now()
    pool.spec |= {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot}
    pool.removing, pool.resize_errors = option, []
    if pool.allocation != "resizing":
        pool.allocate("resizing", now)
    service.store.touch(pool)
    service.wake(pool)


def stop_pool_resize(service: Service, pool: Pool) -> None:
    """The pool stays at what it has; its targets stand."""
    pool.allocate("stopping", service.clock.now())
    service.store.keep(pool)
    service.wake(pool)


def delete_pool(service: Service, pool: Pool) -> None:
    """Tasks are requeued, nodes go, then the pool; nodes that wait for their tasks wait no longer."""
    if pool.state != "deleting":  # else it is one that lingered
        pool.move("deleting", service.clock.now())
    for node in pool.nodes.values():
        node.after = None  # else they would wait for their tasks, or boot
    pool.spec |= {"resizeTimeout": _OF_DELETION}
    resize_pool(service, pool, 0, 0)


def leave_pool(service: Service, node: Node, option: str) -> None:
    """The node leaves the pool: at once, or once its tasks have ended."""
    retaining = option == "retaineddata"
    if (option in _KEEPS_WORKING and node.busy) or (retaining and retention.holds_files(service, node)):
        node.after, node.retaining = "leavingpool", retaining
    else:
        node.after = None
        node.move("leavingpool", service.clock.now())
        why = KillReason.TERMINATE if option == "terminate" else KillReason.REQUEUE
        task_life.interrupt_tasks_on(service, node, why)
        for run in service.runs_of(node):
            run.kill(KillReason.REQUEUE)
    service.store.keep(node)


def settle_pool(service: Service, pool: Pool) -> None:
    """Takes the pool a step nearer to what was asked of it."""
    if service.store.pools.get(pool.key) is not pool:
        return
    for node in list(pool.nodes.values()):  # a copy: some leave
        _settle_node(service, pool, node)
    if pool.allocation != "steady":
        _settle_allocation(service, pool)
    if (
        pool.state == "deleting"
        and not pool.nodes
        and not _machines_take_time(service, pool, "deletingpool", pool.state_time)
    ):
        service.discard(service.settings.home / "nodes" / pool.id)
        service.store.drop(pool)


def _settle_allocation(service: Service, pool: Pool) -> None:
    """Steady once the targets are met, or cannot be, or are not asked for any more. A pool that goes never is."""
    if pool.allocation == "resizing":
        _drop_surplus(service, pool)  # at once: what is to come takes its time
    glimpse = 0.0 if pool.seen == pool.allocation_time else None
    again = lambda: service.wake(pool)  # noqa: E731
    if pool.state == "deleting" or service.waits(pool, pool.allocation, pool.allocation_time, again, glimpse):
        return
    met = [_meet_target(service, pool, one) for one in (True, False) if pool.allocation == "resizing"]
    if not all(met):
        return
    # `after` too: nodes that wait for their tasks are still to go.
    if any("leavingpool" in (node.state, node.after) for node in pool.nodes.values()):
        return
    if pool.allocation == "stopping":
        missing = [dedicated for dedicated in (True, False) if _missing_nodes(pool, dedicated) > 0]
        pool.resize_errors = [_resize_error("ResizeStopped", dedicated) for dedicated in missing]
    pool.allocate("steady", service.clock.now())
    service.store.keep(pool)


def tell_existence(service: Service, pool: Pool) -> None:
    """Somebody was told that the pool exists: its allocation in passing may pass.

    So it was for Microsoft's own test of updates, whose HEAD comes before its GET (Azure/azure-sdk-assets, python/…/
    test_batch_update_pools, 2024-07-01, 2025-03-19).
    """
    pool.seen = pool.allocation_time
    service.wake(pool)


def _settle_node(service: Service, pool: Pool, node: Node) -> None:
    if node_life.is_on_its_way(node):
        node_life.begin_step(service, pool, node)
        return
    if node.busy or (node.after and node.retaining and retention.holds_files(service, node)):
        return
    for run in service.runs_of(node) if node.after else ():
        run.kill(KillReason.REQUEUE)
    if service.runs_of(node):
        return
    if node.after:
        node_life.do_what_follows(service, node)
    if node.state == "leavingpool" and not _machines_take_time(service, pool, "leavingpool", node.state_time, node):
        service.cancel((node, "leavingpool"))
        node_life.discard_disk(service, node)
        service.store.drop(node)


def _machines_take_time(
    service: Service, pool: Pool, step: str, since: float, record: Pool | Node | None = None
) -> bool:
    """Machines take their time."""
    return service.waits(record or pool, step, since, lambda: service.wake(pool))


def _nodes_that_stay(pool: Pool, dedicated: bool) -> list[Node]:
    return [
        node
        for node in pool.nodes.values()
        if node.dedicated is dedicated and "leavingpool" not in (node.state, node.after)
    ]


def lacks_nodes(pool: Pool) -> bool:
    """Whether the pool has fewer nodes than its targets ask for."""
    return any(_missing_nodes(pool, dedicated) > 0 for dedicated in (True, False))


def _missing_nodes(pool: Pool, dedicated: bool) -> int:
    """How many nodes of that kind the pool lacks; below 0 it has too many."""
    target: int = pool.spec["targetDedicatedNodes" if dedicated else "targetLowPriorityNodes"]
    return target - len(_nodes_that_stay(pool, dedicated))


def _drop_surplus(service: Service, pool: Pool) -> None:
    for dedicated in (True, False):
        surplus = _nodes_that_stay(pool, dedicated)
        surplus.sort(key=lambda node: (_IDLE_FIRST.get(node.state, 3), -node.seq))
        for node in surplus[: max(0, -_missing_nodes(pool, dedicated))]:
            leave_pool(service, node, pool.removing)
            _settle_node(service, pool, node)


def _meet_target(service: Service, pool: Pool, dedicated: bool) -> bool:
    """Adds nodes that are missing; False if the platform lets the pool wait for them."""
    missing = _missing_nodes(pool, dedicated)
    if missing > 0 and (fault := service.faults.find("allocation", pool.id)):
        if fault.asked["code"] == "AllocationTimedOut" and _in_time(service, pool):
            return False
        if fault.hits():
            pool.resize_errors = [*pool.resize_errors, _resize_error(fault.asked["code"], dedicated)]
            return True
    room = _room_in_quota(service, pool, dedicated)
    if missing > room:
        code = "AccountCoreQuotaReached" if dedicated else "AccountLowPriorityCoreQuotaReached"
        pool.resize_errors = [*pool.resize_errors, _resize_error(code, dedicated)]
    for _ in range(min(missing, room)):
        _add_node(service, pool, dedicated)
    return True


def _in_time(service: Service, pool: Pool) -> bool:
    """Whether the resize has not reached its timeout; if so, the pool is looked at again then."""
    left = pool.allocation_time + times.duration(pool.spec["resizeTimeout"]) - service.clock.now()
    if left > 0:
        service.timer((pool, "resize timeout"), left, lambda: service.wake(pool))
    return left > 0


def _room_in_quota(service: Service, pool: Pool, dedicated: bool) -> int:
    """How many more such nodes the core quota allows."""
    settings = service.settings
    usual = settings.dedicated_core_quota if dedicated else settings.spot_core_quota
    quota = service.faults.quota("dedicatedCores" if dedicated else "spotCores", usual)
    used = sum(
        cores_of(other.spec)
        for other in service.store.pools.values()
        for node in other.nodes.values()
        if node.dedicated is dedicated
    )
    # A fault may have lowered the quota below what is used.
    return max(0, (quota - used) // cores_of(pool.spec))


def _resize_error(code: str, dedicated: bool) -> Json:
    message = _ERRORS.get(code, "The resize failed").format("dedicated" if dedicated else "low priority")
    return {"code": code, "message": message}


def _add_node(service: Service, pool: Pool, dedicated: bool) -> None:
    node = Node(
        id=f"tvmps_{secrets.token_hex(32)}_{'d' if dedicated else 'p'}",
        pool=pool.id,
        dedicated=dedicated,
        size=_next_size(pool),
        ip=f"10.{pool.next_ip >> 16 & 255}.{pool.next_ip >> 8 & 255}.{pool.next_ip & 255}",
        state="creating",
    )
    pool.next_ip += 1
    service.store.add(node)
    service.store.keep(pool)
    node_life.begin_step(service, pool, node)


def _next_size(pool: Pool) -> str | None:
    """Of a mix by rank the first, for nothing is scarce here; else that of the fewest nodes: no price is known here."""
    sizes = sizes_of(pool.spec)
    if len(sizes) == 1 or pool.spec["vmSkuProfile"]["allocationStrategy"] == "prioritized":
        return sizes[0]
    held = Counter(node.size for node in pool.nodes.values())
    return min(sizes, key=lambda size: held[size])


def remove_nodes(service: Service, pool: Pool, nodes: list[Node], option: str) -> None:
    """Takes these nodes out of the pool and lowers its targets by as many."""
    dedicated = sum(node.dedicated for node in nodes)
    targets = pool.spec["targetDedicatedNodes"], pool.spec["targetLowPriorityNodes"]
    for node in nodes:
        leave_pool(service, node, option)  # before the resize, which would choose idle ones instead
    resize_pool(service, pool, max(0, targets[0] - dedicated), max(0, targets[1] - len(nodes) + dedicated), option)
