"""What is wanted, what is held, and the plan that follows: reads alone."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from batchctl.desired import Desired
from batchctl.frozen import dataclass
from batchctl.reconcile.amend.adoption import adoptable_resources, as_ours
from batchctl.reconcile.amend.amendments import APPLYING, amended
from batchctl.reconcile.carry_out import fetch
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.outputs import not_at_home
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud, Situation
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
    # What is held comes first: its blobs are the inputs that factories go over, and no container is listed twice.
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
    """The plan of an apply."""
    fetches = fetch.with_replaced_files(not_at_home(survey.desired.downloads, survey.blobs, fetch.is_copy))
    adopted = adoptable_resources(survey.desired, survey.held) if choices.adopt else ()
    held = _once_adopted(survey, adopted, cloud)
    decided = diff(survey.desired, held, fetches, choices)
    return amended(decided, situation_of(survey.desired, held, choices, cloud, adopted), APPLYING)


def situation_of(
    desired: Desired, held: Sequence[Resource], choices: Choices, cloud: Cloud, adopted: Sequence[Resource] = ()
) -> Situation:
    """What a plan is amended by. Before anything is lost for good, its copy at home is read."""
    return Situation(
        desired=desired,
        held=held,
        choices=choices,
        account=cloud,
        is_copy=fetch.is_safe,
        now=datetime.now(UTC),
        adopted=adopted,
    )


def _once_adopted(survey: Survey, adopted: Sequence[Resource], cloud: Cloud) -> tuple[Resource, ...]:
    """What would be held once these were adopted; with a job of others come its tasks."""
    ours = {id(r): as_ours(survey.desired, r) for r in adopted}
    jobs = [ours[id(r)] for r in adopted if isinstance(r, Job) and r.owner != survey.desired.owner]
    tasks = [task for job in jobs if isinstance(job, Job) for task in cloud.tasks(job)]
    return (*(ours.get(id(r), r) for r in survey.held), *tasks)


def _containers(resources: Iterable[Resource]) -> list[Container]:
    return [r for r in resources if isinstance(r, Container)]
