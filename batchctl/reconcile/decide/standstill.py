"""What keeps tasks from running: every cause that is known, in one table, with what mends it. Pure.

Whoever waits for tasks, looks at a run or asks why, says what stands here.
"""

from collections.abc import Callable, Iterator

from batchctl.cloud_answers import JobStanding, PoolHealth
from batchctl.frozen import dataclass
from batchctl.reconcile.decide import pool_signs as seen
from batchctl.reconcile.decide import signs
from batchctl.reconcile.decide.pool_verdicts import EXTERNAL, may_come_to_run
from batchctl.reconcile.decide.signs import Scene, Sign
from batchctl.words import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One cause, and what to do about it: "" where nothing need be. `passes`: it may pass by itself; `kind`: the name
    of its row."""

    says: str
    remedy: str = ""
    passes: bool = True
    kind: str = ""

    @property
    def line(self) -> str:
        return f"{self.says}; {self.remedy}" if self.remedy else self.says


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: how a cause is seen and said, whether it lasts until somebody mends it, and how one does (with the names
    of `_remedy`)."""

    kind: str
    sign: Sign
    lasts: Callable[[Scene], bool]
    remedy: str = ""


def _always(_scene: Scene) -> bool:
    return True


def _never(_scene: Scene) -> bool:
    return False


def _while_no_node_can(scene: Scene) -> bool:
    return not may_come_to_run(scene.health, scene.before)


def _all_in_vain(scene: Scene) -> bool:
    return len(scene.vain) >= len(scene.waiting)


def _all_too_large(scene: Scene) -> bool:
    hopeless = {task.id for task in (*signs.too_wide(scene), *signs.too_many_instances(scene))}
    return len(hopeless) == len(scene.waiting)


def _on_all_nodes(scene: Scene) -> bool:
    return scene.health.steady and len(scene.unprepared) >= scene.health.able


AGAIN = "`batchctl apply {spec}` asks for the nodes again"
ANEW = "`batchctl apply {spec} --replace pool.{pool}` makes the pool anew"
WHY = "`batchctl why {spec} task.{culprit}`"
MEND = "mend the spec, then `batchctl apply {spec}`"
QUOTA = "ask Azure for a higher quota (`az batch account show` has the numbers), or want fewer or smaller nodes"
ROOM = "another vmSize or region may have room"
PACKAGES = "`az batch application package list` shows which there are: activate it"
SIGNED = "what opened its files, a signature (SAS) or a role, has expired or was taken away"
PREPARED = "`batchctl logs {spec} 'preparation.*' --all` shows what it wrote"
BOUND = "bound maxTaskRetryCount in the spec, then `batchctl apply {spec}`"
START = "`batchctl logs {spec} node.{node} --all` shows what it wrote"
ENABLE = "`az batch node scheduling enable --pool-id {pool} --node-id NODE` lets them come again"
ENABLE_JOBS = "`az batch job-schedule enable --job-schedule-id {job}` lets them come again"
KEPT_AWAY = "somebody keeps tasks away"
OFF = "switched off by somebody"
TAKEN = "taken back by Azure, which gives others where it has room"
SILENT = "the service hears nothing from there; what runs may go on"
EACH = "`batchctl nodes {spec}` shows each"
FORMULA = "mend autoScaleFormula in the spec, then `batchctl apply {spec}`"

OF_ENDS = (
    Rule(
        "dependencyFailed", signs.tasks_wait_in_vain, _all_in_vain, f"{WHY}; `batchctl apply {{spec}}` runs both again"
    ),
    Rule("jobDeleted", signs.job_is_gone, _always, "`batchctl apply {spec}` makes it anew and runs its tasks"),
    Rule("jobEnded", signs.job_has_ended, _always, "`batchctl apply {spec}` runs what is left in the next generation"),
)

OF_JOBS = (
    Rule(
        "jobDisabled", signs.job_is_held, _always, "`batchctl resume {spec}` goes on with it; its nodes cost meanwhile"
    ),
    Rule("jobNotScheduled", signs.job_is_not_scheduled, _always, MEND),
    Rule("maxParallelTasks", signs.most_tasks_run, _never),
    Rule("slots", signs.tasks_are_too_wide, _all_too_large, f"lower requiredSlots or raise taskSlotsPerNode: {MEND}"),
    Rule(
        "instances", signs.tasks_want_more_nodes, _all_too_large, f"want more nodes or fewer numberOfInstances: {MEND}"
    ),
    Rule("retried", signs.tasks_fail_without_end, _never, f"{BOUND}, or end it by `batchctl cancel {{spec}} TASK`"),
    Rule("preparation", signs.preparation_failed, _on_all_nodes, f"{PREPARED}; {MEND}"),
)

OF_RESIZES = (
    Rule("quota", seen.resize_ended_with(*seen.QUOTAS), _while_no_node_can, f"{QUOTA}; then {AGAIN}"),
    Rule("allocationFailed", seen.resize_ended_with("AllocationFailed"), _while_no_node_can, f"{AGAIN}; {ROOM}"),
    Rule("allocationTimedOut", seen.resize_ended_with("AllocationTimedOut"), _while_no_node_can, f"{AGAIN}; {ROOM}"),
    Rule("resizeStopped", seen.resize_ended_with("ResizeStopped"), _while_no_node_can, AGAIN),
    Rule("resizeFailed", seen.resize_ended_with(), _while_no_node_can, MEND),
)

