"""Pools: observe, create, change, adopt, delete, and what they say of themselves."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import isodate

from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.faults import error_text
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import read_image
from batchctl.cloud.resources.managed_pools import pool_path, send_pool
from batchctl.cloud.resources.marked import Marked
from batchctl.cloud.resources.nodes import broken_nodes, iso_moment, node_counts, words_of_broken
from batchctl.cloud.resources.pool_bodies import pool_body, read_pool
from batchctl.cloud.resources.pool_changes import change_pool, empty_pool
from batchctl.cloud_answers import BROKEN, Outcome, PoolHealth, Scaling
from batchctl.resources import REQUEUE, Pool, SupportedImage

ABLE = frozenset(
    {
        "creating",
        "starting",
        "waitingForStartTask",
        "idle",
        "running",
        "rebooting",
        "reimaging",
        "unknown",
        "upgradingOS",
        "preempted",
    }
)
"""States of nodes that run tasks or soon will (REST: BatchNodeState)."""

GROUPS = ("dedicated", "lowPriority")
"""Kinds of nodes (REST: BatchPoolNodeCounts)."""

USUAL_INTERVAL = "PT15M"
"""Between two evaluations of a formula, where the pool says nothing else."""

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
SETS_TARGET = re.compile(r"(?i)\$Target(Dedicated|DedicatedNodes|LowPriorityNodes)\s*=(?!=)")
READS = re.compile(r"(?i)\$(?!NodeDeallocationOption\b)\w+|\btime\s*\(")
"""What a formula reads once what it sets is gone: samples, nodes, or the time (Learn: automatic scaling formulas)."""


def observe(session: Session) -> Iterator[Pool]:
    for item in session.ask(lambda: list(session.batch.pages("/pools"))):
        # Pools of Cloud Services are nothing that a spec could say.
        if "virtualMachineConfiguration" in item:
            yield read_pool(session, item)


def create(session: Session, pools: Sequence[Pool], owner: str) -> Iterator[Outcome]:
    return session.each(pools, partial(MARKED.create, session, owner))


def update(session: Session, pairs: Sequence[tuple[Pool, Pool]], owner: str) -> Iterator[Outcome]:
    held = {wanted: found for found, wanted in pairs}
    return session.each(held, lambda pool: change_pool(session, owner, held[pool], pool))


def adopt(session: Session, pairs: Sequence[tuple[Pool, Pool]], owner: str) -> Iterator[Outcome]:
    return session.each([ours for _, ours in pairs], partial(MARKED.adopt, session, owner))


def delete(session: Session, pools: Sequence[Pool], owner: str) -> Iterator[Outcome]:
    return session.each(pools, partial(_delete_pool, session, owner))


def _delete_pool(session: Session, owner: str, held: Pool) -> None:
    if held.node_deallocation_option not in (None, REQUEUE):
        item = session.find(lambda: session.batch.get(pool_path(held.name)))
        now = read_pool(session, item) if item else None
        # Of one that is not ours any more nothing is taken away.
        if now and now.owner == owner and now.state != "deleting" and now.nodes:
            empty_pool(session, replace(held, auto_scale_formula=now.auto_scale_formula))
    MARKED.delete(session, owner, held)


def supported_images(session: Session) -> tuple[SupportedImage, ...]:
    """The images that Batch supports now (`GET /supportedimages`)."""
    return tuple(
        SupportedImage(
            image=read_image(item["imageReference"]),
            node_agent_sku_id=item["nodeAgentSKUId"],
            os_type=str(item.get("osType", "linux")).lower(),
            verified=str(item.get("verificationType", "")).lower() == "verified",
            capabilities=tuple(item.get("capabilities") or ()),
            end_of_life=_moment(item.get("batchSupportEndOfLife")),
        )
        for item in session.ask(lambda: list(session.batch.pages("/supportedimages")))
        if "publisher" in item.get("imageReference", {})
    )


def pool_health(session: Session, pool: str) -> PoolHealth:
    """Two small requests; nodes are looked at one by one only where some are broken."""
    item = session.find(lambda: session.batch.get(pool_path(pool)))
    if item is None:
        return PoolHealth(steady=True, nodes=(), able=0, state="gone")
    counted = node_counts(session, pool)
    states: dict[str, int] = {}
    paid = dict.fromkeys(GROUPS, 0)
    for group in GROUPS:
        for state, count in (counted.get(group) or {}).items():
            if state != "total" and count:
                states[state] = states.get(state, 0) + count
                paid[group] += count * (state != "preempted")
    able = sum(count for state, count in states.items() if state in ABLE)
    broken = broken_nodes(session, pool) if any(state.lower() in BROKEN for state in states) else ()
    return PoolHealth(
        steady=str(item.get("allocationState", "")).lower() == "steady",
        nodes=tuple(sorted(states.items())),
        able=able,
        wanted=item.get("targetDedicatedNodes", 0) + item.get("targetLowPriorityNodes", 0),
        resize_errors=tuple(error_text(error) for error in item.get("resizeErrors") or ()),
        resized=_moment(item.get("allocationStateTransitionTime")),
        broken=broken,
        scaling=_read_scaling(item) if item.get("enableAutoScale") else None,
        paid=(paid["dedicated"], paid["lowPriority"]),
        last_words=() if able else words_of_broken(session, pool, broken),
        state=str(item.get("state", "active")).lower(),
        vm_size=item.get("vmSize", ""),
        slots=item.get("taskSlotsPerNode", 1),
    )


def _read_scaling(item: Json) -> Scaling:
    run = item.get("autoScaleRun") or {}
    formula = COMMENT.sub("", item.get("autoScaleFormula", ""))
    last, interval = _moment(run.get("timestamp")), item.get("autoScaleEvaluationInterval", USUAL_INTERVAL)
    return Scaling(
        sets_target=SETS_TARGET.search(formula) is not None,
        may_change=READS.search(SETS_TARGET.sub("", formula)) is not None,
        error=error_text(run["error"]) if run.get("error") else None,
        next_evaluation=last + isodate.parse_duration(interval) if last else None,
    )


def _moment(text: str | None) -> datetime | None:
    return iso_moment(text) if text else None


MARKED = Marked(
    send=send_pool,
    path=lambda pool: pool_path(pool.name),
    body=pool_body,
    own_marks=lambda _pool: {},
    exists="PoolExists",
    being_deleted="PoolBeingDeleted",
)
