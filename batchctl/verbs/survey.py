"""What is wanted, what is held, and the plan that follows: reads alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from batchctl.desired import Desired
from batchctl.reconcile.amend.adoption import adoptable, as_ours, elsewhere, with_adoptions
from batchctl.reconcile.amend.checks import Facts, check, complete, needs_facts
from batchctl.reconcile.amend.data_loss import Stakes, guarded, pools_at_stake
from batchctl.reconcile.amend.only import only
from batchctl.reconcile.amend.orphans import with_orphans
from batchctl.reconcile.amend.renewal import by_reboot, renewed, with_use
from batchctl.reconcile.amend.replacing import with_replaced
from batchctl.reconcile.carry_out import fetch
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.outputs import pending
from batchctl.reconcile.plan import Plan, diff
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Container, Job, Pool, Resource
from batchctl.spec.model import Spec
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import outline, resolve


@dataclass(frozen=True, slots=True)
class Survey:
    """What is wanted, and what is held."""

    desired: Desired
    held: tuple[Resource, ...]

    @property
    def blobs(self) -> tuple[Blob, ...]:
        return tuple(r for r in self.held if isinstance(r, Blob))


def survey(spec: Spec, cloud: Cloud) -> Survey:
    wanted = outline(spec)
    held = held_by(wanted, cloud)
    listings = {
        c.name: tuple(b for b in held if isinstance(b, Blob) and b.container == c.name) for c in _containers(held)
    }
    return Survey(resolve(spec, take_inventory(spec, listings)), held)


def held_by(wanted: Desired, cloud: Cloud) -> tuple[Resource, ...]:
    """All that bears our mark, and whatever sits at a name that we want."""
    names = {c.name for c in _containers(wanted.resources)} | wanted.external
    containers, blobs = cloud.storage(wanted.owner, sorted(names))
    ids = sorted({r.name for r in wanted.resources if isinstance(r, Pool | Job)})
    return (*containers, *blobs, *cloud.batch(wanted.owner, ids))


def decide(survey: Survey, cloud: Cloud, choices: Choices) -> Plan:
    fetches = fetch.seen(pending(survey.desired.downloads, survey.blobs, fetch.is_copy))
    taken = adoptable(survey.desired, survey.held) if choices.adopt else ()
    held = _adopted(survey, taken, cloud)
    decided = with_adoptions(diff(survey.desired, held, fetches, choices), survey.desired, taken)
    if not choices.adopt:
        decided = replace(decided, refusals=(*elsewhere(survey.desired, held), *decided.refusals))
    decided = with_orphans(decided, survey.desired, held, choices)
    decided = by_reboot(with_replaced(decided, survey.desired, held, choices), choices)
    decided = only(decided, survey.desired, held, choices)
    decided = with_use(decided, {pool: cloud.use(pool) for pool in renewed(decided)})
    if needs_facts(decided):
        facts = Facts(images=cloud.images())
        decided = complete(replace(decided, refusals=(*decided.refusals, *check(decided, facts))), facts)
    return guard(decided, survey.desired, held, choices, cloud)


def _adopted(survey: Survey, taken: Sequence[Resource], cloud: Cloud) -> tuple[Resource, ...]:
    """What would be held once these were adopted; with a job of others come its tasks."""
    ours = {id(r): as_ours(survey.desired, r) for r in taken}
    jobs = [ours[id(r)] for r in taken if isinstance(r, Job) and r.owner != survey.desired.owner]
    tasks = [task for job in jobs if isinstance(job, Job) for task in cloud.tasks(job)]
    return (*(ours.get(id(r), r) for r in survey.held), *tasks)


def guard(decided: Plan, desired: Desired, held: Sequence[Resource], choices: Choices, cloud: Cloud) -> Plan:
    """Refuse a plan that would lose something (design D8)."""
    uses = {} if choices.force else {pool: cloud.use(pool) for pool in pools_at_stake(decided)}
    return guarded(Stakes(plan=decided, desired=desired, held=held, choices=choices, is_copy=fetch.is_safe, uses=uses))


def _containers(resources: Iterable[Resource]) -> list[Container]:
    return [r for r in resources if isinstance(r, Container)]
