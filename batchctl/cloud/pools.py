"""Pools: to and from REST JSON, create, change, delete."""

from collections.abc import Iterator, Sequence, Set
from functools import partial
from typing import TypeVar

from batchctl.answers import Outcome, PoolHealth
from batchctl.cloud import marks
from batchctl.cloud.batch import Json, segment
from batchctl.cloud.durations import duration, limits_body
from batchctl.cloud.nodes import describe_nodes, reboot, start_task, start_task_body
from batchctl.cloud.session import Session
from batchctl.errors import CloudError, Refused
from batchctl.parts import ContainerConfiguration, NetworkConfiguration, TaskSchedulingPolicy
from batchctl.resources import Image, Pool, SupportedImage
from batchctl.rest import from_rest, to_rest
from batchctl.rules import Rule, asked, differences, differs

T = TypeVar("T")

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

START = "start_task"
TARGETS = frozenset({"target_dedicated_nodes", "target_spot_nodes"})
FORMULA = frozenset({"auto_scale_formula", "auto_scale_evaluation_interval"})
NO_NODES: Json = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}


def observe(session: Session) -> Iterator[Pool]:
    for item in session.ask(lambda: list(session.batch.pages("/pools"))):
        if "virtualMachineConfiguration" in item:
            yield parse(session, item)


def create(session: Session, pools: Sequence[Pool], owner: str) -> Iterator[Outcome]:
    return session.each(pools, partial(_create, session, owner))


def update(session: Session, pairs: Sequence[tuple[Pool, Pool]], owner: str) -> Iterator[Outcome]:
    held = {wanted: found for found, wanted in pairs}
    return session.each(held, lambda pool: _update(session, owner, held[pool], pool))


def adopt(session: Session, pairs: Sequence[tuple[Pool, Pool]], owner: str) -> Iterator[Outcome]:
    return session.each([ours for _, ours in pairs], partial(_adopt, session, owner))


def delete(session: Session, pools: Sequence[Pool], owner: str) -> Iterator[Outcome]:
    return session.each(pools, partial(_delete, session, owner))


def images(session: Session) -> tuple[SupportedImage, ...]:
    """The images that Batch supports now (`GET /supportedimages`)."""
    return tuple(
        SupportedImage(
            image=_image(item["imageReference"]),
            node_agent_sku_id=item["nodeAgentSKUId"],
            os_type=str(item.get("osType", "linux")).lower(),
            verified=str(item.get("verificationType", "")).lower() == "verified",
        )
        for item in session.ask(lambda: list(session.batch.pages("/supportedimages")))
        if "publisher" in item.get("imageReference", {})
    )


def health(session: Session, pool: str) -> PoolHealth:
    """Two small requests; nodes are looked at one by one only when none can run a task."""
    item = session.find(lambda: session.batch.get(_path(pool)))
    if item is None:
        return PoolHealth(steady=True, nodes=(), able=0, details=(f"pool {pool!r} is not there any more",))
    counted = session.ask(lambda: list(session.batch.pages("/nodecounts", filter=f"poolId eq '{pool}'")))
    states: dict[str, int] = {}
    for entry in counted:
        for group in ("dedicated", "lowPriority"):
            for state, count in (entry.get(group) or {}).items():
                if state != "total" and count:
                    states[state] = states.get(state, 0) + count
    able = sum(count for state, count in states.items() if state in ABLE)
    return PoolHealth(
        steady=str(item.get("allocationState", "")).lower() == "steady",
        nodes=tuple(sorted(states.items())),
        able=able,
        resize_errors=tuple(f"{e.get('code')}: {e.get('message')}" for e in item.get("resizeErrors") or ()),
        details=() if able else describe_nodes(session, pool),
    )


def body(session: Session, pool: Pool, owner: str) -> Json:
    """The pool as `POST /pools` takes it; shared access signatures are minted here."""
    wanted: Json = {
        "id": pool.name,
        **_machine(pool),
        **limits_body(resizeTimeout=pool.resize_timeout),
        "metadata": _metadata(session, pool, owner),
    }
    if pool.auto_scale_formula is not None:
        wanted |= {"enableAutoScale": True, **_formula(pool)}
    else:
        wanted |= _targets(pool)
    if pool.start_task is not None:
        wanted["startTask"] = start_task_body(session, pool.start_task)
    return wanted


