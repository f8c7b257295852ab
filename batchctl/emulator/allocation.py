"""A pool's nodes: as many as were asked for, no more than the quota, and gone with the pool."""

import re
import secrets
from typing import TYPE_CHECKING

from batchctl.emulator import boot, orders, taskwork
from batchctl.emulator.records import Json, Node, Pool

if TYPE_CHECKING:
    from batchctl.emulator.service import Service

_KEEPS_WORKING = frozenset({"taskcompletion", "retaineddata"})
_IDLE_FIRST = {"unusable": 0, "starttaskfailed": 0, "preempted": 0, "creating": 1, "starting": 1, "idle": 2}


def cores(vm_size: str) -> int:
    """How many cores a VM size has by its name: `Standard_D16s_v5` has 16; sizes without a number have 1."""
    found = re.match(r"(?:standard|basic)_[a-z]+(\d+)", vm_size.lower())
    return int(found[1]) if found else 1


def resize(service: "Service", pool: Pool, dedicated: int, spot: int, option: str = "requeue") -> None:
    """Sets new targets; the pool's allocation goes to resizing until they are met."""
    now = service.clock.now()
    pool.spec |= {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot}
    pool.removing, pool.resize_errors = option, []
    if pool.allocation != "resizing":
        pool.allocate("resizing", now)
    service.store.touch(pool)
    service.wake(pool)


def stop_resize(service: "Service", pool: Pool) -> None:
    """The pool stays at what it has; its targets stand."""
    pool.allocate("stopping", service.clock.now())
    service.store.keep(pool)
    service.wake(pool)


def delete(service: "Service", pool: Pool) -> None:
    """Tasks are requeued, nodes go, then the pool."""
    pool.move("deleting", service.clock.now())
    resize(service, pool, 0, 0)


def leave(service: "Service", node: Node, option: str) -> None:
    """The node leaves the pool: at once, or once its tasks have ended."""
    if option in _KEEPS_WORKING and node.busy:
        node.after = "leavingpool"
    else:
        node.move("leavingpool", service.clock.now())
        taskwork.interrupt_all(service, node, "terminate" if option == "terminate" else "requeue")
        for run in service.runs_of(node):
            run.kill("requeue")
    service.store.keep(node)


def settle(service: "Service", pool: Pool) -> None:
    """Takes the pool a step nearer to what was asked of it."""
    if service.store.pools.get(pool.key) is not pool:
        return
    for node in list(pool.nodes.values()):
        _settle_node(service, node)
    if pool.allocation == "resizing" and not _too_early(service, pool):
        for dedicated in (True, False):
            _meet_target(service, pool, dedicated)
    leaving = any("leavingpool" in (node.state, node.after) for node in pool.nodes.values())
    if pool.allocation != "steady" and not leaving and not _too_early(service, pool):
        pool.allocate("steady", service.clock.now())
        service.store.keep(pool)
    if pool.state == "deleting" and not pool.nodes:
        service.discard(service.settings.home / "nodes" / pool.id)
        service.store.drop(pool)


def _settle_node(service: "Service", node: Node) -> None:
    if node.busy:
        return
    for run in service.runs_of(node) if node.after else ():
        run.kill("requeue")
    if service.runs_of(node):
        return
    if node.after:
        boot.go_after(service, node)
    if node.state == "leavingpool":
        service.cancel(node)
        service.discard(orders.node_root(service.settings, node))
        service.store.drop(node)


def _too_early(service: "Service", pool: Pool) -> bool:
    """Machines take their time: `boot_seconds` until a resize shows."""
    left = pool.allocation_time + service.settings.boot_seconds - service.clock.now()
    if pool.allocation != "resizing" or pool.state == "deleting" or left <= 0:
        return False
    service.timer(pool, left, lambda: service.wake(pool))
    return True


def _meet_target(service: "Service", pool: Pool, dedicated: bool) -> None:
    target = pool.spec["targetDedicatedNodes" if dedicated else "targetLowPriorityNodes"]
    staying = [
        node
        for node in pool.nodes.values()
        if node.dedicated is dedicated and "leavingpool" not in (node.state, node.after)
    ]
    room = _room(service, pool, dedicated)
    if target - len(staying) > room:
        pool.resize_errors = [*pool.resize_errors, _quota_error(dedicated)]
    for _ in range(min(target - len(staying), room)):
        _add_node(service, pool, dedicated)
    surplus = sorted(staying, key=lambda node: (_IDLE_FIRST.get(node.state, 3), -node.seq))
    for node in surplus[: max(0, len(staying) - target)]:
        leave(service, node, pool.removing)
        _settle_node(service, node)


def _room(service: "Service", pool: Pool, dedicated: bool) -> int:
    """How many more such nodes the core quota allows."""
    settings = service.settings
    quota = settings.dedicated_core_quota if dedicated else settings.spot_core_quota
    used = sum(
        cores(other.spec["vmSize"])
        for other in service.store.pools.values()
        for node in other.nodes.values()
        if node.dedicated is dedicated
    )
    return max(0, (quota - used) // cores(pool.spec["vmSize"]))


def _quota_error(dedicated: bool) -> Json:
    code = "AccountCoreQuotaReached" if dedicated else "AccountLowPriorityCoreQuotaReached"
    return {"code": code, "message": "The specified account has reached core quota"}


def _add_node(service: "Service", pool: Pool, dedicated: bool) -> None:
    node = Node(
        id=f"tvmps_{secrets.token_hex(32)}_{'d' if dedicated else 'p'}",
        pool=pool.id,
        dedicated=dedicated,
        ip=f"10.{pool.next_ip >> 16 & 255}.{pool.next_ip >> 8 & 255}.{pool.next_ip & 255}",
        state="creating",
    )
    pool.next_ip += 1
    service.store.add(node)
    service.store.keep(pool)
    boot.begin(service, pool, node)


def remove(service: "Service", pool: Pool, nodes: list[Node], option: str) -> None:
    """Takes these nodes out of the pool and lowers its targets by as many."""
    dedicated = sum(node.dedicated for node in nodes)
    targets = pool.spec["targetDedicatedNodes"], pool.spec["targetLowPriorityNodes"]
    for node in nodes:
        leave(service, node, option)
    resize(service, pool, max(0, targets[0] - dedicated), max(0, targets[1] - len(nodes) + dedicated), option)
