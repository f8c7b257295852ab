"""Preflight: what the account's facts say of a plan, before anything is written. They are asked for where needed."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from batchctl.frozen import dataclass
from batchctl.reconcile.amend.auto_pools import as_of_pool, put_back
from batchctl.reconcile.amend.images import NOTED, OF_THE_SIZE, REFUSED, has_new_size, image_name, is_looked_at, told
from batchctl.reconcile.plan import Action, Change, Changes, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool, Resource, SupportedImage, lower_image

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the account says of itself, and when."""

    images: tuple[SupportedImage, ...] = ()
    no_identities: str | None = None
    now: datetime = LONG_AGO


def with_preflight(plan: Plan, situation: Situation) -> Plan:
    """The plan with what the spec leaves to the service, and every reason why it cannot work."""
    whole, looked_at = plan, plan.about(Pool, Job)
    plan = replace(plan, changes=tuple(map(as_of_pool, looked_at)))
    if not needs_facts(plan):
        return whole
    asked = any(_gives_identity(change) for change in plan.changes)
    why = situation.account.why_no_identities() if asked else None
    facts = Facts(images=situation.account.images(), no_identities=why, now=situation.now)
    filled = with_agents(plan, facts)
    refusals, notes = (*plan.refusals, *problems_of(plan, facts)), (*plan.notes, *notes_of(plan, facts))
    done = {id(old): put_back(old, new) for old, new in zip(looked_at, filled.changes, strict=True)}
    changes = Changes(done.get(id(change), change) for change in whole.changes)
    return replace(whole, changes=changes, refusals=refusals, notes=notes)


def needs_facts(plan: Plan) -> bool:
    """Only a pool that is made, that changes what its nodes start from, that leaves its agent to the service, or that
    gets an identity."""
    return any(_asks_for_agent(c) or is_looked_at(c) or has_new_size(c) or _gives_identity(c) for c in plan.changes)


def problems_of(plan: Plan, facts: Facts) -> tuple[str, ...]:
    """Every reason why this plan cannot work."""
    return tuple(problem for rule in CHECKS for problem in rule(plan, facts))


def notes_of(plan: Plan, facts: Facts) -> tuple[str, ...]:
    """What works for now, and is told."""
    changes = filter(is_looked_at, with_agents(plan, facts).changes)
    return tuple(note for change in changes for note in told(NOTED, change, facts.images, facts.now))


def with_agents(plan: Plan, facts: Facts) -> Plan:
    """Fill in what the spec leaves to the service: the node agent that goes with a pool's image."""
    return replace(plan, changes=tuple(_with_agent(change, facts.images) for change in plan.changes))


def image_is_supported(plan: Plan, facts: Facts) -> Iterator[str]:
    for change in plan.changes:
        if (pool := _asks_for_agent(change)) and not _agent_for(change.before, pool, facts.images):
            hint = _how_to_take(pool, facts.images)
            yield f"pool {pool.name!r}: Batch has no verified image {image_name(pool.image)}{hint}"


def _how_to_take(pool: Pool, images: Sequence[SupportedImage]) -> str:
    """What to write instead: the agent of an image that is listed all the same, else images of nearly that name."""
    name = image_name(pool.image)
    if agents := [image.node_agent_sku_id for image in images if image_name(image.image) == name]:
        return f", but one that it did not verify: to take that, say nodeAgentSKUId: {max(agents)}"
    near = difflib.get_close_matches(name, [image_name(s.image) for s in images if s.verified], n=3, cutoff=0.3)
    return f"; the nearest that it has: {', '.join(near)}" if near else ""


def image_suits_the_pool(plan: Plan, facts: Facts) -> Iterator[str]:
    for change in with_agents(plan, facts).changes:
        rules = (*(REFUSED if is_looked_at(change) else ()), *(OF_THE_SIZE if has_new_size(change) else ()))
        yield from told(rules, change, facts.images, facts.now)


def identity_can_be_given(plan: Plan, facts: Facts) -> Iterator[str]:
    for change in plan.changes:
        if facts.no_identities and _gives_identity(change):
            yield f"pool {change.resource.name!r}: {facts.no_identities}"


CHECKS: tuple[Callable[[Plan, Facts], Iterator[str]], ...] = (
    image_is_supported,
    image_suits_the_pool,
    identity_can_be_given,
)


def _gives_identity(change: Change) -> bool:
    """Or takes it away."""
    pool = change.after
    if not isinstance(pool, Pool):
        return False
    if change.action is Action.UPDATE:
        return any(field.name == "identity" for field in change.fields)
    return change.action in (Action.CREATE, Action.REPLACE) and pool.identity is not None


def _asks_for_agent(change: Change) -> Pool | None:
    pool = change.after
    return pool if isinstance(pool, Pool) and pool.node_agent_sku_id is None else None


def _with_agent(change: Change, images: Sequence[SupportedImage]) -> Change:
    pool = _asks_for_agent(change)
    if pool is None:
        return change
    return replace(change, after=replace(pool, node_agent_sku_id=_agent_for(change.before, pool, images)))


def _agent_for(held: Resource | None, wanted: Pool, images: Sequence[SupportedImage]) -> str | None:
    """The agent that the pool has while its image stays, else the newest one of the verified images of that name."""
    if isinstance(held, Pool) and lower_image(held.image) == lower_image(wanted.image):
        return held.node_agent_sku_id
    matching = [s.node_agent_sku_id for s in images if s.verified and image_name(s.image) == image_name(wanted.image)]
    return max(matching, default=None)
