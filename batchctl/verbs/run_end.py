"""What a watcher finds and does when no task of a run goes on any more."""

from collections.abc import Generator, Iterator, Sequence

from batchctl.clock import Clock
from batchctl.errors import Partial, TasksFailed
from batchctl.frozen import dataclass
from batchctl.reconcile.amend.adoption import refuse_another_place
from batchctl.reconcile.amend.idle_pools import endings_due
from batchctl.reconcile.carry_out import follow
from batchctl.reconcile.carry_out.after_run import end_pools, ended_lines, nodes_that_go_on
from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.carry_out.lookout import Lookout
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.going import stalled_jobs
from batchctl.reconcile.events import Event, Notice, Phase, TaskFailed
from batchctl.reconcile.outputs import newest_runs
from batchctl.reconcile.plan import Ending, Plan
from batchctl.reconcile.port import Cloud, Lock, Situation
from batchctl.resources import Blob, Job, Task
from batchctl.spec.model import Spec
from batchctl.verbs.carrying_out import Lost, added_tasks, brought_home, failed_tasks_line, judged, remember
from batchctl.verbs.survey import Survey, situation_of
from batchctl.words import plural, some


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A run of which no task goes on any more. `first`, `last`: what was seen at the beginning and now; `decided`: what
    an apply would do by now; `holder`: who is at work on it all the same; `lacking`: what of the spec is not here, so
    that nothing is decided by it."""

    first: Survey
    last: Survey
    decided: Plan
    holder: str | None
    lacking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is watched, and how. `lock` None: nobody is asked who is at work."""

    spec: Spec
    cloud: Cloud
    clock: Clock
    choices: Choices
    lock: Lock | None
    lookout: Lookout | None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What is found at the end of a run. False: there is nothing that an apply would write. `elsewhere`: why this spec
    may end nothing."""

    failures: Sequence[TaskFailed]
    lost: Lost
    stalled: tuple[Job, ...]
    run: Plan
    elsewhere: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lost or self.stalled or self.run.endings) and not self.elsewhere


def end_of(seen: Watched, cloud: Cloud) -> End:
    desired, held = seen.last.desired, seen.last.held
    jobs = [job for job in jobs_of(seen.last) if job.state != "deleting"]
    alive = {(job.name.lower(), job.generation) for job in jobs}
    runs = [r for r in held if isinstance(r, Task) and (r.job.lower(), r.generation or 1) in alive]
    outputs = [r for r in held if isinstance(r, Blob) and r.task is not None and r.owner == desired.owner]
    tasks = tuple(newest_runs(run for run in runs if run.digest).values()) if seen.lacking else desired.of(Task)
    ran = {r.id for r in seen.first.held if isinstance(r, Task) and r.state != "completed"}
    failures, lost = judged(seen.first.held, tasks, runs, outputs, ran, cloud)
    situation = situation_at(seen.last, cloud)
    still = tuple(job for job in jobs if job.state != "completed")
    another = refuse_another_place(Plan(owner=desired.owner), situation).refusals
    return End(
        failures=failures,
        lost=lost,
        stalled=stalled_jobs(held, desired.owner),
        run=Plan(owner=desired.owner, waits=still, endings=endings_due(situation)),
        elsewhere=(seen.lacking,) if seen.lacking else another,
    )


def ended(end: End, seen: Watched, errand: Errand, *, ours: bool) -> Generator[Event, None, tuple[Ending, ...]]:
    """Do what an apply would; returns which pools could not be ended."""
    if not end:
        if end.elsewhere and end.run.endings:
            yield Notice(says=(f"what an apply would end is left as it is: {end.elsewhere[0]}",))
        return ()
    if not ours:
        yield Notice(says=(f"{seen.holder or 'somebody'}, is at work on this spec, and ends what is to end",))
        return ()
    desired = seen.last.desired
    follow.end_jobs(end.stalled, errand.cloud)
    remember(end.lost, desired, errand.cloud)
    if end.run.endings:
        yield Phase(name="pools")
    return (yield from end_pools(end.run, desired, errand.cloud, errand.clock))


def home(end: End, seen: Watched, errand: Errand, nodes_left: Sequence[Ending], *, ours: bool) -> Iterator[Event]:
    desired, cloud, stranded = seen.last.desired, errand.cloud, tuple[str, ...]()
    yield Phase(name="downloads")
    try:
        yield from brought_home(desired, cloud, errand.choices)
    except CannotLandError as error:
        # That tasks failed is the graver news, as after an apply.
        if not end.failures:
            raise
        stranded = (str(error),)
    if ours:
        yield from nodes_that_go_on(Plan(owner=desired.owner), desired, cloud)
    costing = ended_lines(nodes_left, nodes_left)
    failed = {failure.task.id.lower() for failure in end.failures}
    rest = [task.id for task in added_tasks(seen.decided) if task.id.lower() not in failed]
    if end.failures:
        raise TasksFailed("\n".join((failed_tasks_line(end.failures, len(rest)), *stranded, *costing)))
    if said := (*costing, *_left_out(seen.decided, rest)):
        raise Partial("\n".join(said))


def _left_out(decided: Plan, rest: Sequence[str]) -> Iterator[str]:
    """What the spec asks for and nobody has set going."""
    for entry in decided.later:
        yield f"tasks {entry.label} are still to come, when {entry.after} is done: `batchctl apply` adds them"
    if rest:
        have, them = ("has", "it") if len(rest) == 1 else ("have", "them")
        yield (
            f"{plural(len(rest), 'task')} ({some(rest)}) {have} not run as the spec has {them} now: `batchctl apply` "
            f"runs {them}"
        )


def situation_at(seen: Survey, cloud: Cloud) -> Situation:
    return situation_of(seen.desired, seen.held, Choices(), cloud)


def jobs_of(seen: Survey) -> list[Job]:
    return [r for r in seen.held if isinstance(r, Job) and r.owner == seen.desired.owner]
