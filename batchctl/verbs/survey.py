"""What is wanted, what is held, and the plan that follows: reads alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from batchctl.desired import Desired
from batchctl.errors import Refused
from batchctl.frozen import dataclass
from batchctl.reconcile.amend.adoption import adoptable_resources, as_ours
from batchctl.reconcile.amend.amendments import APPLYING, amended
from batchctl.reconcile.carry_out import fetch
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.decide.preemptions import as_asked
from batchctl.reconcile.decide.sizes import settled
from batchctl.reconcile.outputs import not_at_home
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud, Situation
from batchctl.resources import Blob, Container, Job, Pool, Resource, Resources, Schedule, of_kind, sorted_out
from batchctl.spec.model import Spec
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.reading.external import on_pool
from batchctl.spec.resolve import outline, resolve


@dataclass(frozen=True, slots=True)
class Survey:
    """What is wanted, and what is held."""

    desired: Desired
    held: tuple[Resource, ...]

    @property
    def blobs(self) -> tuple[Blob, ...]:
        return tuple(of_kind(self.held, Blob))


def survey(spec: Spec, cloud: Cloud, *, with_files: bool = False) -> Survey:
    """`with_files`: what is uploaded has its file, though it is there already.

    Raises Refused if an external pool is not there, SpecError for what cannot be made of the spec.
    """
    wanted = outline(spec)
    seen = _seen(wanted, cloud, spec.unread)
    if wanted.external_pool:
        named = spec
        spec = on_pool(spec, _external_pool(wanted.external_pool.name, seen))
        if spec.containers != named.containers:
            # Its nodes run Windows: the container of .cmd files is looked at as well.
            seen = _seen(outline(spec), cloud, spec.unread)
    held = _without_external(wanted, seen)
    # What is held comes first: its blobs are the inputs that factories go over, and no container is listed twice.
    inventory = take_inventory(spec, _listings(held, spec.name if with_files else None))
    desired = settled(resolve(spec, inventory), held, lambda pool: _choice(pool, cloud))
    return Survey(desired, as_asked(desired.resources, held))


def _listings(held: Iterable[Resource], uploader: str | None) -> Mapping[str, Sequence[Blob]]:
    """The blobs of each container that is there, without the uploads of `uploader`."""
    found: dict[str, list[Blob]] = {container.name: [] for container in of_kind(held, Container)}
    for blob in of_kind(held, Blob):
        if uploader is None or blob.owner != uploader or blob.task is not None:
            found.get(blob.container, []).append(blob)
    return found


def _choice(pool: Pool, cloud: Cloud) -> Pool:
    """The pool with the first of its sizes that the account lets it have, as far as it tells."""
    if (quotas := cloud.quotas()) is None:
        return pool
    from batchctl.reconcile.decide.quotas import allowed  # imported late: few accounts tell

    return allowed(pool, quotas, datetime.now(UTC))


def held_by(wanted: Desired, cloud: Cloud, unread: Collection[str] = ()) -> tuple[Resource, ...]:
    """All that bears our mark, and whatever sits at a name that we want; but an external pool is nobody's to change."""
    return _without_external(wanted, _seen(wanted, cloud, unread))


def _seen(wanted: Desired, cloud: Cloud, unread: Collection[str] = ()) -> tuple[Resource, ...]:
    """`unread`: containers that are not looked into."""
    names = {c.name for c in wanted.of(Container)} | wanted.external
    ids = {r.name for r in wanted.resources if isinstance(r, Pool | Job | Schedule)}
    ids |= {wanted.external_pool.name} if wanted.external_pool else set()
    # Before the blobs: of a task that ends meanwhile the outputs would not be there yet, and it would run again.
    on_batch = cloud.batch(wanted.owner, sorted(ids))
    containers, blobs = cloud.storage(wanted.owner, sorted(names), unread)
    return Resources((*containers, *blobs, *on_batch))


def _without_external(wanted: Desired, seen: Iterable[Resource]) -> tuple[Resource, ...]:
    if not wanted.external_pool:
        return sorted_out(seen)
    name = wanted.external_pool.name
    return Resources(r for r in seen if not _is_pool(r, name))


def _external_pool(name: str, seen: Iterable[Resource]) -> Pool:
    found = next((r for r in seen if isinstance(r, Pool) and _is_pool(r, name)), None)
    if found is None:
        raise Refused(
            [
                f"pool {name!r} is not in this account, and what is external batchctl does not make: make it, correct "
                "pool.id, or describe the pool in the spec and take out 'external'"
            ]
        )
    if found.state == "deleting":
        raise Refused([f"pool {name!r} is external and is being deleted: name another pool, or describe one"])
    return found


def _is_pool(resource: Resource, name: str) -> bool:
    return isinstance(resource, Pool) and resource.name.lower() == name.lower()


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
    if not adopted:
        return survey.held
    ours = {id(r): as_ours(survey.desired, r) for r in adopted}
    jobs = [ours[id(r)] for r in adopted if isinstance(r, Job) and r.owner != survey.desired.owner]
    tasks = [task for job in jobs if isinstance(job, Job) for task in cloud.tasks(job)]
    return Resources((*(ours.get(id(r), r) for r in survey.held), *tasks))
