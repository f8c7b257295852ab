"""A pool changed: drained where a field asks for it, patched, given its nodes (REST: Pool - Patch Pool)."""

from collections.abc import Set

from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import marks
from batchctl.cloud.resources.durations import limits_body
from batchctl.cloud.resources.nodes import reboot, start_task_body
from batchctl.cloud.resources.pool_bodies import formula, metadata, path, properties, targets
from batchctl.configurations import NetworkConfiguration
from batchctl.errors import CloudError
from batchctl.resources import Pool
from batchctl.rest import to_rest
from batchctl.rules import Rule, differences, differs

START = "start_task"
TARGETS = frozenset({"target_dedicated_nodes", "target_spot_nodes"})
FORMULA = frozenset({"auto_scale_formula", "auto_scale_evaluation_interval"})
NO_NODES: Json = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}

Marks = list[dict[str, str]]


def change(session: Session, owner: str, held: Pool, wanted: Pool) -> None:
    """Make it so. Nothing but what differs is patched, so that what others set beside it stays."""
    changed = {d.name: d.rule for d in differences(held, wanted)}
    drained = {n for n, r in changed.items() if r is Rule.WHEN_EMPTY and not (n == START and wanted.by_reboot)}
    _settle(session, wanted.name)
    if held.auto_scale_formula is not None and (drained or wanted.auto_scale_formula is None):
        session.ask(lambda: session.batch.post(f"{path(wanted.name)}/disableautoscale", {}))
    if drained and _may_have_nodes(held):
        _resize(session, wanted, NO_NODES)
        _settle(session, wanted.name)
    marked = metadata(session, wanted, owner)
    if wanted.by_reboot and not drained:
        _give_start_task(session, held, wanted, [*marked, *marks.pairs({marks.REBOOTING: "startTask"})])
    patch = {**_patch(wanted, drained), **_signed_anew(session, wanted), "metadata": marked}
    session.ask(lambda: session.batch.patch(path(wanted.name), patch))
    if drained:
        _drop_start_task(session, held, wanted, marked)
    _scale(session, held, wanted, refill=bool(drained), changed=changed.keys())


PROPERTIES = {
    "vm_size": "vmSize",
    "image": "virtualMachineConfiguration",
    "node_agent_sku_id": "virtualMachineConfiguration",
    "container_configuration": "virtualMachineConfiguration",
    "task_slots_per_node": "taskSlotsPerNode",
    "task_scheduling_policy": "taskSchedulingPolicy",
    "enable_inter_node_communication": "enableInterNodeCommunication",
    "network_configuration": "networkConfiguration",
    "display_name": "displayName",
}
"""Fields to the properties of PoolPatch that hold them."""


def _patch(wanted: Pool, changed: Set[str]) -> Json:
    """No network is said in full: left out, the old one would stay."""
    whole = {"networkConfiguration": to_rest(NetworkConfiguration()), **properties(wanted)}
    names = {PROPERTIES[name] for name in changed if name in PROPERTIES}
    return {name: whole[name] for name in whole if name in names}


def _signed_anew(session: Session, wanted: Pool) -> Json:
    """The start task goes along with every patch: its signatures are good for some days, the pool for longer."""
    return {"startTask": start_task_body(session, wanted.start_task)} if wanted.start_task else {}


def _may_have_nodes(pool: Pool) -> bool:
    scaled = pool.auto_scale_formula is not None
    return scaled or bool(pool.nodes or pool.target_dedicated_nodes or pool.target_spot_nodes)


def _scale(session: Session, held: Pool, wanted: Pool, *, refill: bool, changed: Set[str]) -> None:
    emptied = refill and _may_have_nodes(held)
    if wanted.auto_scale_formula is None:
        if emptied or changed & TARGETS or "auto_scale_formula" in changed:
            _resize(session, wanted, targets(wanted))
    elif emptied or changed & FORMULA:
        session.ask(lambda: session.batch.post(f"{path(wanted.name)}/enableautoscale", formula(wanted)))


def _give_start_task(session: Session, held: Pool, wanted: Pool, marked: Marks) -> None:
    """Patch it and restart the nodes. The mark says that this is under way, should we die before it is done."""
    if not held.rebooting or differs(held.start_task, wanted.start_task):
        patch = {**_signed_anew(session, wanted), "metadata": marked}
        session.ask(lambda: session.batch.patch(path(wanted.name), patch))
        _drop_start_task(session, held, wanted, marked)
    item = session.ask(lambda: session.batch.get(path(wanted.name), select="id,lastModified"))
    reboot(session, wanted.name, item["lastModified"])


def _drop_start_task(session: Session, held: Pool, wanted: Pool, marked: Marks) -> None:
    """PATCH leaves alone what is not named: only this takes a start task away."""
    if wanted.start_task is not None or held.start_task is None:
        return
    item = session.ask(lambda: session.batch.get(path(wanted.name), select="id,applicationPackageReferences"))
    kept = {"applicationPackageReferences": item.get("applicationPackageReferences") or [], "metadata": marked}
    session.ask(lambda: session.batch.post(f"{path(wanted.name)}/updateproperties", kept))


def _resize(session: Session, pool: Pool, targets: Json) -> None:
    target = {**targets, **limits_body(resizeTimeout=pool.resize_timeout), "nodeDeallocationOption": "requeue"}

    def attempt() -> bool:
        try:
            session.ask(lambda: session.batch.post(f"{path(pool.name)}/resize", target))
        except CloudError as error:
            if error.code != "PoolBeingResized":
                raise
            return False
        return True

    session.until(attempt, f"pool {pool.name!r} is still being resized")


def _settle(session: Session, pool: str) -> None:
    """Wait until the pool has done with its last resize."""

    def steady() -> bool:
        item = session.ask(lambda: session.batch.get(path(pool), select="id,allocationState"))
        return str(item.get("allocationState", "")).lower() == "steady"

    session.until(steady, f"pool {pool!r} is still being resized")
