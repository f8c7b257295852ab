"""Spot nodes that are taken away too often: dedicated ones take their place (`onFailure`). Pure.

What was asked of a pool stays on its mark, and tells nodes that took the place of others from those that a spec wanted.
"""

from collections.abc import Iterable
from dataclasses import replace

from batchctl.resources import Pool, Resource, Resources, of_kind, sorted_out
from batchctl.rules import asked_hashes
from batchctl.words import plural

TARGETS = ("target_dedicated_nodes", "target_spot_nodes")


def as_asked(wanted: Iterable[Resource], held: Iterable[Resource]) -> Resources:
    """What is held, with pools whose dedicated nodes took the place of spot ones as they were asked for."""
    pools = {r.name.lower(): r for r in of_kind(wanted, Pool) if r.on_failure}
    if not pools:
        return sorted_out(held)
    return Resources(_as_asked(pools[r.name.lower()], r) if _is_among(r, pools) else r for r in held)


def _is_among(resource: Resource, pools: Iterable[str]) -> bool:
    return isinstance(resource, Pool) and resource.name.lower() in pools


def _as_asked(wanted: Pool, held: Resource) -> Resource:
    assert isinstance(held, Pool)
    counts = (wanted.target_dedicated_nodes or 0, wanted.target_spot_nodes or 0)
    taken_over = (held.target_dedicated_nodes, held.target_spot_nodes) == (sum(counts), 0) and counts[1]
    if not taken_over or _asked_of_targets(asked_hashes(wanted)) != _asked_of_targets(held.asked):
        return held
    return replace(held, target_dedicated_nodes=counts[0], target_spot_nodes=counts[1], switched=True)


def _asked_of_targets(asked: str) -> list[str]:
    return [part for part in asked.split(";") if part.partition("=")[0] in TARGETS]


def preemptions_line(pool: Pool, held: Pool | None) -> str | None:
    """What becomes of the pool's spot nodes, or has; None where the spec says nothing of it."""
    if pool.on_failure is None:
        return None
    if held and held.switched:
        again = f"`batchctl apply SPEC --replace pool.{pool.name}` begins with spot nodes again"
        return f"pool {pool.name!r} has dedicated nodes in place of its spot nodes, which were taken away: {again}"
    after = plural(pool.on_failure.preemptions, "preemption")
    return f"pool {pool.name!r}: after {after} dedicated nodes take the place of its spot nodes, while apply waits"


def switch_line(pool: Pool) -> str:
    """What is told when they do."""
    assert pool.on_failure is not None
    after, nodes = plural(pool.on_failure.preemptions, "preemption"), plural(pool.target_spot_nodes or 0, "spot node")
    return f"{after} (onFailure): dedicated nodes take the place of its {nodes}"
