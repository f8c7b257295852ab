"""`batchctl apply`."""

from collections.abc import Generator, Iterator, Sequence
from datetime import timedelta
from functools import partial

from batchctl.clock import Clock
from batchctl.cloud_answers import Ticket
from batchctl.desired import Desired
from batchctl.errors import TasksFailed
from batchctl.reconcile.carry_out import follow
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.carry_out.fetch import CannotLandError
from batchctl.reconcile.choices import Choices, going_on
from batchctl.reconcile.events import Event, TaskFailed
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Task
from batchctl.spec.model import Spec
from batchctl.verbs.running import Approve, brought_home, carried_out, expanded, failed_tasks, keep_to, verdicts
from batchctl.verbs.survey import decide, survey
from batchctl.verbs.turn import AT_ONCE, turn


def apply(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices = Choices(),
    patience: timedelta | None = AT_ONCE,
    ticket: Ticket | None = None,
) -> Generator[Event, None, None]:
    """Make it so, wait for the tasks, bring the outputs home; all of it while nobody else does (`turns`).

    `ticket`: the saved plan that this is.
    Raises Refused before anything was changed; afterwards CloudError, Partial, Stuck or TasksFailed.
    """

    def make(asked: Choices = choices) -> tuple[Desired, Plan]:
        surveyed = survey(spec, cloud)
        return surveyed.desired, decide(surveyed, cloud, asked)

    with turn(cloud, spec.name, patience, ticket) as ours:
        desired, decided = ours.agreed(make, approve)
        failures = yield from _carry_out(desired, decided, cloud, clock)
        first, asked = decided, choices
        while decided.later and not failures:
            asked = going_on(asked, (c.after.id for c in decided.of(Task, Action.CREATE) if isinstance(c.after, Task)))
            desired, decided = ours.later(partial(make, asked))
            keep_to(first, decided)
            yield from expanded(decided)
            failures = yield from _carry_out(desired, decided, cloud, clock)
        yield from _end(desired, failures, cloud, choices)


def _carry_out(desired: Desired, decided: Plan, cloud: Cloud, clock: Clock) -> Generator[Event, None, list[TaskFailed]]:
    yield from carried_out(execute(decided, cloud))
    yield from follow.wait(decided.waits, cloud, clock, desired.wait_timeout)
    return (yield from verdicts(desired, decided.waits, cloud))


def _end(desired: Desired, failures: Sequence[TaskFailed], cloud: Cloud, choices: Choices) -> Iterator[Event]:
    try:
        yield from brought_home(desired, cloud, choices)
    except CannotLandError as error:
        # That tasks failed is the graver news; what could not land was told blob by blob.
        if failures:
            raise TasksFailed(f"{failed_tasks(failures)}\n{error}") from error
        raise
    if failures:
        raise TasksFailed(failed_tasks(failures))
