"""Can a pool come to run the tasks that wait for it? Pure."""

import re

from batchctl.cloud_answers import PoolHealth, Scaling

EXTERNAL = "whoever owns it"
"""Who does something about an external pool."""

LACKS_SAMPLES = re.compile(r"(?i)insufficient|samples?\b")
"""What an evaluation says that only came too early: a later one has the samples."""


def may_come_to_run(health: PoolHealth, before: PoolHealth | None = None) -> bool:
    """May tasks that wait run without anybody's doing?

    Of a pool that has no node and is not being resized, its formula decides, as long as it can say anything. A resize
    that failed is final until the next evaluation. `before`: how it was before our own changes.
    """
    if health.state != "active":
        return False
    if health.able or not health.steady:
        return True
    if health.scaling is None or health.broken or is_at_fault(health.scaling) or is_held_for_ever(health):
        return False
    told_since = before is None or (before.resized, before.scaling) != (health.resized, health.scaling)
    return not (health.resize_errors and told_since)


def wants_nodes_again(health: PoolHealth) -> bool:
    """Has a pool of a fixed size no node, and fewer than it should have? Of itself it asks for none any more."""
    return health.scaling is None and health.steady and not health.able and health.count < health.wanted


def is_held_for_ever(health: PoolHealth) -> bool:
    """Was a formula evaluated that says 0 nodes, whatever comes?"""
    scaling = health.scaling
    return bool(scaling and scaling.next_evaluation and not scaling.may_change and not health.wanted)


def is_at_fault(scaling: Scaling) -> bool:
    """Will the formula say nothing, whenever it is evaluated?"""
    return not scaling.sets_target or (scaling.error is not None and not is_too_early(scaling))


def is_too_early(scaling: Scaling) -> bool:
    return scaling.error is not None and LACKS_SAMPLES.search(scaling.error) is not None
