"""Preflight: what the account's facts say of a plan, before anything is written. Pure."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.resources import Image, Pool, SupportedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the account says of itself."""

    images: tuple[SupportedImage, ...] = ()


def needs_facts(plan: Plan) -> bool:
    """Only a new pool asks for facts: a plan without one costs no request for them."""
    return any(_new_pools(plan))


def check(plan: Plan, facts: Facts) -> tuple[str, ...]:
    """Every reason why this plan cannot work."""
    return tuple(problem for rule in CHECKS for problem in rule(plan, facts))


def complete(plan: Plan, facts: Facts) -> Plan:
    """Fill in what the spec leaves to the service: the node agent that goes with a new pool's image."""
    return replace(plan, changes=tuple(_with_agent(change, facts.images) for change in plan.changes))


def image_is_supported(plan: Plan, facts: Facts) -> Iterator[str]:
    for pool in _new_pools(plan):
        if pool.node_agent_sku_id is None and not _matching(pool.image, facts.images):
            known = [_text(s.image) for s in facts.images if s.verified]
            near = difflib.get_close_matches(_text(pool.image), known, n=3, cutoff=0.3)
            hint = f"; the nearest that it has: {', '.join(near)}" if near else ""
            yield f"pool {pool.name!r}: Batch has no verified image {_text(pool.image)}{hint}"


CHECKS: tuple[Callable[[Plan, Facts], Iterator[str]], ...] = (image_is_supported,)


def _new_pools(plan: Plan) -> Iterator[Pool]:
    for change in plan.of(Pool, Action.CREATE, Action.REPLACE):
        if isinstance(change.after, Pool):
            yield change.after


def _with_agent(change: Change, images: Sequence[SupportedImage]) -> Change:
    pool = change.after
    if change.action not in (Action.CREATE, Action.REPLACE) or not isinstance(pool, Pool) or pool.node_agent_sku_id:
        return change
    matching = _matching(pool.image, images)
    if not matching:
        return change
    return replace(change, after=replace(pool, node_agent_sku_id=matching[-1].node_agent_sku_id))


def _matching(image: Image, images: Sequence[SupportedImage]) -> list[SupportedImage]:
    """Verified images of that name, the one with the newest node agent last."""
    found = [s for s in images if s.verified and _text(s.image) == _text(image)]
    return sorted(found, key=lambda s: s.node_agent_sku_id)


def _text(image: Image) -> str:
    return f"{image.publisher}/{image.offer}/{image.sku}".lower()
