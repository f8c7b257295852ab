"""What changes something: apply, destroy."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from batchctl.errors import Refused, UsageError
from batchctl.frozen import dataclass
from batchctl.library.planning import Asked, Plan, choices_of
from batchctl.library.telling import Progress, told
from batchctl.library.workload import Opened, Workload, opened

if TYPE_CHECKING:
    from collections.abc import Generator

    from batchctl.cloud_answers import Ticket
    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.events import Event as Happening
    from batchctl.verbs.under_lock import Approve

AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done: how many objects of all kinds, and the files that came home, absolute."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    adopted: int = 0
    fetched: tuple[Path, ...] = ()


def apply(
    what: Workload | Plan,
    *,
    progress: Progress | None = None,
    wait: bool = True,
    lock_timeout: timedelta | None = AT_ONCE,
    **asked: Unpack[Asked],
) -> Outcome:
    """Carry it out, wait for the tasks, bring the outputs home. Nobody is asked.

    Of a Plan exactly that is done, once and within 24 hours, or Refused says what differs by now; of a Workload what a
    plan made now says, by what is `asked` as for `plan`.
    `progress` hears each Event, in this thread. `wait`: else it returns once the tasks are added. `lock_timeout`: how
    long another apply is waited for; None takes no lock.
    KeyboardInterrupt lets go of the lock and leaves tasks that run to themselves: apply again comes back to them.

    Raises Refused before anything is changed; afterwards CloudError, Partial (the same again goes on from there),
    TasksFailed (the other outputs came home) or Stuck (a deadline, a limit, or nothing that is left can run).
    """
    if isinstance(what, Plan):
        if asked:
            raise UsageError(f"a plan is applied as it was made: give {', '.join(asked)} to batchctl.plan")
        return _apply_plan(what, progress, lock_timeout, wait=wait)
    choices = choices_of(asked)
    with opened(what) as work:
        return _applied(work, lambda _decided: True, choices, None, progress, lock_timeout, wait=wait)


def destroy(
    workload: Workload,
    *,
    progress: Progress | None = None,
    lock_timeout: timedelta | None = AT_ONCE,
    only: Iterable[str] = (),
    discard_outputs: bool = False,
    force: bool = False,
    adopt: bool = False,
) -> Outcome:
    """Take away all that the spec made, but what it keeps, and wait until it is gone. Nobody is asked; there is no
    undo.

    `only`: nothing but this (`KIND.NAME`). `discard_outputs`: what was not brought home may be lost. `force`: tasks
    that run are ended. `adopt`: what a spec of this name made elsewhere goes too. The rest is as for `apply`.

    Raises Refused before anything is changed; afterwards CloudError or Partial.
    """
    from batchctl.verbs import destroy as verb

    choices = choices_of({"only": tuple(only), "discard_outputs": discard_outputs, "force": force, "adopt": adopt})
    with opened(workload) as work:
        clock = work.cloud.clock
        events = verb.destroy(work.spec, work.cloud, clock, lambda _decided: True, choices, lock_timeout)
        return _heard(events, work, progress)


def _apply_plan(plan: Plan, progress: Progress | None, patience: timedelta | None, *, wait: bool) -> Outcome:
    from batchctl.clock import SystemClock
    from batchctl.reconcile.kept.comparison import why_another_account, why_outdated
    from batchctl.verbs.saved import approve_unchanged, ticket

    header = plan.saved.header
    overlays = [digest for _, digest in header.overlays]
    if reasons := why_outdated(header, header.spec_digest, SystemClock().now(), overlays):
        raise Refused(reasons)
    with opened(plan.workload) as work:
        if reasons := why_another_account(header.target, work.place):
            raise Refused(reasons)
        stands = approve_unchanged(plan.saved, work.spec)
        return _applied(work, stands, header.choices, ticket(plan.saved), progress, patience, wait=wait)


def _applied(
    work: Opened,
    approve: "Approve",
    choices: "Choices",
    ticket: "Ticket | None",
    progress: Progress | None,
    patience: timedelta | None,
    *,
    wait: bool,
) -> Outcome:
    from batchctl.reconcile.carry_out.lookout import Lookout
    from batchctl.verbs import apply as verb

    clock = work.cloud.clock
    lookout = Lookout(clock=clock, eyes=work.cloud.eyes, close=False)
    does = (work.spec, work.cloud, clock, approve, choices, patience, ticket, lookout)
    return _heard(verb.apply(*does, wait=wait), work, progress)


def _heard(events: "Generator[Happening, None, None]", work: Opened, progress: Progress | None) -> Outcome:
    from batchctl.reconcile.events import Applied, Fetched

    done, fetched = Counter[str](), list[Path]()
    # An interrupted verb lets go of its lock when it is closed, not when somebody collects it.
    with closing(events):
        for event in events:
            if isinstance(event, Applied):
                done[event.verb] += 1
            elif isinstance(event, Fetched):
                fetched.append(Path(event.path).absolute())
            if progress:
                progress(told(event, work.codec))
    return Outcome(
        created=done["create"],
        updated=done["update"],
        deleted=done["delete"],
        adopted=done["adopt"],
        fetched=tuple(fetched),
    )
