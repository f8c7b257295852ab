"""`batchctl apply`."""

from collections.abc import Iterator

from batchctl.clock import Clock
from batchctl.errors import TasksFailed
from batchctl.reconcile import follow
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event
from batchctl.reconcile.execute import execute
from batchctl.reconcile.fetch import CannotLandError
from batchctl.reconcile.port import Cloud
from batchctl.spec.model import Spec
from batchctl.verbs.running import Approve, agree, brought_home, carried_out, failed_tasks, verdicts
from batchctl.verbs.survey import decide, survey


def apply(spec: Spec, cloud: Cloud, clock: Clock, approve: Approve, choices: Choices = Choices()) -> Iterator[Event]:
    """Make it so, wait for the tasks, bring the outputs home.

    Raises Refused before anything was changed; afterwards CloudError, Partial, Stuck or TasksFailed.
    """
    surveyed = survey(spec, cloud)
    decided = decide(surveyed, cloud, choices)
    agree(decided, approve)
    yield from carried_out(execute(decided, cloud))
    yield from follow.wait(decided.waits, cloud, clock, surveyed.desired.wait_timeout)
    failures = yield from verdicts(surveyed.desired, decided.waits, cloud)
    try:
        yield from brought_home(surveyed.desired, cloud)
    except CannotLandError as error:
        # That tasks failed is the graver news; what could not land was told blob by blob.
        if failures:
            raise TasksFailed(f"{failed_tasks(failures)}\n{error}") from error
        raise
    if failures:
        raise TasksFailed(failed_tasks(failures))
