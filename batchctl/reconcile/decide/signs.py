"""Signs of a standstill that a job gives whose tasks wait, each in a sentence; `pool_signs` has the others. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import timedelta

from batchctl.cloud_answers import JobStanding, PoolHealth
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.dependents import Blame
from batchctl.resources import ENDING, Task
from batchctl.words import plural, some

NAMED = 3
"""Tasks that are named of many."""

SLOW = timedelta(minutes=20)
"""Nodes that come up for longer than this seldom come (Learn, "Azure Batch pool and node errors")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A job whose tasks wait, and all that they may wait for.

    `waiting`: the tasks that were looked at, and what they want of nodes. `vain`: those of them that can never run, by
    id, and whose fault it is. `unprepared`: how the job's preparation failed, node by node.
    `retried`: tasks that fail and fail, and are tried without end.
    `before`: how the pool was before this command changed anything. `external`: the pool is somebody else's;
    `made_for`: the job that Batch made it for. `unchanged`: so long its nodes have been as they are. `endless`: nothing
    ends the wait. `spec`: for commands that are named.
    """

    job: str
    pool: str
    health: PoolHealth
    standing: JobStanding = field(default_factory=JobStanding)
    spec: str = "SPEC"
    running: int = 0
    most_running: int | None = None
    waiting: Sequence[Task] = ()
    vain: Mapping[str, Blame] = field(default_factory=dict)
    unprepared: Sequence[str] = ()
    retried: Sequence[str] = ()
    before: PoolHealth | None = None
    external: bool = False
    made_for: str = ""
    unchanged: timedelta = timedelta()
    endless: bool = False

    def count(self, *states: str) -> int:
        """Nodes in these states, which are told in small letters."""
        return sum(count for state, count in self.health.nodes if state.lower() in states)

    @property
    def culprit(self) -> str:
        """The first task that others wait for in vain."""
        return next((blame.culprit for blame in self.vain.values()), "")


Sign = Callable[[Scene], Iterator[str]]


def job_is_gone(scene: Scene) -> Iterator[str]:
    if scene.standing.state == "gone":
        yield f"job {scene.job} was deleted"


def job_has_ended(scene: Scene) -> Iterator[str]:
    if scene.standing.state in ENDING:
        why = f" ({scene.standing.why})" if scene.standing.why else ""
        yield f"job {scene.job} has ended{why}: nothing of it runs any more"


def job_is_held(scene: Scene) -> Iterator[str]:
    if scene.standing.state in ("disabled", "disabling"):
        yield f"job {scene.job} is paused"


def schedule_is_held(scene: Scene) -> Iterator[str]:
    if scene.standing.state == "disabled":
        yield f"schedule {scene.job} is disabled: no job comes of it"


def job_is_not_scheduled(scene: Scene) -> Iterator[str]:
    if scene.standing.why and scene.standing.ended is None:
        yield f"job {scene.job} cannot be scheduled: {scene.standing.why}"


def tasks_wait_in_vain(scene: Scene) -> Iterator[str]:
    for blame in dict.fromkeys(scene.vain.values()):
        ids = [task for task, other in scene.vain.items() if other == blame]
        yield f"{'task' if len(ids) == 1 else 'tasks'} {some(ids, NAMED)}: {blame.why}"


def most_tasks_run(scene: Scene) -> Iterator[str]:
    if scene.most_running is not None and 0 < scene.most_running <= scene.running:
        yield f"{scene.running} tasks of its job run, and maxParallelTasks is {scene.most_running}"


def too_wide(scene: Scene) -> tuple[Task, ...]:
    """Tasks that take more slots than a node has."""
    return tuple(task for task in scene.waiting if task.required_slots > scene.health.slots)


def tasks_are_too_wide(scene: Scene) -> Iterator[str]:
    if found := too_wide(scene):
        take = "takes" if len(found) == 1 else "take"
        most = plural(max(task.required_slots for task in found), "slot")
        yield f"{_tasks(found)} {take} {most}, and a node has {scene.health.slots}"


def too_many_instances(scene: Scene) -> tuple[Task, ...]:
    """Tasks that want more nodes at once than a pool of a fixed size is to have."""
    if scene.health.scaling is not None:
        return ()
    return tuple(task for task in scene.waiting if _instances(task) > max(1, scene.health.wanted))


def tasks_want_more_nodes(scene: Scene) -> Iterator[str]:
    if found := too_many_instances(scene):
        want = "wants" if len(found) == 1 else "want"
        yield f"{_tasks(found)} {want} {max(map(_instances, found))} nodes at once, and the pool is to have " + plural(
            scene.health.wanted, "node"
        )


def _instances(task: Task) -> int:
    several = task.multi_instance_settings
    return several.number_of_instances if several else 1


def _tasks(found: Sequence[Task]) -> str:
    return f"{'task' if len(found) == 1 else 'tasks'} {some([task.id for task in found], NAMED)}"


def tasks_fail_without_end(scene: Scene) -> Iterator[str]:
    if scene.retried:
        fail = "task {} fails and is" if len(scene.retried) == 1 else "tasks {} fail and are"
        yield f"{fail.format(some(scene.retried, NAMED))} tried again as often as it takes (maxTaskRetryCount is -1)"


def preparation_failed(scene: Scene) -> Iterator[str]:
    for how, count in Counter(scene.unprepared).items():
        yield f"the job's preparation task failed on {plural(count, 'node')}: {how}"
