"""Walks a plan kind by kind and yields what happens. Reads nothing but the plan."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from batchctl.cloud_answers import Outcome
from batchctl.errors import BatchctlError
from batchctl.reconcile.decide.sizes import going_on, size_after_refusal
from batchctl.reconcile.events import Applied, Begun, Event, Failed, PoolNotice, Verb
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import KINDS, Blob, Job, Pool, Resource, Task, label_of
from batchctl.words import one_line


def execute(plan: Plan, cloud: Cloud) -> Iterator[Event]:
    """Adopts, ends jobs that are given up, deletes in reverse order of KINDS, then makes and changes in order.

    Stops after a kind that failed. Jobs take their tasks while they are open and are sealed last (design D7), so that
    no race ends one early.
    """
    yield from _until_one_fails(_steps(plan, cloud, plan))


def execute_stage(stage: Plan, cloud: Cloud, whole: Plan | None) -> Iterator[Event]:
    """A part of a plan; `whole`: the plan whose last part it is, which seals the jobs. A pool scales from the part on
    that makes it: its first nodes may be too few for the tasks of that, or none."""
    yield from _until_one_fails(_steps(stage, cloud, whole))


def _until_one_fails(steps: Iterable[Iterator[Event]]) -> Iterator[Event]:
    for step in steps:
        failed = False
        for event in step:
            failed |= isinstance(event, Failed)
            yield event
        if failed:
            return


def _steps(plan: Plan, cloud: Cloud, sealing: Plan | None) -> Iterator[Iterator[Event]]:
    # What is taken over must bear our marks before anything of it is changed or deleted.
    for kind in KINDS:
        taken = [(c.before, c.after) for c in plan.of(kind, Action.ADOPT) if c.before and c.after]
        yield _step("adopt", kind.kind, [label_of(r) for _, r in taken], partial(cloud.adopt, taken, plan.owner))
    # A job that is given up ends before its pool gets nodes or its tasks get inputs: nothing of it may begin by that.
    ended = [(c.before, c.after) for c in plan.of(Job, Action.UPDATE) if c.before and c.after and ends_job(c)]
    yield _step("end", "job", [label_of(job) for _, job in ended], partial(cloud.update, ended, plan.owner))
    # First what goes: it holds quota, and maybe the name of what is made. Nothing goes before what stands in it.
    for kind in reversed(KINDS):
        doomed = [c.before for c in plan.of(kind, Action.DELETE, Action.REPLACE) if c.before]
        yield _step("delete", kind.kind, list(map(label_of, doomed)), partial(cloud.delete, doomed, plan.owner))
    for kind in KINDS:
        made = [_as_made(c.after) for c in plan.of(kind, Action.CREATE, Action.REPLACE) if c.after]
        # A job's manager comes with it.
        made = [r for r in made if not (isinstance(r, Task) and r.manager)]
        work = partial(_make_pools, cloud) if kind is Pool else cloud.create
        yield _step("create", kind.kind, list(map(label_of, made)), partial(work, made, plan.owner), _stored(made))
        changed = [
            (c.before, c.after) for c in plan.of(kind, Action.UPDATE) if c.before and c.after and not ends_job(c)
        ]
        update = partial(cloud.update, changed, plan.owner)
        yield _step("update", kind.kind, [label_of(r) for _, r in changed], update, _stored(r for _, r in changed))
    if sealing:
        yield _sealing_step(sealing, cloud)
    yield _scaling_step(plan, cloud)


def _make_pools(cloud: Cloud, pools: Sequence[Resource], owner: str) -> Iterator[Outcome | Event]:
    """Of the sizes that a pool may have, the first that Batch takes."""
    for outcome in cloud.create(pools, owner):
        pool = outcome.resource
        while isinstance(pool, Pool) and (size := size_after_refusal(pool, outcome.error)):
            yield PoolNotice(pool=pool.name, says=(going_on(one_line(str(outcome.error)), size),))
            pool = replace(pool, vm_size=size)
            outcome = next(iter(cloud.create([pool], owner)))
        yield outcome


def _stored(resources: Iterable[Resource]) -> int:
    return sum(resource.size for resource in resources if isinstance(resource, Blob))


def _step(
    verb: Verb, kind: str, names: Iterable[str], work: Callable[[], Iterable[Outcome | Event]], size: int = 0
) -> Iterator[Event]:
    named = tuple(names)
    if not named:
        return
    yield Begun(verb=verb, kind=kind, names=named, size=size)
    for outcome in work():
        if not isinstance(outcome, Outcome):
            yield outcome
            continue
        name = label_of(outcome.resource)
        if outcome.error:
            yield Failed(verb=verb, kind=kind, name=name, error=outcome.error)
        else:
            yield Applied(verb=verb, kind=kind, name=name)


def _sealing_step(plan: Plan, cloud: Cloud) -> Iterator[Event]:
    tasks = [c.after for c in plan.of(Task, Action.CREATE) if isinstance(c.after, Task)]
    for job in open_jobs(plan.changes):
        try:
            cloud.seal(job, frozenset(t.id for t in tasks if t.generation == job.generation))
        except BatchctlError as error:
            yield Failed(verb="seal", kind="job", name=job.id, error=error)


def _as_made(resource: Resource) -> Resource:
    return resource.made_as if isinstance(resource, Pool) else resource


def _scaling_step(plan: Plan, cloud: Cloud) -> Iterator[Event]:
    """Formulas that are switched on when the tasks are in."""
    made = [c.after for c in plan.of(Pool, Action.CREATE, Action.REPLACE) if isinstance(c.after, Pool)]
    scaled: list[tuple[Resource, Resource]] = [(pool.made_as, pool) for pool in made if pool.scale]
    for outcome in cloud.update(scaled, plan.owner) if scaled else ():
        if outcome.error:
            yield Failed(verb="scale", kind="pool", name=outcome.resource.name, error=outcome.error)
        else:
            yield PoolNotice(pool=outcome.resource.name, says=("its autoscale formula is on: its tasks are in",))


def ends_job(change: Change) -> bool:
    """Is a job ended by this, before anything could make its tasks begin?"""
    before, after = change.before, change.after
    return isinstance(before, Job) and isinstance(after, Job) and before.state != after.state


def open_jobs(changes: Iterable[Change]) -> Iterator[Job]:
    """The jobs that take tasks by these changes, and are sealed when they have them."""
    for change in changes:
        match change:
            case Change(action=Action.CREATE, after=Job(sealed=False) as job):
                yield job
            case Change() if ends_job(change):
                pass
            case Change(action=Action.UPDATE, before=Job(sealed=False), after=Job(sealed=True) as job):
                yield job
