"""A pool changed: drained where a field asks for it, patched, given its nodes (REST: Pool - Patch Pool)."""

import json
from collections.abc import Set
from dataclasses import fields, replace
from datetime import timedelta

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import GONE_WITHIN, Session
from batchctl.cloud.resources.bodies import FORMULA, merged, rest_dialect
from batchctl.cloud.resources.managed_pools import patch_pool, pool_path
from batchctl.cloud.resources.nodes import reboot_nodes
from batchctl.cloud.resources.pool_bodies import TARGETS, pool_metadata
from batchctl.configurations import NetworkConfiguration
from batchctl.errors import CloudError, Partial
from batchctl.resources import REQUEUE, Pool
from batchctl.rest import REST, path_of
from batchctl.rules import Rule, differs, field_differences, json_text
from batchctl.words import plural

START = "start_task"
USUAL_TIMEOUT = timedelta(minutes=15)
"""Of a resize, where the pool says nothing else (REST: resizeTimeout)."""

COUNTS = "id,currentDedicatedNodes,currentLowPriorityNodes"
NO_NODES: Json = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}

Marks = list[dict[str, str]]


def change_pool(session: Session, owner: str, held: Pool, wanted: Pool) -> None:
    """Make it so. Nothing but what differs is patched, so that what others set beside it stays."""
    changed = {d.name: d.rule for d in field_differences(held, wanted)}
    drained = {n for n, r in changed.items() if r is Rule.WHEN_EMPTY and not (n == START and wanted.by_reboot)}
    # In this order: a pool that is being resized, or has a formula, takes no resize.
    _until_steady(session, wanted.name)
    if held.auto_scale_formula is not None and (drained or wanted.auto_scale_formula is None):
        session.ask(lambda: session.batch.post(f"{pool_path(wanted.name)}/disableautoscale", {}))
    if drained and _may_have_nodes(held):
        _drain(session, wanted)
    marked = pool_metadata(session, wanted, owner)
    if wanted.by_reboot and not drained:
        _give_start_task(session, held, wanted, [*marked, *marks.to_pairs({marks.REBOOTING: "startTask"})])
    patch = {**_emptied_patch(session, wanted, drained), **_signed_anew(session, wanted), "metadata": marked}
    patch_pool(session, wanted.name, patch)
    if drained:
        _drop_start_task(session, held, wanted, marked)
    # Last, so that no node boots with what the pool was before.
    _give_nodes(session, held, wanted, refill=bool(drained), changed=changed.keys())


def empty_pool(session: Session, held: Pool) -> None:
    """Take its nodes away before it is deleted: a pool that is deleted requeues the tasks that run there."""
    _until_steady(session, held.name)
    if held.auto_scale_formula is not None:
        session.ask(lambda: session.batch.post(f"{pool_path(held.name)}/disableautoscale", {}))
    _drain(session, held)


def _drain(session: Session, pool: Pool) -> None:
    """Take all its nodes away, and see that they are gone: what they are waited for may outlast the resize."""
    within = pool.resize_timeout or USUAL_TIMEOUT
    _resize(session, pool, NO_NODES)
    _until_steady(session, pool.name, within)
    item = session.ask(lambda: session.batch.get(pool_path(pool.name), select=COUNTS))
    if left := item.get("currentDedicatedNodes", 0) + item.get("currentLowPriorityNodes", 0):
        raise Partial(
            f"pool {pool.name!r} still has {plural(left, 'node')}: its resize to none ended before they had gone, "
            f"after {within} (resizeTimeout) or by somebody's hand; run the same command again to go on"
        )


def _emptied_patch(session: Session, wanted: Pool, changed: Set[str]) -> Json:
    """What changes only while the pool is empty, property by property: PoolPatch takes each of them whole."""
    properties = {places[0] for f in fields(Pool) if f.name in changed and (places := path_of(f, REST))}
    if "raw" in changed:
        properties |= set(json.loads(wanted.raw or "{}")) | {"virtualMachineConfiguration"}
    alike = {f.name for f in fields(Pool) if (path_of(f, REST) or ("",))[0] in properties - {"startTask"}}
    # No network is said in full: left out, the old one would stay.
    none = replace(wanted, network_configuration=wanted.network_configuration or NetworkConfiguration())
    # So does a list: empty it takes away what there is.
    gone: Json = {path_of(f, REST)[0]: [] for f in fields(Pool) if f.name in changed and getattr(wanted, f.name) == ()}
    if "identity" in changed and wanted.identity is None:
        gone["identity"] = {"type": "None"}
    patch = {**gone, **rest_dialect(session).write(none, only=alike)}
    # Of what is said in REST's own words, what belongs to these properties goes along with them.
    raw = {} if wanted.raw is None else json.loads(wanted.raw)
    return merged(patch, json_text({n: v for n, v in raw.items() if "raw" in changed or n in properties}))


