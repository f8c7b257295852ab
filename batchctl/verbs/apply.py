"""`batchctl apply`."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from batchctl.clock import Clock
from batchctl.cloud_answers import PoolHealth, Ticket
from batchctl.desired import Desired
from batchctl.errors import BatchctlError, CloudError, Partial, Stuck, TasksFailed
from batchctl.reconcile.carry_out import follow
from batchctl.reconcile.carry_out.after_run import end_pools, ended_lines, nodes_that_go_on
from batchctl.reconcile.carry_out.execute import execute_stage, open_jobs
from batchctl.reconcile.carry_out.follow import halt
from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.carry_out.pool_watch import Known
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.choices import Choices, going_on
from batchctl.reconcile.decide.canary import staged
from batchctl.reconcile.events import Event, Phase, TaskFailed
from batchctl.reconcile.plan import Ending, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Pool
from batchctl.spec.model import Spec
from batchctl.verbs.carrying_out import (
    added_tasks,
    brought_home,
    canary_line,
    carried_out,
    failed_tasks_line,
    keep_to_announced,
    over_line,
    pool_before,
    tell_expanded,
    tell_failures,
    told_spending,
)
from batchctl.verbs.detaching import only_at_once, set_going, under_way
from batchctl.verbs.survey import Survey, decide, survey
from batchctl.verbs.timing import timed
from batchctl.verbs.under_lock import AT_ONCE, Approve, Turn, under_lock

if TYPE_CHECKING:
    from batchctl.reconcile.carry_out.lookout import Lookout


def apply(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices = Choices(),
    patience: timedelta | None = AT_ONCE,
    ticket: Ticket | None = None,
    lookout: "Lookout | None" = None,
    *,
    wait: bool = True,
) -> Generator[Event, None, None]:
    """Make it so, wait for the tasks, bring the outputs home; all of it while nobody else does (`under_lock`).

    `ticket`: the saved plan that this is. `lookout` tells what is seen beside the counts. `wait`: else it ends once the
    tasks are added.
    Raises Refused before anything was changed; afterwards CloudError, Partial, Stuck or TasksFailed.
    """
    yield from timed(_apply(spec, cloud, clock, approve, choices, patience, ticket, lookout, wait=wait), clock)


def _apply(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices,
    patience: timedelta | None,
    ticket: Ticket | None,
    lookout: "Lookout | None",
    *,
    wait: bool,
) -> Generator[Event, None, None]:
    with under_lock(cloud, spec.name, patience, ticket) as turn:
        seen, decided = _plan_to_agree(spec, cloud, choices, wait=wait)
        while not turn.agrees(decided, approve):
            seen, decided = _plan_to_agree(spec, cloud, choices, wait=wait)
        if not wait and decided.waits:
            yield from set_going(seen.desired, decided, cloud)
            return
        meter = Meter(seen.desired, cloud, clock)
        try:
            yield from _see_through(spec, cloud, clock, choices, turn, seen, decided, meter, lookout)
        except BatchctlError as error:
            yield from told_spending(meter, decided)
            if _leaves_nodes(error):
                # That they cannot be looked at is no news beside the error.
                with suppress(CloudError, Partial):
                    yield from nodes_that_go_on(replace(decided, endings=()), seen.desired, cloud)
            raise
        yield from told_spending(meter, decided)


def _leaves_nodes(error: BatchctlError) -> bool:
    """May nodes go on that nobody has told of? A service that does not answer is not asked."""
    if isinstance(error, CloudError):
        return bool(error.status)
    return isinstance(error, Stuck | Partial | CannotLandError)


def _see_through(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    choices: Choices,
    turn: Turn,
    seen: Survey,
    decided: Plan,
    meter: Meter,
    lookout: "Lookout | None",
) -> Generator[Event, None, None]:
    failures, left = yield from _carry_out(seen, decided, cloud, clock, meter, lookout)
    first, going = decided, choices
    while decided.later and not failures and not meter.over:
        going, ran = going_on(going, [task.id for task in added_tasks(decided)]), decided
        seen, decided = _plan_of_apply(spec, cloud, going)
        # The first plan may have changed nothing, and taken no lock.
        while not turn.holds(decided):
            seen, decided = _plan_of_apply(spec, cloud, going)
        try:
            keep_to_announced(first, decided)
        except Partial:
            # What ran has ended, and the next plan may be refused as well: nobody else takes the nodes away.
            yield from end_pools(ran, seen.desired, cloud, clock)
            raise
        yield from tell_expanded(decided)
        failures, left = yield from _carry_out(seen, decided, cloud, clock, meter, lookout)
    # Before the downloads, which may take their time: nodes cost while they are there.
    if decided.endings:
        yield Phase(name="pools")
    nodes_left = yield from end_pools(decided, seen.desired, cloud, clock)
    # Last of all: what comes home is named by the whole spec, and a later step may write more of it.
    if meter.over:
        yield Phase(name="downloads")
        yield from brought_home(seen.desired, cloud, choices)
        raise Stuck(over_line(meter, decided, len(failures) + left, nodes_left))
    yield from _bring_home(seen.desired, decided, (failures, left), nodes_left, cloud, choices)


def _plan_to_agree(spec: Spec, cloud: Cloud, choices: Choices, *, wait: bool) -> tuple[Survey, Plan]:
    seen, decided = _plan_of_apply(spec, cloud, choices)
    return seen, decided if wait else only_at_once(spec, seen.desired, decided)


def _plan_of_apply(spec: Spec, cloud: Cloud, choices: Choices) -> tuple[Survey, Plan]:
    seen = survey(spec, cloud)
    return seen, decide(seen, cloud, choices)


def _carry_out(
    seen: Survey, decided: Plan, cloud: Cloud, clock: Clock, meter: Meter, lookout: "Lookout | None"
) -> Generator[Event, None, tuple[list[TaskFailed], int]]:
    """Returns the tasks that failed, and how many were not added."""
    desired = seen.desired
    before = pool_before(desired, decided.waits, cloud)
    wait = partial(_wait, desired, decided, cloud, clock, before, meter, lookout)
    *first, last = staged(decided, desired.canary)
    for n, stage in enumerate(first):
        left = sum(len(added_tasks(stage)) for stage in (*first[n + 1 :], last))
        yield from _changed(stage, cloud, None)
        yield from wait(left)
        failures = yield from tell_failures(seen, decided, cloud)
        if failures and not meter.over:
            yield halt(tuple(open_jobs(decided.changes)), cloud, canary_line(failures, left))
        if failures or meter.over:
            return failures, left
    yield from _changed(last, cloud, decided)
    yield from wait()
    return (yield from tell_failures(seen, decided, cloud)), 0


def _changed(stage: Plan, cloud: Cloud, whole: Plan | None) -> Iterator[Event]:
    if stage.changes:
        yield Phase(name="changes")
    yield from carried_out(execute_stage(stage, cloud, whole))


def _wait(
    desired: Desired,
    decided: Plan,
    cloud: Cloud,
    clock: Clock,
    before: PoolHealth | None,
    meter: Meter,
    lookout: "Lookout | None",
    left: int = 0,
) -> Iterator[Event]:
    """`left`: of so many tasks the turn has not come."""
    yield from under_way(desired, decided, left)
    if lookout:
        yield from lookout.expect(desired, decided)
    pools = {r.name.lower(): r for r in desired.resources if isinstance(r, Pool)}
    wanted = pools.get(decided.waits[-1].pool.lower()) if decided.waits else None
    bounds = follow.Bounds(timeout=desired.wait_timeout, tolerance=desired.max_failures, meter=meter)
    known = Known(before=before, external=desired.external_pool is not None, wanted=wanted)
    yield from follow.wait_for_tasks(decided.waits, cloud, clock, bounds, known, lookout=lookout, spec=desired.file)


def _bring_home(
    desired: Desired,
    decided: Plan,
    undone: tuple[Sequence[TaskFailed], int],
    nodes_left: Sequence[Ending],
    cloud: Cloud,
    choices: Choices,
) -> Iterator[Event]:
    (failures, _), costing = undone, ended_lines(nodes_left, nodes_left)
    if decided:
        yield Phase(name="downloads")
    try:
        yield from brought_home(desired, cloud, choices)
        yield from nodes_that_go_on(decided, desired, cloud)
    except CannotLandError as error:
        # That tasks failed is the graver news; what could not land was told blob by blob.
        if failures:
            raise TasksFailed("\n".join((failed_tasks_line(*undone), str(error), *costing))) from error
        raise
    if failures:
        raise TasksFailed("\n".join((failed_tasks_line(*undone), *costing)))
    if costing:
        raise Partial("\n".join(costing))
