"""What is wanted, what is held, and the plan that follows: reads alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from batchctl.reconcile import fetch
from batchctl.reconcile.checks import Facts, check, complete, needs_facts
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.losses import Stakes, guarded
from batchctl.reconcile.orphans import with_orphans
from batchctl.reconcile.outputs import pending
from batchctl.reconcile.plan import Plan, diff
from batchctl.reconcile.port import Cloud
from batchctl.reconcile.renewal import by_reboot, renewed, with_use
from batchctl.resources import Blob, Container, Desired, Job, Pool, Resource
from batchctl.spec.inventory import take_inventory
from batchctl.spec.model import Spec
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
    fetches = pending(survey.desired.downloads, survey.blobs, fetch.is_copy)
    decided = diff(survey.desired, survey.held, fetches, choices)
    decided = by_reboot(with_orphans(decided, survey.desired, survey.held, choices), choices)
    decided = with_use(decided, {pool: cloud.use(pool) for pool in renewed(decided)})
    if needs_facts(decided):
        facts = Facts(images=cloud.images())
        decided = complete(replace(decided, refusals=(*decided.refusals, *check(decided, facts))), facts)
    return guard(decided, survey.desired, survey.held, choices)


def guard(decided: Plan, desired: Desired, held: Sequence[Resource], choices: Choices) -> Plan:
    """Refuse a plan that would lose something (design D8)."""
    return guarded(Stakes(plan=decided, desired=desired, held=held, choices=choices, is_copy=fetch.is_safe))


def _containers(resources: Iterable[Resource]) -> list[Container]:
    return [r for r in resources if isinstance(r, Container)]
