"""What apply and destroy do once a plan is agreed to: carry it out, judge the tasks, bring outputs home."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from itertools import islice

from batchctl.clock import Clock
from batchctl.cloud_answers import PoolHealth
from batchctl.desired import Desired
from batchctl.errors import CloudError, Partial
from batchctl.reconcile.amend.idle_pools import ends_pool
from batchctl.reconcile.amend.only import comes_home
from batchctl.reconcile.carry_out import fetch, follow
from batchctl.reconcile.carry_out.after_run import ended_lines
from batchctl.reconcile.carry_out.deletion import confirm_gone
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import ComingHome, Event, Expanded, Failed, NotFetched, PoolNotice, TaskFailed
from batchctl.reconcile.outputs import not_at_home, outputs_by_task
from batchctl.reconcile.overwritten import REMEDY, overwritten_marks, taken_since
from batchctl.reconcile.plan import Action, Change, Ending, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Container, Job, Pool, Resource, Task, label_of
from batchctl.verbs.survey import Survey
from batchctl.words import one_line, plural, some


def carried_out(events: Iterable[Event]) -> Iterator[Event]:
    failures = []
    for event in events:
        if isinstance(event, Failed):
            failures.append(event)
        yield event
    if failures:
        what = "\n".join(_told_once(failures))
        said = f"{what}\nWhat was done before stays; apply again goes on from there."
        refused = [f.error.status for f in failures if isinstance(f.error, CloudError)]
        raise CloudError(said, status=min(refused)) if refused else Partial(said)


def _told_once(failures: Iterable[Failed]) -> Iterator[str]:
    alike: dict[tuple[str, str, str], list[str]] = {}
    for failure in failures:
        alike.setdefault((failure.verb, failure.kind, str(failure.error)), []).append(failure.name)
    for (verb, kind, error), names in alike.items():
        what = f"{kind} {one_line(names[0])}" if len(names) == 1 else f"{len(names)} {kind}s ({some(names)})"
        yield f"could not {verb} {what}: {error}"


def pool_before(desired: Desired, waits: Sequence[Job], cloud: Cloud) -> PoolHealth | None:
    """How the pool of these jobs is by now. Asked only where a formula may yet make good what an old resize lacked."""
    pools = [r for r in (*desired.resources, desired.external_pool) if isinstance(r, Pool)]
    scaled = {pool.name.lower() for pool in pools if pool.auto_scale_formula is not None}
    return cloud.health(waits[-1].pool) if waits and waits[-1].pool.lower() in scaled else None


def taken_away(decided: Plan, cloud: Cloud, clock: Clock) -> Iterator[Event]:
    """Carry out a plan that deletes, and see that what it deleted is gone."""
    yield from carried_out(execute(decided, cloud))
    confirm_gone(decided, cloud, clock)


def keep_to_announced(first: Plan, now: Plan) -> None:
    """A later step does what the plan announced and nothing else: whatever else came up meanwhile wants a plan of its
    own."""
    if now.refusals:
        raise Partial("\n".join(("the tasks that were to come now cannot:", *map(one_line, now.refusals))))
    if more := _unannounced(first, now):
        said = "\n".join(("something changed while the first tasks ran; the plan did not say this:", *more[:10]))
        raise Partial(f"{said}\nApply again to see a plan of it.")


def _unannounced(first: Plan, now: Plan) -> list[str]:
    factories = frozenset(entry.factory for entry in first.later)
    ended = frozenset(ending.pool.lower() for ending in first.endings)
    return [
        f"{change.kind} {one_line(label_of(change.resource))} would be {change.action.past}"
        for change in now.changes
        if not _was_announced(change, factories, ended)
    ]


def _was_announced(change: Change, factories: frozenset[str], ended: frozenset[str]) -> bool:
    match change:
        case Change(action=Action.CREATE, after=Job()):
            return True
        case Change(action=Action.CREATE, after=Task(factory=factory)):
            return factory in factories
        case Change(before=Pool(name=name)) if ends_pool(change):
            return name.lower() in ended
        case _:
            return False


def added_tasks(decided: Plan) -> list[Task]:
    return [c.after for c in decided.of(Task, Action.CREATE) if isinstance(c.after, Task)]


def tell_expanded(now: Plan) -> Iterator[Event]:
    """Say how many tasks a later step adds."""
    if added := added_tasks(now):
        yield Expanded(tasks=len(added), job=now.waits[-1].id)


def tell_failures(before: Survey, decided: Plan, cloud: Cloud) -> Generator[Event, None, list[TaskFailed]]:
    """Of the tasks that ran, and of those whose outputs these took."""
    desired, jobs = before.desired, decided.waits
    tasks = [t for t in desired.resources if isinstance(t, Task)]
    written = (o for t in tasks for o in t.output_files if o.container_url is None)
    containers = {o.container for o in written} if jobs else set()
    outputs = [b for name in sorted(containers) for b in cloud.blobs(name) if b.owner == desired.owner]
    runs = follow.runs_to_judge(jobs, tasks, outputs, cloud)
    ran = {task.id for task in added_tasks(decided)}
    failures, lost = judged(before.held, tasks, runs, outputs, ran, cloud)
    yield from failures
    remember(lost, desired, cloud)
    return failures


Lost = Sequence[Mapping[str, str]]
"""The marks of outputs that others overwrote, each with its container."""


def judged(
    before: Sequence[Resource],
    tasks: Sequence[Task],
    runs: Sequence[Task],
    outputs: Sequence[Blob],
    ran: Set[str],
    cloud: Cloud,
) -> tuple[list[TaskFailed], Lost]:
    """What failed, and what was lost by it. `before`: what was held; `ran`: ids of the tasks that have run since."""
    found = list(follow.task_failures(tasks, runs, outputs, cloud))
    lost = _overwritten([f.task for f in found if f.task.result == "success"], tasks, outputs, cloud)
    failures = [_with_remedy(f) if f.task.id.lower() in lost else f for f in found]
    taken = list(taken_since(before, outputs, tasks, ran))
    failures += [_taken(*one) for one in taken]
    return failures, [*lost.values(), *({was.output or "": was.container} for _, was, _ in taken)]


def _taken(run: Task, was: Blob, now: Blob) -> TaskFailed:
    why = f"succeeded before, and now its output {was.name!r} was overwritten by task {now.task!r}: {REMEDY}"
    return TaskFailed(task=run, why=why, stderr=(), overwritten=True)


MOST_ASKED = 20
"""Tasks whose files are listed, a request each: one that was overwritten is enough to go no further."""


def _overwritten(
    runs: Iterable[Task], tasks: Iterable[Task], outputs: Iterable[Blob], cloud: Cloud
) -> dict[str, dict[str, str]]:
    """The marks of outputs that others overwrote, with their containers, by the task's id in lower case."""
    wanted, written = {task.id.lower(): task for task in tasks}, outputs_by_task(outputs)
    found = {
        run.id.lower(): dict(overwritten_marks(wanted[run.id.lower()], run, written, partial(cloud.files, run)))
        for run in islice(runs, MOST_ASKED)
    }
    return {task: lost for task, lost in found.items() if lost}


