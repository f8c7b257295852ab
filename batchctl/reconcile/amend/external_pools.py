"""What somebody else owns and the tasks need: of a pool a plan tells what it is and how it is, and changes nothing; a
container has to be there."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.cloud_answers import PoolHealth
from batchctl.reconcile.decide.pool_verdicts import EXTERNAL
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Container, Image, Pool, Task
from batchctl.words import plural


def with_external_pool(plan: Plan, situation: Situation) -> Plan:
    """The plan with notes on the pool that it uses and does not own."""
    pool = situation.desired.external_pool
    if pool is None:
        return plan
    runs = bool(plan.waits or plan.later or plan.of(Task, Action.CREATE))
    notes = _notes(pool, situation.account.health(pool.name), situation.desired.owner, runs=runs)
    return replace(plan, notes=(*plan.notes, *notes))


def refuse_missing_containers(plan: Plan, situation: Situation) -> Plan:
    """The plan, refused where a container of somebody else is not there: uploads and nodes would be turned away."""
    there = {r.name for r in situation.held_of(Container)}
    missing = sorted(situation.desired.external - there) if not situation.choices.only else []
    refusals = (
        f"container {name!r} is external and not in this account: make it, correct its name, or take out 'external'"
        for name in missing
    )
    return replace(plan, refusals=(*plan.refusals, *refusals)) if missing else plan


def _notes(pool: Pool, health: PoolHealth, owner: str, *, runs: bool) -> Iterator[str]:
    yield f"pool {pool.name!r} is external and stays as it is: {', '.join(_facts(pool, health))}"
    if pool.owner == owner:
        yield f"pool {pool.name!r} was made by this spec, and bears its mark still: `batchctl gc` counts it as its own"
    from batchctl.reconcile.decide.standstill import pool_reasons  # imported late: most specs make their pool

    found = pool_reasons(pool.name, health, external=True)
    yield from (f"pool {pool.name!r}: {reason.says}" for reason in found)
    yield from (f"pool {pool.name!r}: {remedy}" for remedy in dict.fromkeys(reason.remedy for reason in found))
    if runs and health.scaling is None and not (health.count or health.wanted):
        yield f"pool {pool.name!r} has no nodes, so the tasks wait: {EXTERNAL} gives it some"


def _facts(pool: Pool, health: PoolHealth) -> Iterator[str]:
    states = ", ".join(f"{count} {state}" for state, count in health.nodes)
    yield plural(health.count, "node") + (f" ({states})" if states else "")
    if health.scaling is not None:
        yield "given by an autoscale formula"
    yield pool.vm_size
    yield _image(pool.image)
    yield f"{plural(pool.task_slots_per_node, 'task slot')} a node"
    if pool.container_configuration is not None:
        yield "containers"
    if pool.enable_inter_node_communication:
        yield "nodes speak to each other"


def _image(image: Image) -> str:
    return image.id or f"{image.publisher}/{image.offer}/{image.sku}"