def parse(session: Session, item: Json) -> Pool:
    machine = item["virtualMachineConfiguration"]
    metadata = marks.from_pairs(item.get("metadata"))
    return Pool(
        name=item["id"],
        vm_size=item["vmSize"],
        image=_image(machine["imageReference"]),
        node_agent_sku_id=machine.get("nodeAgentSKUId"),
        container_configuration=_value(ContainerConfiguration, machine.get("containerConfiguration")),
        target_dedicated_nodes=item.get("targetDedicatedNodes", 0),
        target_spot_nodes=item.get("targetLowPriorityNodes", 0),
        auto_scale_formula=item.get("autoScaleFormula") if item.get("enableAutoScale") else None,
        auto_scale_evaluation_interval=duration(item.get("autoScaleEvaluationInterval"))
        if item.get("enableAutoScale")
        else None,
        task_slots_per_node=item.get("taskSlotsPerNode", 1),
        task_scheduling_policy=from_rest(TaskSchedulingPolicy, item.get("taskSchedulingPolicy") or {}),
        enable_inter_node_communication=item.get("enableInterNodeCommunication", False),
        network_configuration=_value(NetworkConfiguration, item.get("networkConfiguration")),
        display_name=item.get("displayName"),
        start_task=start_task(session, item["startTask"]) if item.get("startTask") else None,
        metadata=marks.labels(item.get("metadata")),
        owner=metadata.get(marks.OWNER),
        stamp=marks.stamp(metadata),
        asked=metadata.get(marks.DIGEST, ""),
        created=item.get("creationTime"),
        state=str(item.get("state", "")).lower(),
        rebooting=marks.REBOOTING in metadata,
        nodes=item.get("currentDedicatedNodes", 0) + item.get("currentLowPriorityNodes", 0),
    )


def _value(cls: type[T], item: Json | None) -> T | None:
    return from_rest(cls, item) if item else None


def _create(session: Session, owner: str, pool: Pool) -> None:
    def attempt() -> bool:
        try:
            session.ask(lambda: session.batch.post("/pools", body(session, pool, owner)))
        except CloudError as error:
            if error.code == "PoolBeingDeleted":
                return False
            # Our own request may have been done although its answer was lost: then our mark and digest are there.
            if error.code != "PoolExists" or not _is_ours(session, owner, pool):
                raise
        return True

    session.until(attempt, f"pool {pool.name!r} is still being deleted")


def _update(session: Session, owner: str, held: Pool, wanted: Pool) -> None:
    """Patch it, drained first where a field asks for it (REST: Pool - Patch Pool), then give it its nodes."""
    changed = {d.name: d.rule for d in differences(held, wanted)}
    drained = any(r is Rule.WHEN_EMPTY and not (n == START and wanted.by_reboot) for n, r in changed.items())
    _settle(session, wanted.name)
    if held.auto_scale_formula is not None and (drained or wanted.auto_scale_formula is None):
        session.ask(lambda: session.batch.post(f"{_path(wanted.name)}/disableautoscale", {}))
    if drained:
        _resize(session, wanted, NO_NODES)
        _settle(session, wanted.name)
    marked = _metadata(session, wanted, owner)
    if wanted.by_reboot and not drained:
        _give_start_task(session, held, wanted, [*marked, *marks.pairs({marks.REBOOTING: "startTask"})])
    changes = _when_empty(session, wanted) if drained else {}
    session.ask(lambda: session.batch.patch(_path(wanted.name), {**changes, "metadata": marked}))
    if drained:
        _drop_start_task(session, held, wanted, marked)
    _scale(session, wanted, drained=drained, changed=changed.keys())


def _scale(session: Session, wanted: Pool, *, drained: bool, changed: Set[str]) -> None:
    if wanted.auto_scale_formula is None:
        if drained or changed & TARGETS or "auto_scale_formula" in changed:
            _resize(session, wanted, _targets(wanted))
    elif drained or changed & FORMULA:
        session.ask(lambda: session.batch.post(f"{_path(wanted.name)}/enableautoscale", _formula(wanted)))


def _give_start_task(session: Session, held: Pool, wanted: Pool, marked: list[dict[str, str]]) -> None:
    """Patch it and restart the nodes. The mark says that this is under way, should we die before it is done."""
    start = {"startTask": start_task_body(session, wanted.start_task)} if wanted.start_task else {}
    if not held.rebooting or differs(held.start_task, wanted.start_task):
        session.ask(lambda: session.batch.patch(_path(wanted.name), {**start, "metadata": marked}))
        _drop_start_task(session, held, wanted, marked)
    item = session.ask(lambda: session.batch.get(_path(wanted.name), select="id,lastModified"))
    reboot(session, wanted.name, item["lastModified"])


def _drop_start_task(session: Session, held: Pool, wanted: Pool, marked: list[dict[str, str]]) -> None:
    """PATCH leaves alone what is not named: only this takes a start task away."""
    if wanted.start_task is None and held.start_task is not None:
        kept = {"applicationPackageReferences": [], "metadata": marked}
        session.ask(lambda: session.batch.post(f"{_path(wanted.name)}/updateproperties", kept))