def _with_remedy(failure: TaskFailed) -> TaskFailed:
    return replace(failure, why=f"{failure.why}, over its own: {REMEDY}", overwritten=True)


def remember(lost: Lost, desired: Desired, cloud: Cloud) -> None:
    """What could not be written down is told again after the next apply."""
    marks: dict[str, list[str]] = {}
    for mark, container in sorted(pair for found in lost for pair in found.items()):
        marks.setdefault(container, []).append(mark)
    ours = [r for r in desired.resources if isinstance(r, Container) and r.name in marks]
    if ours:
        deque(cloud.update([(c, replace(c, lost=tuple(marks[c.name]))) for c in ours], desired.owner), maxlen=0)


def brought_home(desired: Desired, cloud: Cloud, choices: Choices) -> Iterator[Event]:
    containers = sorted({d.container for d in desired.downloads})
    blobs = [blob for name in containers for blob in cloud.blobs(name) if comes_home(blob, choices)]
    stranded, due = 0, not_at_home(desired.downloads, blobs, fetch.is_copy)
    if due:
        yield ComingHome(blobs=len(due), size=sum(one.blob.size for one in due))
    for event in fetch.fetch(due, cloud):
        stranded += isinstance(event, NotFetched)
        yield event
    if stranded:
        raise CannotLandError(f"{plural(stranded, 'blob')} could not be brought home; the reasons are above")


def canary_line(failures: Sequence[TaskFailed], others: int) -> str:
    """Why the other tasks of a canary's factories are not added."""
    return (
        f"{plural(len(failures), 'task')} of those that come first failed: "
        f"the other {others} {'is' if others == 1 else 'are'} not added (canary)"
    )


def told_spending(meter: Meter, decided: Plan) -> Iterator[Event]:
    """What the run has used, where it was counted."""
    if decided.waits and (used := meter.told()):
        yield PoolNotice(pool=decided.waits[-1].pool, says=(f"used since apply began: {used}",))


def over_line(meter: Meter, decided: Plan, undone: int, nodes_left: Sequence[Ending]) -> str:
    """Why a run was ended by its limits, what it has used by then, and what becomes of the rest. `nodes_left`: what
    the plan has said of pools and could not be done."""
    pools = ended_lines(decided.endings, nodes_left)
    left = f"{plural(undone, 'task')} {'has' if undone == 1 else 'have'} not succeeded"
    rest = pools or ["the nodes of its pool stay as its formula or afterRun has it, and cost"]
    used = meter.told() or "no node-hours"
    return (
        f"{meter.over}: the run was ended after {used}; {left}, {', '.join(rest)}. Apply again runs what is left anew"
    )


def failed_tasks_line(failures: Sequence[TaskFailed], not_added: int) -> str:
    """What became of the tasks, and what the next apply runs; `not_added`: how many others of their factories wait."""
    failed = [failure.task.id for failure in failures if failure.task.state == "completed"]
    idle = [failure.task.id for failure in failures if failure.task.state != "completed"]
    told = [f"{len(ids)} of the tasks {how} ({some(ids)})" for how, ids in (("failed", failed), (IDLE, idle)) if ids]
    left = [failure for failure in failures if not failure.overwritten]
    if not left and not not_added:
        return f"{', '.join(told)}; the same spec would do the same again"
    who = "these" if len(left) == len(failures) > 1 else "it" if len(left) == 1 else "those that were not overwritten"
    rest = f", and the {plural(not_added, 'task')} that {'was' if not_added == 1 else 'were'} not added"
    return f"{', '.join(told)}; apply again runs {who}{rest if not_added else ' alone'}"


IDLE = "did not run"