OF_BROKEN_NODES = tuple(
    Rule(kind, seen.nodes_are_broken(fits), _while_no_node_can, remedy)
    for kind, fits, remedy in (
        (
            "registryRefuses",
            seen.registry_refuses,
            f"mend containerRegistries (password, or role AcrPull), then {ANEW}",
        ),
        ("imagePull", seen.image_is_not_pulled, f"mend containerImageNames, then {ANEW}"),
        ("applicationPackage", seen.package_is_missing, f"{PACKAGES}, then {ANEW}"),
        ("signatureExpired", seen.start_task_may_not_read, f"{SIGNED}: {ANEW}, and signs them anew"),
        ("startTaskFailed", seen.start_task_failed, f"{START}; mend the spec unless that was an accident, then {ANEW}"),
        ("unusable", seen.node_is_unusable, f"should Azure not mend them, {ANEW}"),
    )
)

OF_NODES = (
    Rule("offline", seen.nodes_are_in("offline", words=KEPT_AWAY), _while_no_node_can, f"{ENABLE}, {ANEW}"),
    Rule("deallocated", seen.nodes_are_in("deallocated", "deallocating", words=OFF), _while_no_node_can, f"{ANEW}"),
    Rule(
        "preempted",
        seen.nodes_are_in("preempted", words=TAKEN),
        _never,
        "dedicated nodes are never taken back (`onFailure` lets them take the place)",
    ),
    Rule("unknown", seen.nodes_are_in("unknown", words=SILENT), _never, f"should they not come back, {ANEW}"),
    Rule("slowNodes", seen.nodes_do_not_come_up, _never, f"{EACH}; should they never come, {ANEW}"),
    Rule("nodesComeUp", seen.nodes_come_up, _never),
    Rule("othersRun", seen.others_run, _never, "the job with the higher priority goes first"),
    Rule("noNodes", seen.pool_has_no_nodes, _while_no_node_can, f"give it targetDedicatedNodes: {MEND}"),
)

OF_POOLS = (
    Rule("poolDeleted", seen.pool_is_gone, _always, "`batchctl apply {spec}` makes what is missing"),
    Rule("poolBeingDeleted", seen.pool_is_going, _always, "once it is gone, `batchctl apply {spec}` makes it anew"),
    *OF_RESIZES,
    *OF_BROKEN_NODES,
    *OF_NODES,
    Rule("formulaSetsNothing", seen.formula_sets_nothing, _while_no_node_can, FORMULA),
    Rule("formulaFails", seen.formula_fails, _while_no_node_can, FORMULA),
    Rule("formulaSaysNone", seen.formula_says_none, _while_no_node_can, FORMULA),
    Rule("noEvaluationYet", seen.formula_gives_none_yet, _never),
)

OF_SCHEDULES = (Rule("scheduleDisabled", signs.schedule_is_held, _always, ENABLE_JOBS),)

TABLE = (*OF_ENDS, *OF_JOBS, *OF_POOLS)

POOLS = frozenset(rule.kind for rule in OF_POOLS)
BROKEN = frozenset(rule.kind for rule in OF_BROKEN_NODES)
TROUBLES = BROKEN | {rule.kind for rule in OF_RESIZES} | {"formulaSetsNothing", "formulaFails"}
"""What is wrong with a pool whether or not the work goes on meanwhile."""

VARYING = frozenset((*(rule.kind for rule in OF_NODES), "retried"))
"""What is said with counts of nodes or names of tasks, and is no news when these differ."""


def reasons(scene: Scene) -> tuple[Reason, ...]:
    """All that is seen, what lasts first; none where nothing is in the way."""
    over = scene.standing.ended is not None
    found = [reason for rule in (OF_ENDS if over else TABLE) for reason in _reasons_of(rule, scene)]
    return tuple(sorted(found, key=lambda reason: reason.passes))


def pool_reasons(pool: str, health: PoolHealth, *, spec: str = "SPEC", external: bool = False) -> tuple[Reason, ...]:
    """What is wrong with a pool, whether or not its tasks run all the same."""
    scene = Scene(job="", pool=pool, health=health, spec=spec, external=external)
    return tuple(reason for reason in reasons(scene) if reason.kind in TROUBLES)


def schedule_reasons(schedule: str, state: str) -> tuple[Reason, ...]:
    """Why no job comes of a schedule."""
    nothing = PoolHealth(steady=True, nodes=(), able=0)
    scene = Scene(job=schedule, pool="", health=nothing, standing=JobStanding(state=state))
    return tuple(reason for rule in OF_SCHEDULES for reason in _reasons_of(rule, scene))


def _reasons_of(rule: Rule, scene: Scene) -> Iterator[Reason]:
    for says in rule.sign(scene):
        lasts = rule.lasts(scene)
        yield Reason(says=one_line(says), remedy=_remedy(rule, scene, lasts), passes=not lasts, kind=rule.kind)


def _remedy(rule: Rule, scene: Scene, lasts: bool) -> str:
    if not rule.remedy:
        return ""
    if rule.kind in POOLS and scene.external:
        return f"the pool is external: {EXTERNAL} mends it; or name another, then `batchctl apply {scene.spec}`"
    if rule.kind in POOLS and scene.made_for and lasts:
        ends = f"job {scene.made_for} ends then, with its pool, and the next one has another"
        return f"mend the spec, then `batchctl apply {scene.spec}`: {ends}"
    node = scene.health.broken[0].one if scene.health.broken else ""
    return rule.remedy.format(spec=scene.spec, pool=scene.pool, culprit=scene.culprit, node=node, job=scene.job)