def _signed_anew(session: Session, wanted: Pool) -> Json:
    """The start task goes along with every patch: its signatures are good for some days, the pool for longer."""
    return rest_dialect(session).write(wanted, only={START})


def _may_have_nodes(pool: Pool) -> bool:
    scaled = pool.auto_scale_formula is not None
    return scaled or bool(pool.nodes or pool.target_dedicated_nodes or pool.target_spot_nodes)


def _give_nodes(session: Session, held: Pool, wanted: Pool, *, refill: bool, changed: Set[str]) -> None:
    emptied = refill and _may_have_nodes(held)
    if emptied and wanted.idle:
        return
    if wanted.auto_scale_formula is None:
        if emptied or changed & TARGETS or "auto_scale_formula" in changed or wanted.asked_again:
            _resize(session, wanted, {**NO_NODES, **rest_dialect(session).write(_with_nodes(wanted), only=TARGETS)})
    elif emptied or changed & FORMULA:
        formula = rest_dialect(session).write(wanted, only=FORMULA)
        session.ask(lambda: session.batch.post(f"{pool_path(wanted.name)}/enableautoscale", formula))


def _with_nodes(pool: Pool) -> Pool:
    """The pool with the kinds of nodes that it has now; what was asked of it is another matter (`Pool.switched`)."""
    if not pool.switched:
        return pool
    nodes = (pool.target_dedicated_nodes or 0) + (pool.target_spot_nodes or 0)
    return replace(pool, target_dedicated_nodes=nodes, target_spot_nodes=0)


def _give_start_task(session: Session, held: Pool, wanted: Pool, marked: Marks) -> None:
    """Patch it and restart the nodes. The mark says that this is under way, should we die before it is done."""
    if not held.rebooting or differs(held.start_task, wanted.start_task):
        patch = {**_signed_anew(session, wanted), "metadata": marked}
        session.ask(lambda: session.batch.patch(pool_path(wanted.name), patch))
        _drop_start_task(session, held, wanted, marked)
    item = session.ask(lambda: session.batch.get(pool_path(wanted.name), select="id,lastModified"))
    reboot_nodes(session, wanted.name, item["lastModified"])


def _drop_start_task(session: Session, held: Pool, wanted: Pool, marked: Marks) -> None:
    """PATCH leaves alone what is not named: only this takes a start task away."""
    if wanted.start_task is not None or held.start_task is None:
        return
    item = session.ask(lambda: session.batch.get(pool_path(wanted.name), select="id,applicationPackageReferences"))
    kept = {"applicationPackageReferences": item.get("applicationPackageReferences") or [], "metadata": marked}
    session.ask(lambda: session.batch.post(f"{pool_path(wanted.name)}/updateproperties", kept))


def _resize(session: Session, pool: Pool, targets: Json) -> None:
    timeout = rest_dialect(session).write(pool, only={"resize_timeout"})
    # What others run there has its end: their work is not ours to requeue. So has what runs on nodes that give way.
    gently = (pool.idle or pool.switched) and targets is not NO_NODES
    usual = "taskcompletion" if gently else REQUEUE
    target = {**targets, **timeout, "nodeDeallocationOption": pool.node_deallocation_option or usual}

    def attempt() -> bool:
        try:
            session.ask(lambda: session.batch.post(f"{pool_path(pool.name)}/resize", target))
        except CloudError as error:
            if error.code != "PoolBeingResized":
                raise
            return False
        return True

    session.until(attempt, f"pool {pool.name!r} is still being resized")


def _until_steady(session: Session, pool: str, more: timedelta = timedelta()) -> None:
    """Wait until the pool has done with its last resize; `more`: how long that may take beyond what anything may."""

    def steady() -> bool:
        item = session.ask(lambda: session.batch.get(pool_path(pool), select="id,allocationState"))
        return str(item.get("allocationState", "")).lower() == "steady"

    session.until(steady, f"pool {pool!r} is still being resized", GONE_WITHIN + more.total_seconds())
