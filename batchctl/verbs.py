"""The verbs, as straight lines of calls: a spec and a cloud come in, a plan or events go out."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from batchctl.clock import Clock
from batchctl.errors import CloudError, Partial, Refused, TasksFailed
from batchctl.reconcile import fetch, follow
from batchctl.reconcile.checks import Facts, check, complete, needs_facts
from batchctl.reconcile.events import Event, Failed, NotFetched, TaskFailed
from batchctl.reconcile.execute import execute
from batchctl.reconcile.fetch import CannotLandError
from batchctl.reconcile.outputs import lost, pending
from batchctl.reconcile.plan import Action, Plan, diff, kept
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Container, Desired, Job, Pool, Resource, Task
from batchctl.spec.inventory import take_inventory
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline, resolve

Approve = Callable[[Plan], bool]
"""Shows the plan and asks; False: nothing may be done."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is wanted, and what is held."""

    desired: Desired
    held: tuple[Resource, ...]

    @property
    def blobs(self) -> tuple[Blob, ...]:
        return tuple(r for r in self.held if isinstance(r, Blob))


def plan(spec: Spec, cloud: Cloud, *, discard_outputs: bool = False) -> Plan:
    """What apply would do. Sends reads alone."""
    return _plan(_survey(spec, cloud), cloud, discard_outputs=discard_outputs)


def apply(
    spec: Spec, cloud: Cloud, clock: Clock, approve: Approve, *, discard_outputs: bool = False
) -> Iterator[Event]:
    """Make it so, wait for the tasks, bring the outputs home.

    Raises Refused before anything was changed; afterwards CloudError, Partial, Stuck or TasksFailed.
    """
    survey = _survey(spec, cloud)
    decided = _plan(survey, cloud, discard_outputs=discard_outputs)
    _agree(decided, approve)
    yield from _carried_out(execute(decided, cloud))
    yield from follow.wait(decided.waits, cloud, clock, survey.desired.wait_timeout)
    failures = yield from _verdicts(survey.desired, decided.waits, cloud)
    try:
        yield from _brought_home(survey.desired, cloud)
    except CannotLandError as error:
        # That tasks failed is the graver news; what could not land was told blob by blob.
        if failures:
            raise TasksFailed(f"{_failed_tasks(failures)}\n{error}") from error
        raise
    if failures:
        raise TasksFailed(_failed_tasks(failures))


def destroy(spec: Spec, cloud: Cloud, approve: Approve, *, discard_outputs: bool = False) -> Iterator[Event]:
    """Take away all that bears our mark but what the spec keeps; done means gone."""
    wanted = outline(spec)
    held = _held(wanted, cloud)
    decided = replace(diff(kept(wanted, held), held), unchanged=0)
    if not discard_outputs:
        decided = _guard(decided, wanted, held)
    _agree(decided, approve)
    yield from _carried_out(execute(decided, cloud))


def _survey(spec: Spec, cloud: Cloud) -> Survey:
    wanted = outline(spec)
    held = _held(wanted, cloud)
    listings = {
        c.name: tuple(b for b in held if isinstance(b, Blob) and b.container == c.name) for c in _containers(held)
    }
    return Survey(resolve(spec, take_inventory(spec, listings)), held)


def _held(wanted: Desired, cloud: Cloud) -> tuple[Resource, ...]:
    """All that bears our mark, and whatever sits at a name that we want."""
    names = {c.name for c in _containers(wanted.resources)} | wanted.external
    containers, blobs = cloud.storage(wanted.owner, sorted(names))
    ids = sorted({r.name for r in wanted.resources if isinstance(r, Pool | Job)})
    return (*containers, *blobs, *cloud.batch(wanted.owner, ids))


def _plan(survey: Survey, cloud: Cloud, *, discard_outputs: bool) -> Plan:
    fetches = pending(survey.desired.downloads, survey.blobs, fetch.is_copy)
    decided = diff(survey.desired, survey.held, fetches)
    if needs_facts(decided):
        facts = Facts(images=cloud.images())
        decided = complete(replace(decided, refusals=(*decided.refusals, *check(decided, facts))), facts)
    return decided if discard_outputs else _guard(decided, survey.desired, survey.held)


def _guard(decided: Plan, desired: Desired, held: Sequence[Resource]) -> Plan:
    """Refuse a plan that would lose outputs that were not brought home (design D8)."""
    deleted = [c.before for c in decided.of(Container, Action.DELETE) if c.before]
    emptied = {c.name for c in deleted}
    dropped = {c.before.name for c in decided.of(Blob, Action.DELETE) if c.before}
    doomed = [b for b in held if isinstance(b, Blob) and (b.container in emptied or b.name in dropped)]
    outputs = lost(desired.owner, doomed, desired.downloads, fetch.is_copy)
    if not outputs:
        return decided
    shown = ", ".join(sorted(b.name for b in outputs)[:10])
    reason = (
        f"{len(outputs)} outputs are not at home and would be lost ({shown}): apply brings them home, `keep: true` "
        f"keeps their container, --discard-outputs lets them go"
    )
    return replace(decided, refusals=(*decided.refusals, reason))


def _agree(decided: Plan, approve: Approve) -> None:
    """Ask; a plan that refuses itself is shown and goes no further."""
    agreed = approve(decided)
    if decided.refusals:
        raise Refused(decided.refusals)
    if not agreed:
        raise Refused(["not approved: nothing was changed"])


def _carried_out(events: Iterable[Event]) -> Iterator[Event]:
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


def _verdicts(desired: Desired, jobs: Sequence[Job], cloud: Cloud) -> Generator[Event, None, list[TaskFailed]]:
    tasks = [t for t in desired.resources if isinstance(t, Task)]
    containers = {o.container for t in tasks for o in t.output_files} if jobs else set()
    outputs = [b for name in sorted(containers) for b in cloud.blobs(name) if b.owner == desired.owner]
    runs = [run for job in jobs for run in cloud.tasks(job)]
    failures: list[TaskFailed] = []
    for failure in follow.verdicts(tasks, runs, outputs, cloud):
        failures.append(failure)
        yield failure
    return failures


def _brought_home(desired: Desired, cloud: Cloud) -> Iterator[Event]:
    containers = sorted({d.container for d in desired.downloads})
    blobs = [blob for name in containers for blob in cloud.blobs(name)]
    stranded = 0
    for event in fetch.fetch(pending(desired.downloads, blobs, fetch.is_copy), cloud):
        stranded += isinstance(event, NotFetched)
        yield event
    if stranded:
        raise CannotLandError(f"{stranded} blobs could not be brought home; the reasons are above")


def _failed_tasks(failures: Sequence[TaskFailed]) -> str:
    shown = ", ".join(f.task.id for f in failures[:10]) + (", …" if len(failures) > 10 else "")
    return f"{len(failures)} of the tasks failed ({shown}); apply again runs these alone"


def _containers(resources: Iterable[Resource]) -> list[Container]:
    return [r for r in resources if isinstance(r, Container)]
