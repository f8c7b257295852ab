"""What a pool's health means for the tasks that wait for it, and what its owner is told of it. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime

from batchctl.cloud_answers import PoolHealth, Scaling
from batchctl.words import one_line, plural

LACKS_SAMPLES = re.compile(r"(?i)insufficient|samples?\b")
"""What an evaluation says that only came too early: a later one has the samples."""


def pool_troubles(health: PoolHealth) -> tuple[str, ...]:
    """What is wrong with a pool, whether or not the work goes on meanwhile."""
    return (*_lacking(health), *health.broken, *_formula_troubles(health))


def may_come_to_run(health: PoolHealth, before: PoolHealth | None = None) -> bool:
    """May tasks that wait run without anybody's doing?

    Of a pool that has no node and is not being resized, its formula decides, as long as it can say anything. A resize
    that failed is final until the next evaluation. `before`: how it was before our own changes.
    """
    if health.able or not health.steady:
        return True
    if health.scaling is None or health.broken or any(_formula_troubles(health)) or _is_held_for_ever(health):
        return False
    told_since = before is None or (before.resized, before.scaling) != (health.resized, health.scaling)
    return not (health.resize_errors and told_since)


def wants_nodes_again(health: PoolHealth) -> bool:
    """Has a pool of a fixed size no node, and fewer than it should have? Of itself it asks for none any more."""
    return health.scaling is None and health.steady and not health.able and health.count < health.wanted


def why_no_node(health: PoolHealth) -> str:
    """Why none can run a task, line by line."""
    held = ("its autoscale formula always says 0 nodes",) if _is_held_for_ever(health) else ()
    causes = (*_lacking(health), *(health.details or health.broken), *_formula_troubles(health), *held)
    return "\n".join(map(one_line, causes)) or "the pool has no nodes"


EXTERNAL = "whoever owns it"
"""Who does something about an external pool."""


def way_out(pool: str, health: PoolHealth, *, external: bool = False, job: str | None = None) -> str:
    """What is to be done about a pool that cannot run anything, or about nodes of it that cannot; `job`: the one that
    it was made for."""
    if job is not None:
        return f"mend the spec and apply again: job {job!r} ends then, with its pool, and the next one has another"
    if external:
        return f"the pool is external, {EXTERNAL} mends it; or name another pool and apply again"
    if health.broken:
        anew = f"`batchctl apply SPEC --replace pool.{pool}` makes the pool anew"
        return f"if that was an accident, {anew}; else mend the spec and apply again"
    return "mend the pool, or the spec, and apply again"


def pool_notices(health: PoolHealth, *, endless: bool = False) -> Iterator[str]:
    """What people are told of a pool while tasks wait for its nodes; `endless`: nothing ends the wait but them."""
    yield from pool_troubles(health)
    scaling = health.scaling
    if scaling and health.steady and not health.count:
        after = f"; the next evaluation comes {_shown(scaling.next_evaluation)}" if scaling.next_evaluation else ""
        bound = "; no wait.timeout ends this wait" if endless else ""
        yield f"its autoscale formula {_what_it_says(health, scaling)}{after}{bound}"


def _what_it_says(health: PoolHealth, scaling: Scaling) -> str:
    if scaling.error:
        return f"could not be evaluated yet ({scaling.error})"
    if health.resize_errors and health.wanted:
        return f"asks for {plural(health.wanted, 'node')}"
    return "holds it at 0 nodes"


def _is_held_for_ever(health: PoolHealth) -> bool:
    """Was a formula evaluated that says 0 nodes, whatever comes?"""
    scaling = health.scaling
    return bool(scaling and scaling.next_evaluation and not scaling.may_change and not health.wanted)


def _lacking(health: PoolHealth) -> Iterator[str]:
    when = f" (its resize ended {_shown(health.resized)})" if health.resized else ""
    for error in health.resize_errors:
        yield f"{health.count} of {plural(health.wanted, 'node')}: {error}{when}"


def _formula_troubles(health: PoolHealth) -> Iterator[str]:
    scaling = health.scaling
    if scaling and not scaling.sets_target:
        yield "its autoscale formula sets neither $TargetDedicatedNodes nor $TargetLowPriorityNodes"
    elif scaling and scaling.error and not LACKS_SAMPLES.search(scaling.error):
        yield f"its autoscale formula could not be evaluated: {scaling.error}"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
