"""Signs of a standstill that a pool gives: what is seen of its resizes, nodes and formula, each in a sentence. Pure."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from batchctl.cloud_answers import COMING, BrokenNodes, PoolHealth, Scaling
from batchctl.reconcile.decide.pool_verdicts import is_held_for_ever, is_too_early
from batchctl.reconcile.decide.signs import SLOW, Scene, Sign
from batchctl.vm_sizes import cores_of_size
from batchctl.words import plural


def pool_is_gone(scene: Scene) -> Iterator[str]:
    if scene.health.state == "gone":
        yield f"pool {scene.pool} is not there any more"


def pool_is_going(scene: Scene) -> Iterator[str]:
    if scene.health.state == "deleting":
        yield f"pool {scene.pool} is being deleted"


def resize_ended_with(*codes: str) -> Sign:
    """A resize that gave less than it was asked for, and said one of these codes; without codes: any other."""

    def sign(scene: Scene) -> Iterator[str]:
        health = scene.health
        when = f" (its resize ended {shown_time(health.resized)})" if health.resized else ""
        for error in health.resize_errors:
            if _code(error) in codes or not (codes or _code(error) in RESIZE_CODES):
                yield f"{_have(health, cores='Quota' in error)}: {error}{when}"

    return sign


QUOTAS = ("AccountCoreQuotaReached", "AccountLowPriorityCoreQuotaReached", "AccountSpotCoreQuotaReached")
RESIZE_CODES = frozenset({*QUOTAS, "AllocationFailed", "AllocationTimedOut", "ResizeStopped"})
"""Codes of resize errors that have a row of their own (SDK for .NET: PoolResizeErrorCodes)."""


def _code(error: str) -> str:
    return error.partition(":")[0]


def _have(health: PoolHealth, *, cores: bool) -> str:
    """`15 of 100 nodes`, with their cores where these are what lacks."""
    each = cores_of_size(health.vm_size) if cores and health.vm_size else None
    told = f" ({health.count * each} of {health.wanted * each} cores)" if each else ""
    return f"{health.count} of {plural(health.wanted, 'node')}{told}"


Fits = Callable[[BrokenNodes], bool]


def nodes_are_broken(fits: Fits) -> Sign:
    def sign(scene: Scene) -> Iterator[str]:
        for nodes in scene.health.broken:
            if next(other for other in BROKEN if other(nodes)) is fits:
                yield f"{plural(nodes.count, 'node')} {nodes.state}: {nodes.says}"

    return sign


REFUSED = r"(?i)unauthori[sz]ed|authentication required|access denied|access forbidden|\bdenied:"
"""What registries say to those whom they do not let in."""


def start_task_may_not_read(nodes: BrokenNodes) -> bool:
    return start_task_failed(nodes) and "BlobAccessDenied" in nodes.codes


def start_task_failed(nodes: BrokenNodes) -> bool:
    return nodes.state.lower() == "starttaskfailed"


def registry_refuses(nodes: BrokenNodes) -> bool:
    return image_is_not_pulled(nodes) and re.search(REFUSED, nodes.says) is not None


def image_is_not_pulled(nodes: BrokenNodes) -> bool:
    return any(code.startswith("Container") for code in nodes.codes)


def package_is_missing(nodes: BrokenNodes) -> bool:
    return any(code.startswith("ApplicationPackage") for code in nodes.codes)


def node_is_unusable(nodes: BrokenNodes) -> bool:  # noqa: ARG001 - what is none of the others
    return True


BROKEN: tuple[Fits, ...] = (
    *(registry_refuses, image_is_not_pulled, package_is_missing),
    *(start_task_may_not_read, start_task_failed, node_is_unusable),
)
"""The first that fits tells of broken nodes."""


def nodes_are_in(*states: str, words: str) -> Sign:
    """Nodes in one of these states, told with what that means."""

    def sign(scene: Scene) -> Iterator[str]:
        for state, count in scene.health.nodes:
            if state.lower() in states:
                yield f"{count} {state}: {words}"

    return sign


def formula_sets_nothing(scene: Scene) -> Iterator[str]:
    if scene.health.scaling and not scene.health.scaling.sets_target:
        yield "its autoscale formula sets neither $TargetDedicatedNodes nor $TargetLowPriorityNodes"


def formula_fails(scene: Scene) -> Iterator[str]:
    scaling = scene.health.scaling
    if scaling and scaling.sets_target and scaling.error and not is_too_early(scaling):
        yield f"its autoscale formula could not be evaluated: {scaling.error}"


def formula_says_none(scene: Scene) -> Iterator[str]:
    if is_held_for_ever(scene.health):
        yield "its autoscale formula always says 0 nodes"


def formula_gives_none_yet(scene: Scene) -> Iterator[str]:
    health, scaling = scene.health, scene.health.scaling
    if scaling is None or health.count or not health.steady or is_held_for_ever(health):
        return
    after = f"; the next evaluation comes {shown_time(scaling.next_evaluation)}" if scaling.next_evaluation else ""
    bound = "; no wait.timeout ends this wait" if scene.endless else ""
    yield f"its autoscale formula {_what_it_says(health, scaling)}{after}{bound}"


def _what_it_says(health: PoolHealth, scaling: Scaling) -> str:
    if scaling.error:
        return f"could not be evaluated yet ({scaling.error})"
    if health.resize_errors and health.wanted:
        return f"asks for {plural(health.wanted, 'node')}"
    return "holds it at 0 nodes"


def nodes_come_up(scene: Scene) -> Iterator[str]:
    if scene.unchanged < SLOW and (said := _coming(scene)):
        yield f"its nodes are coming up: {said}"


def nodes_do_not_come_up(scene: Scene) -> Iterator[str]:
    if scene.unchanged >= SLOW and (said := _coming(scene)):
        yield f"its nodes have been coming up for more than {SLOW.seconds // 60} minutes: {said}"


def _coming(scene: Scene) -> str:
    health = scene.health
    coming = [f"{count} {state}" for state, count in health.nodes if state.lower() in COMING]
    if coming or (health.count < health.wanted and not health.steady and health.state == "active"):
        return f"{', '.join(coming) or 'none yet'} of {health.wanted}"
    return ""


def others_run(scene: Scene) -> Iterator[str]:
    busy = scene.count("running")
    if busy and not scene.running and not scene.count("idle", *COMING):
        yield f"{plural(busy, 'node')} of its pool {'runs' if busy == 1 else 'run'} tasks of other jobs"


def pool_has_no_nodes(scene: Scene) -> Iterator[str]:
    health = scene.health
    is_told = health.state != "active" or health.resize_errors or health.scaling
    if health.steady and not health.count and not is_told:
        yield "the pool has no nodes"


def shown_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
