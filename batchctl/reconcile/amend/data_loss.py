"""What a plan would lose that nobody gets back: each a reason to refuse it, until the user says that it may go (D8)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from batchctl.reconcile.outputs import lost_outputs
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Blob, Container, Job, Pool, Resource, Schedule, Task, generation_id, label_of
from batchctl.words import plural, some

GOES = (Action.DELETE, Action.REPLACE)
WAIT = "wait until they have ended, or pass --force to end them"
WAITING = ("active", "completed")
"""States of tasks in which they do no work that could be lost."""


def refuse_losses(plan: Plan, situation: Situation) -> Plan:
    """The plan with every reason why it must not be carried out."""
    found = tuple(reason for rule in LOSSES for reason in rule(plan, situation))
    return replace(plan, refusals=(*plan.refusals, *found)) if found else plan


def running_tasks(plan: Plan, situation: Situation) -> Iterator[str]:
    """A task that runs would be ended, and what it has done by now would be lost."""
    if situation.choices.force:
        return
    runs = [r for r in situation.held_of(Task) if r.state not in WAITING]
    busy = Counter(generation_id(r.job, r.generation or 1).lower() for r in runs)
    alive = [job for job in _going(plan, Job) if isinstance(job, Job) and job.state != "deleting"]
    for job in alive:
        if count := busy[job.id.lower()]:
            yield (
                f"tasks of job {job.id!r} still run ({count}): wait until they have ended, or pass --force to end them"
            )
    for schedule in (r for r in _going(plan, Schedule) if isinstance(r, Schedule) and r.runs):
        if schedule.state != "deleting":
            yield (
                f"job {schedule.last_job!r} of schedule {schedule.name!r} has not ended: wait until it has, or pass "
                "--force to end it"
            )


def tasks_of_others(plan: Plan, situation: Situation) -> Iterator[str]:
    """Jobs of somebody else may run in our pool."""
    if situation.choices.force:
        return
    pools = {job.id.lower(): (job.pool or job.made_pool or "").lower() for job in situation.held_of(Job)}
    ours = Counter(
        pools.get(generation_id(r.job, r.generation or 1).lower(), "")
        for r in situation.held
        if isinstance(r, Task) and r.state not in WAITING
    )
    told = {schedule.name for schedule in _going(plan, Schedule)}
    for name in sorted(_pools_at_stake(plan)):
        count = situation.account.use(name).running_tasks - ours[name.lower()]
        for schedule in _at_work_in(name, situation) if count > 0 else ():
            job = Job(name=schedule.last_job or "", pool=name)
            running = situation.account.counts(job).running
            count -= running
            if running and schedule.name not in told:
                whose = f"job {job.name!r} of schedule {schedule.name!r}"
                yield f"tasks of {whose} run in pool {name!r} ({running}): {WAIT}"
        if count > 0:
            yield f"tasks of jobs that are not ours run in pool {name!r} ({count}): {WAIT}"


def _at_work_in(pool: str, situation: Situation) -> Iterator[Schedule]:
    """Our schedules whose last job has not ended; it bears no mark, and is ours all the same."""
    ours = (r for r in situation.held_of(Schedule) if r.runs and r.owner == situation.desired.owner)
    return (schedule for schedule in ours if (schedule.job.pool or "").lower() == pool.lower())


def outputs_not_at_home(plan: Plan, situation: Situation) -> Iterator[str]:
    if situation.choices.discard_outputs:
        return
    emptied = {c.name for c in _going(plan, Container)}
    dropped = {b.name for b in _going(plan, Blob)}
    if not (emptied or dropped):
        return
    doomed = [b for b in situation.held_of(Blob) if b.container in emptied or b.name in dropped]
    outputs = lost_outputs(situation.desired.owner, doomed, situation.desired.downloads, situation.is_copy)
    if outputs:
        are, them, their = ("is", "it", "its") if len(outputs) == 1 else ("are", "them", "their")
        yield (
            f"{plural(len(outputs), 'output')} {are} not at home and would be lost "
            f"({_some([b.name for b in outputs])}): apply brings {them} home, `keep: true` keeps {their} container, "
            f"--discard-outputs lets {them} go"
        )


def leased_objects(plan: Plan, situation: Situation) -> Iterator[str]:
    """Somebody holds it fast: the service would refuse, half-way through the plan (reliability F39)."""
    changed = [c.before for c in plan.changes if c.before and c.action is not Action.CREATE]
    emptied = {c.name for c in _going(plan, Container)}
    inside = [b for b in situation.held_of(Blob) if b.container in emptied]
    held_fast = {label_of(r): r for r in (*changed, *inside) if isinstance(r, Container | Blob) and r.leased}
    for name, resource in sorted(held_fast.items()):
        yield f"{resource.kind} {name!r} is leased: whoever holds the lease must let go of it, or you break it"


LOSSES: tuple[Callable[[Plan, Situation], Iterator[str]], ...] = (
    running_tasks,
    tasks_of_others,
    outputs_not_at_home,
    leased_objects,
)


def _going(plan: Plan, kind: type[Resource]) -> list[Resource]:
    return [c.before for c in plan.of(kind, *GOES) if c.before]


def _pools_at_stake(plan: Plan) -> set[str]:
    """Pools that go and have nodes: what runs there must be asked."""
    gone = (c.before for c in plan.of(Pool, *GOES))
    return {p.name for p in gone if isinstance(p, Pool) and p.nodes and p.state != "deleting"}


def _some(names: Sequence[str]) -> str:
    return some(sorted(names))
