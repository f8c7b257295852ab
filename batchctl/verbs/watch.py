"""`batchctl watch`: comes back to a run that somebody set going, also on another machine, and sees it to its end.

It makes nothing that the spec asks for. What an apply would do once the tasks have ended it does in its place, under
the lock and only if nobody else is at work (design D10): it ends pools as `afterRun` has it, ends jobs in which nothing
can run any more, and notes outputs that were overwritten.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from batchctl.clock import Clock
from batchctl.errors import NotThere, Refused, SpecError
from batchctl.reconcile.amend.idle_pools import endings_due
from batchctl.reconcile.carry_out import follow
from batchctl.reconcile.carry_out.lookout import Lookout
from batchctl.reconcile.carry_out.pool_watch import Known
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.going import jobs_that_go_on
from batchctl.reconcile.events import Event, Notice, Phase, UnderWay
from batchctl.reconcile.explain.unattended import unattended, unkept
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Cloud, Lock
from batchctl.resources import Job, Task
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline
from batchctl.verbs.carrying_out import pool_before
from batchctl.verbs.run_end import Errand, Watched, end_of, ended, home, jobs_of, situation_at
from batchctl.verbs.survey import Survey, decide, held_by, survey
from batchctl.verbs.timing import timed
from batchctl.verbs.under_lock import AT_ONCE

BETWEEN = 5.0
"""Seconds between two looks while somebody else adds tasks."""

NOTHING = "nothing of this spec has run: `batchctl apply` runs it"
SCHEDULED = "the jobs of this spec come and go by its schedule: `batchctl status` shows how they go"


def watch(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    choices: Choices = Choices(),
    *,
    locks: bool = True,
    lookout: Lookout | None = None,
) -> Generator[Event, None, None]:
    """Wait for the tasks that go on, tell those that failed, bring the outputs home. Nobody is kept away meanwhile.

    Raises NotThere where nothing has run, and else what an apply would: TasksFailed, Stuck, Partial, CloudError.
    """
    lock = cloud.lock(spec.name) if locks else None
    errand = Errand(spec=spec, cloud=cloud, clock=clock, choices=choices, lock=lock, lookout=lookout)
    yield from timed(_watch(errand), clock)


def _watch(errand: Errand) -> Generator[Event, None, None]:
    first: Survey | None = None
    while True:
        seen = yield from _until_nothing_goes_on(errand, first)
        first = seen.first
        if not jobs_of(seen.last):
            raise NotThere(SCHEDULED if errand.spec.schedule else NOTHING)
        end = end_of(seen, errand.cloud)
        with _turn_at_the_end(errand.lock if end else None, seen.holder) as ours:
            if ours is None:
                continue  # somebody was at work since we looked
            yield from end.failures
            nodes_left = yield from ended(end, seen, errand, ours=ours)
        yield from home(end, seen, errand, nodes_left, ours=ours)
        return


def _until_nothing_goes_on(errand: Errand, first: Survey | None) -> Generator[Event, None, Watched]:
    told = ""
    while True:
        if errand.lock:
            errand.lock.look()
        seen, lacking = _look(errand.spec, errand.cloud)
        if lacking and first is None:
            yield Notice(says=(f"only what runs is watched, for here the spec is not whole: {lacking}",))
        first = first or seen
        holder = errand.lock.holder() if errand.lock else None
        if jobs := jobs_that_go_on(seen.held, seen.desired.owner):
            yield from _waited(errand, seen, jobs, holder)
            continue
        decided = Plan(owner=errand.spec.name) if lacking else decide(seen, errand.cloud, errand.choices)
        if not holder or not _more_to_come(decided):
            return Watched(first=first, last=seen, decided=decided, holder=holder, lacking=lacking)
        if told != holder:
            yield Notice(says=(f"no task goes on just now; {holder}, is at work on this spec, and is waited for",))
            told = holder
        errand.clock.sleep(BETWEEN)


def _look(spec: Spec, cloud: Cloud) -> tuple[Survey, str]:
    """What is wanted and held; of a spec whose files are elsewhere what it says without them, and what is lacking."""
    try:
        return survey(spec, cloud), ""
    except SpecError as error:
        found = error.problems[0]
        lacking = f"{found.file}:{found.line}:{found.column}: {found.message}"
        wanted = outline(spec)
        return Survey(wanted, held_by(wanted, cloud, spec.unread)), lacking


def _more_to_come(decided: Plan) -> bool:
    return bool(decided.later or decided.of(Task, Action.CREATE))


def _waited(errand: Errand, seen: Survey, jobs: Sequence[Job], holder: str | None) -> Iterator[Event]:
    desired, cloud, lookout = seen.desired, errand.cloud, errand.lookout
    # No plan is made while tasks run: what an apply would do then is no business of who looks on.
    run = Plan(owner=desired.owner, waits=tuple(jobs), endings=endings_due(situation_at(seen, cloud)))
    attended = (f"{holder}, is at work on this spec, and sees to what comes then",) if holder else ()
    ids = tuple(job.id for job in jobs)
    yield Phase(name="tasks")
    yield Notice(says=(f"waits for the tasks of {', '.join(ids)}", *(attended or unkept(desired, jobs))))
    yield UnderWay(jobs=ids, unattended=attended or tuple(unattended(desired, run)))
    if lookout:
        yield from lookout.expect(desired, run)
    bounds = follow.Bounds(timeout=desired.wait_timeout, keeps=False)
    known = Known(before=pool_before(desired, jobs, cloud), external=desired.external_pool is not None)
    yield from follow.wait_for_tasks(jobs, cloud, errand.clock, bounds, known, lookout=lookout, spec=desired.file)


@contextmanager
def _turn_at_the_end(lock: Lock | None, holder: str | None) -> Iterator[bool | None]:
    """True: it is ours to end things. False: somebody is at work, and does. None: somebody was, and what we saw may not
    hold any more."""
    ours: bool | None = not holder
    if lock and ours:
        try:
            ours = lock.take(AT_ONCE) or None
        except Refused:
            ours = False
    try:
        yield ours
    finally:
        if lock:
            lock.release()
