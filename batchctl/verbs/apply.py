"""`batchctl apply`."""

from collections.abc import Generator, Iterator
from datetime import timedelta

from batchctl.clock import Clock
from batchctl.errors import TasksFailed
from batchctl.reconcile import follow
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event
from batchctl.reconcile.execute import execute
from batchctl.reconcile.fetch import CannotLandError
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Desired
from batchctl.spec.model import Spec
from batchctl.verbs.running import Approve, brought_home, carried_out, failed_tasks, verdicts
from batchctl.verbs.survey import decide, survey
from batchctl.verbs.turns import AT_ONCE, turn


def apply(
    spec: Spec,
    cloud: Cloud,
    clock: Clock,
    approve: Approve,
    choices: Choices = Choices(),
    patience: timedelta | None = AT_ONCE,
) -> Generator[Event, None, None]:
    """Make it so, wait for the tasks, bring the outputs home; all of it while nobody else does (`turns`).

    Raises Refused before anything was changed; afterwards CloudError, Partial, Stuck or TasksFailed.
    """

    def make() -> tuple[Desired, Plan]:
        surveyed = survey(spec, cloud)
        return surveyed.desired, decide(surveyed, cloud, choices)

    with turn(cloud, spec.name, patience) as ours:
        yield from _carry_out(*ours.agreed(make, approve), cloud, clock, choices)


def _carry_out(desired: Desired, decided: Plan, cloud: Cloud, clock: Clock, choices: Choices) -> Iterator[Event]:
    yield from carried_out(execute(decided, cloud))
    yield from follow.wait(decided.waits, cloud, clock, desired.wait_timeout)
    failures = yield from verdicts(desired, decided.waits, cloud)
    try:
        yield from brought_home(desired, cloud, choices)
    except CannotLandError as error:
        # That tasks failed is the graver news; what could not land was told blob by blob.
        if failures:
            raise TasksFailed(f"{failed_tasks(failures)}\n{error}") from error
        raise
    if failures:
        raise TasksFailed(failed_tasks(failures))
