"""Pools: to and from REST JSON, create, change, delete."""

from collections.abc import Iterator, Sequence
from functools import partial

from batchctl.answers import Outcome, PoolHealth
from batchctl.cloud import marks
from batchctl.cloud.batch import Json, segment
from batchctl.cloud.nodes import describe_nodes, start_task, start_task_body
from batchctl.cloud.session import Session
from batchctl.errors import CloudError, Refused
from batchctl.resources import Image, Pool, SupportedImage, lower_image

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


def observe(session: Session) -> Iterator[Pool]:
    for item in session.ask(lambda: list(session.batch.pages("/pools"))):
        if "virtualMachineConfiguration" in item:
            yield parse(session, item)


def create(session: Session, pools: Sequence[Pool], owner: str) -> Iterator[Outcome]:
    return session.each(pools, partial(_create, session, owner))


def update(session: Session, pairs: Sequence[tuple[Pool, Pool]], owner: str) -> Iterator[Outcome]:
    held = {wanted: found for found, wanted in pairs}
    return session.each(held, lambda pool: _update(session, owner, held[pool], pool))


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
        **_when_empty(pool),
        "targetDedicatedNodes": pool.target_dedicated_nodes,
        "targetLowPriorityNodes": pool.target_spot_nodes,
        "metadata": _metadata(pool, owner),
    }
    if pool.start_task is not None:
        wanted["startTask"] = start_task_body(session, pool.start_task)
    return wanted


def parse(session: Session, item: Json) -> Pool:
    configuration = item["virtualMachineConfiguration"]
    metadata = marks.from_pairs(item.get("metadata"))
    return Pool(
        name=item["id"],
        vm_size=item["vmSize"],
        image=_image(configuration["imageReference"]),
        node_agent_sku_id=configuration.get("nodeAgentSKUId"),
        target_dedicated_nodes=item.get("targetDedicatedNodes", 0),
        target_spot_nodes=item.get("targetLowPriorityNodes", 0),
        task_slots_per_node=item.get("taskSlotsPerNode", 1),
        display_name=item.get("displayName"),
        start_task=start_task(session, item["startTask"]) if item.get("startTask") else None,
        owner=metadata.get(marks.OWNER),
        state=str(item.get("state", "")).lower(),
    )


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
    if _body_differs(held, wanted):
        # These may change only while the pool is empty (REST: Pool - Patch Pool): drain, patch, fill again.
        _resize(session, wanted.name, 0, 0)
        _settle(session, wanted.name)
        session.ask(lambda: session.batch.patch(_path(wanted.name), _patch(session, wanted, owner)))
        if wanted.start_task is None and held.start_task is not None:
            kept = {"applicationPackageReferences": [], "metadata": _metadata(wanted, owner)}
            session.ask(lambda: session.batch.post(f"{_path(wanted.name)}/updateproperties", kept))
    else:
        _settle(session, wanted.name)
    _resize(session, wanted.name, wanted.target_dedicated_nodes, wanted.target_spot_nodes)


def _body_differs(held: Pool, wanted: Pool) -> bool:
    def asked(pool: Pool) -> tuple[object, ...]:
        return (
            pool.vm_size.lower(),
            lower_image(pool.image),
            pool.task_slots_per_node,
            pool.start_task,
            pool.display_name if wanted.display_name is not None else None,
            (pool.node_agent_sku_id or "").lower() if wanted.node_agent_sku_id is not None else None,
        )

    return asked(held) != asked(wanted)


def _patch(session: Session, pool: Pool, owner: str) -> Json:
    changed = {**_when_empty(pool), "metadata": _metadata(pool, owner)}
    if pool.start_task is not None:
        changed["startTask"] = start_task_body(session, pool.start_task)
    return changed


def _when_empty(pool: Pool) -> Json:
    reference = {"publisher": pool.image.publisher, "offer": pool.image.offer, "sku": pool.image.sku}
    return {
        "vmSize": pool.vm_size,
        "virtualMachineConfiguration": {
            "imageReference": {**reference, "version": pool.image.version or "latest"},
            "nodeAgentSKUId": pool.node_agent_sku_id,
        },
        "taskSlotsPerNode": pool.task_slots_per_node,
        **({"displayName": pool.display_name} if pool.display_name else {}),
    }


def _resize(session: Session, pool: str, dedicated: int, spot: int) -> None:
    target = {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot, "nodeDeallocationOption": "requeue"}

    def attempt() -> bool:
        try:
            session.ask(lambda: session.batch.post(f"{_path(pool)}/resize", target))
        except CloudError as error:
            if error.code != "PoolBeingResized":
                raise
            return False
        return True

    session.until(attempt, f"pool {pool!r} is still being resized")


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


def _is_ours(session: Session, owner: str, pool: Pool) -> bool:
    item = session.find(lambda: session.batch.get(_path(pool.name)))
    metadata = marks.from_pairs(item.get("metadata")) if item else {}
    return metadata.get(marks.OWNER) == owner and metadata.get(marks.DIGEST) == marks.digest(pool)


def _metadata(pool: Pool, owner: str) -> list[dict[str, str]]:
    return marks.pairs({marks.OWNER: owner, marks.DIGEST: marks.digest(pool)})


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