def _when_empty(session: Session, pool: Pool) -> Json:
    """What changes only in an empty pool. No network is said in full: left out, the old one would stay."""
    start = {"startTask": start_task_body(session, pool.start_task)} if pool.start_task else {}
    return {"networkConfiguration": to_rest(NetworkConfiguration()), **_machine(pool), **start}


def _machine(pool: Pool) -> Json:
    reference = {"publisher": pool.image.publisher, "offer": pool.image.offer, "sku": pool.image.sku}
    machine: Json = {
        "imageReference": {**reference, "version": pool.image.version or "latest"},
        "nodeAgentSKUId": pool.node_agent_sku_id,
    }
    if pool.container_configuration is not None:
        machine["containerConfiguration"] = to_rest(pool.container_configuration)
    given = {"displayName": pool.display_name, "networkConfiguration": pool.network_configuration}
    return {
        "vmSize": pool.vm_size,
        "virtualMachineConfiguration": machine,
        "taskSlotsPerNode": pool.task_slots_per_node,
        "taskSchedulingPolicy": to_rest(pool.task_scheduling_policy),
        "enableInterNodeCommunication": pool.enable_inter_node_communication,
        **{name: to_rest(value) for name, value in given.items() if value is not None},
    }


def _targets(pool: Pool) -> Json:
    return {
        "targetDedicatedNodes": pool.target_dedicated_nodes or 0,
        "targetLowPriorityNodes": pool.target_spot_nodes or 0,
    }


def _formula(pool: Pool) -> Json:
    return {
        "autoScaleFormula": pool.auto_scale_formula,
        **limits_body(autoScaleEvaluationInterval=pool.auto_scale_evaluation_interval),
    }


def _resize(session: Session, pool: Pool, targets: Json) -> None:
    target = {**targets, **limits_body(resizeTimeout=pool.resize_timeout), "nodeDeallocationOption": "requeue"}

    def attempt() -> bool:
        try:
            session.ask(lambda: session.batch.post(f"{_path(pool.name)}/resize", target))
        except CloudError as error:
            if error.code != "PoolBeingResized":
                raise
            return False
        return True

    session.until(attempt, f"pool {pool.name!r} is still being resized")


def _settle(session: Session, pool: str) -> None:
    """Wait until the pool has done with its last resize."""

    def steady() -> bool:
        item = session.ask(lambda: session.batch.get(_path(pool), select="id,allocationState"))
        return str(item.get("allocationState", "")).lower() == "steady"

    session.until(steady, f"pool {pool!r} is still being resized")


def _delete(session: Session, owner: str, pool: Pool) -> None:
    item = session.find(lambda: session.batch.get(_path(pool.name)))
    if item is None:
        return
    if marks.from_pairs(item.get("metadata")).get(marks.OWNER) != owner:
        raise Refused([f"pool {pool.name!r} does not bear our mark any more"])
    try:
        session.find(lambda: session.batch.delete(_path(pool.name)))
    except CloudError as error:
        if error.code != "PoolBeingDeleted":
            raise
    session.until(
        lambda: session.find(lambda: session.batch.get(_path(pool.name))) is None, f"{pool.name!r} is not gone"
    )


def _adopt(session: Session, owner: str, pool: Pool) -> None:
    item = session.ask(lambda: session.batch.get(_path(pool.name)))
    metadata = marks.from_pairs(item.get("metadata")) | marks.stamped(owner, pool, session.clock.now())
    session.ask(lambda: session.batch.patch(_path(pool.name), {"metadata": marks.pairs(metadata)}))


def _is_ours(session: Session, owner: str, pool: Pool) -> bool:
    item = session.find(lambda: session.batch.get(_path(pool.name)))
    metadata = marks.from_pairs(item.get("metadata")) if item else {}
    return metadata.get(marks.OWNER) == owner and metadata.get(marks.DIGEST) == asked(pool)


def _metadata(session: Session, pool: Pool, owner: str) -> list[dict[str, str]]:
    stamped = marks.stamped(owner, pool, session.clock.now())
    return marks.pairs([*stamped.items(), (marks.DIGEST, asked(pool)), *pool.metadata])


def _image(reference: Json) -> Image:
    version = reference.get("version")
    return Image(
        publisher=reference.get("publisher", ""),
        offer=reference.get("offer", ""),
        sku=reference.get("sku", ""),
        version=None if version in (None, "", "latest") else version,
    )


def _path(pool: str) -> str:
    return f"/pools/{segment(pool)}"
