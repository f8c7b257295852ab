"""What a plan would lose that nobody gets back: each a reason to refuse it, until the user says that it may go (D8)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from batchctl.cloud_answers import PoolUse
from batchctl.desired import Desired
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.outputs import IsCopy, lost
from batchctl.reconcile.plan import Action, Plan
from batchctl.resources import Blob, Container, Job, Pool, Resource, Task, generation_id, label_of
from batchctl.words import some

GOES = (Action.DELETE, Action.REPLACE)
WAITING = ("active", "completed")
"""States of tasks in which they do no work that could be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """A plan, and what is at stake: what is held and wanted, what is at home, and what pools that go are used for."""

    plan: Plan
    desired: Desired
    held: Sequence[Resource]
    choices: Choices
    is_copy: IsCopy
    uses: Mapping[str, PoolUse]

    def going(self, kind: type[Resource]) -> list[Resource]:
        return [c.before for c in self.plan.of(kind, *GOES) if c.before]


def pools_at_stake(plan: Plan) -> tuple[str, ...]:
    """Pools that go and have nodes: what runs there must be asked."""
    gone = (c.before for c in plan.of(Pool, *GOES))
    return tuple(p.name for p in gone if isinstance(p, Pool) and p.nodes and p.state != "deleting")


def guarded(stakes: Stakes) -> Plan:
    """The plan with every reason why it must not be carried out."""
    found = tuple(reason for rule in LOSSES for reason in rule(stakes))
    return replace(stakes.plan, refusals=(*stakes.plan.refusals, *found)) if found else stakes.plan


def running_tasks(stakes: Stakes) -> Iterator[str]:
    """A task that runs would be ended, and what it has done by now would be lost."""
    if stakes.choices.force:
        return
    runs = [r for r in stakes.held if isinstance(r, Task) and r.state not in WAITING]
    busy = Counter(generation_id(r.job, r.generation or 1).lower() for r in runs)
    alive = [job for job in stakes.going(Job) if isinstance(job, Job) and job.state != "deleting"]
    for job in alive:
        if count := busy[job.id.lower()]:
            yield (
                f"tasks of job {job.id!r} still run ({count}): wait until they have ended, or pass --force to end them"
            )


def tasks_of_others(stakes: Stakes) -> Iterator[str]:
    """Jobs of somebody else may run in our pool."""
    if stakes.choices.force:
        return
    pools = {job.id.lower(): job.pool.lower() for job in stakes.held if isinstance(job, Job)}
    ours = Counter(
        pools.get(generation_id(r.job, r.generation or 1).lower(), "")
        for r in stakes.held
        if isinstance(r, Task) and r.state not in WAITING
    )
    for name, use in sorted(stakes.uses.items()):
        if (count := use.running_tasks - ours[name.lower()]) > 0:
            yield (
                f"tasks of jobs that are not ours run in pool {name!r} ({count}): wait until they have ended, or pass "
                f"--force to end them"
            )


def outputs_not_at_home(stakes: Stakes) -> Iterator[str]:
    if stakes.choices.discard_outputs:
        return
    emptied = {c.name for c in stakes.going(Container)}
    dropped = {b.name for b in stakes.going(Blob)}
    doomed = [b for b in stakes.held if isinstance(b, Blob) and (b.container in emptied or b.name in dropped)]
    outputs = lost(stakes.desired.owner, doomed, stakes.desired.downloads, stakes.is_copy)
    if outputs:
        yield (
            f"{len(outputs)} outputs are not at home and would be lost ({_some([b.name for b in outputs])}): apply "
            f"brings them home, `keep: true` keeps their container, --discard-outputs lets them go"
        )


def leased(stakes: Stakes) -> Iterator[str]:
    """Somebody holds it fast: the service would refuse, half-way through the plan (reliability F39)."""
    changed = [c.before for c in stakes.plan.changes if c.before and c.action is not Action.CREATE]
    emptied = {c.name for c in stakes.going(Container)}
    inside = [b for b in stakes.held if isinstance(b, Blob) and b.container in emptied]
    held_fast = {label_of(r): r for r in (*changed, *inside) if isinstance(r, Container | Blob) and r.leased}
    for name, resource in sorted(held_fast.items()):
        yield f"{resource.kind} {name!r} is leased: whoever holds the lease must let go of it, or you break it"


LOSSES: tuple[Callable[[Stakes], Iterator[str]], ...] = (running_tasks, tasks_of_others, outputs_not_at_home, leased)


def _some(names: Sequence[str]) -> str:
    return some(sorted(names))
