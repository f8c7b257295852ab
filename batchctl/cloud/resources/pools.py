"""Pools: observe, create, change, adopt, delete, and what they say of themselves."""

from collections.abc import Iterator, Sequence
from functools import partial

from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import marks
from batchctl.cloud.resources.nodes import describe_nodes
from batchctl.cloud.resources.pool_bodies import body, image, parse, path
from batchctl.cloud.resources.pool_changes import change
from batchctl.cloud_answers import Outcome, PoolHealth
from batchctl.errors import CloudError, Refused
from batchctl.resources import Pool, SupportedImage
from batchctl.rules import asked

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
    return session.each(held, lambda pool: change(session, owner, held[pool], pool))


def adopt(session: Session, pairs: Sequence[tuple[Pool, Pool]], owner: str) -> Iterator[Outcome]:
    return session.each([ours for _, ours in pairs], partial(_adopt, session, owner))


def delete(session: Session, pools: Sequence[Pool], owner: str) -> Iterator[Outcome]:
    return session.each(pools, partial(_delete, session, owner))


def images(session: Session) -> tuple[SupportedImage, ...]:
    """The images that Batch supports now (`GET /supportedimages`)."""
    return tuple(
        SupportedImage(
            image=image(item["imageReference"]),
            node_agent_sku_id=item["nodeAgentSKUId"],
            os_type=str(item.get("osType", "linux")).lower(),
            verified=str(item.get("verificationType", "")).lower() == "verified",
        )
        for item in session.ask(lambda: list(session.batch.pages("/supportedimages")))
        if "publisher" in item.get("imageReference", {})
    )


def health(session: Session, pool: str) -> PoolHealth:
    """Two small requests; nodes are looked at one by one only when none can run a task."""
    item = session.find(lambda: session.batch.get(path(pool)))
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


def _delete(session: Session, owner: str, pool: Pool) -> None:
    item = session.find(lambda: session.batch.get(path(pool.name)))
    if item is None:
        return
    if marks.from_pairs(item.get("metadata")).get(marks.OWNER) != owner:
        raise Refused([f"pool {pool.name!r} does not bear our mark any more"])
    try:
        session.find(lambda: session.batch.delete(path(pool.name)))
    except CloudError as error:
        if error.code != "PoolBeingDeleted":
            raise
    session.until(
        lambda: session.find(lambda: session.batch.get(path(pool.name))) is None, f"{pool.name!r} is not gone"
    )


def _adopt(session: Session, owner: str, pool: Pool) -> None:
    item = session.ask(lambda: session.batch.get(path(pool.name)))
    metadata = marks.from_pairs(item.get("metadata")) | marks.stamped(owner, pool, session.clock.now())
    session.ask(lambda: session.batch.patch(path(pool.name), {"metadata": marks.pairs(metadata)}))


def _is_ours(session: Session, owner: str, pool: Pool) -> bool:
    item = session.find(lambda: session.batch.get(path(pool.name)))
    metadata = marks.from_pairs(item.get("metadata")) if item else {}
    return metadata.get(marks.OWNER) == owner and metadata.get(marks.DIGEST) == asked(pool)
