"""What apply and destroy share once a plan is made: ask, carry out, judge, bring home."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from batchctl.desired import Desired
from batchctl.errors import CloudError, Partial, Refused
from batchctl.reconcile.amend.later_steps import unannounced
from batchctl.reconcile.amend.only import comes_home
from batchctl.reconcile.carry_out import fetch, follow
from batchctl.reconcile.carry_out.fetch import CannotLandError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event, Expanded, Failed, NotFetched, TaskFailed
from batchctl.reconcile.outputs import pending
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job, Task
from batchctl.words import plural, some

Approve = Callable[[Plan], bool]
"""Shows the plan and asks; False: nothing may be done."""


def agree(decided: Plan, approve: Approve) -> None:
    """Ask; a plan that refuses itself is shown and goes no further."""
    agreed = approve(decided)
    if decided.refusals:
        raise Refused(decided.refusals)
    if not agreed:
        raise Refused(["not approved: nothing was changed"])


def carried_out(events: Iterable[Event]) -> Iterator[Event]:
    failures = []
    for event in events:
        if isinstance(event, Failed):
            failures.append(event)
        yield event
    if failures:
        what = "\n".join(f"could not {f.verb} {f.kind} {f.name}: {f.error}" for f in failures)
        refused = any(isinstance(f.error, CloudError) for f in failures)
        raise (CloudError if refused else Partial)(
            f"{what}\nWhat was done before stays; apply again goes on from there."
        )


def keep_to(first: Plan, now: Plan) -> None:
    """A later step does what the plan announced and nothing else: whatever else came up meanwhile wants a plan of its
    own."""
    if now.refusals:
        raise Partial("\n".join(("the tasks that were to come now cannot:", *now.refusals)))
    if more := unannounced(first, now):
        said = "\n".join(("something changed while the first tasks ran; the plan did not say this:", *more[:10]))
        raise Partial(f"{said}\nApply again to see a plan of it.")


def expanded(now: Plan) -> Iterator[Event]:
    added = now.of(Task, Action.CREATE)
    if added:
        yield Expanded(tasks=len(added), job=now.waits[-1].id)


def verdicts(desired: Desired, jobs: Sequence[Job], cloud: Cloud) -> Generator[Event, None, list[TaskFailed]]:
    tasks = [t for t in desired.resources if isinstance(t, Task)]
    containers = {o.container for t in tasks for o in t.output_files} if jobs else set()
    outputs = [b for name in sorted(containers) for b in cloud.blobs(name) if b.owner == desired.owner]
    runs = follow.runs_of(jobs, tasks, outputs, cloud)
    failures: list[TaskFailed] = []
    for failure in follow.verdicts(tasks, runs, outputs, cloud):
        failures.append(failure)
        yield failure
    return failures


def brought_home(desired: Desired, cloud: Cloud, choices: Choices) -> Iterator[Event]:
    containers = sorted({d.container for d in desired.downloads})
    blobs = [blob for name in containers for blob in cloud.blobs(name) if comes_home(blob, choices)]
    stranded = 0
    for event in fetch.fetch(pending(desired.downloads, blobs, fetch.is_copy), cloud):
        stranded += isinstance(event, NotFetched)
        yield event
    if stranded:
        raise CannotLandError(f"{plural(stranded, 'blob')} could not be brought home; the reasons are above")


def failed_tasks(failures: Sequence[TaskFailed]) -> str:
    ids = [failure.task.id for failure in failures]
    return f"{len(ids)} of the tasks failed ({some(ids)}); apply again runs these alone"
