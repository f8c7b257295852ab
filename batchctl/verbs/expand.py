"""`batchctl expand`: what a spec comes to, before any account holds anything of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from batchctl.desired import Desired
from batchctl.reconcile.amend.checks import Facts, with_agents
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job, Pool, Resource, Schedule, Task
from batchctl.spec.fanout.dependencies import factory_name
from batchctl.spec.model import Spec
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve
from batchctl.spec.source import At, Place
from batchctl.verbs.survey import survey
from batchctl.words import some


def expand(spec: Spec, cloud: Cloud | None) -> Desired:
    """All that the spec asks for. Without a cloud no request is sent: containers hold what the spec uploads, and nobody
    knows what else. Raises SpecError."""
    if cloud is not None:
        return _with_agents(survey(spec, cloud, with_files=True).desired, cloud)
    return resolve(spec, replace(take_inventory(spec, {}), known=False))


def _with_agents(desired: Desired, cloud: Cloud) -> Desired:
    """With the node agents that the account names for the images of pools, as an apply has them."""
    pools = {r.name: r for r in desired.resources if isinstance(r, Pool) and r.node_agent_sku_id is None}
    if not pools:
        return desired
    made = tuple(Change(action=Action.CREATE, after=pool) for pool in pools.values())
    filled = with_agents(Plan(owner=desired.owner, changes=made), Facts(images=cloud.images()))
    agents = {id(change.after): new.after for change, new in zip(made, filled.changes, strict=True) if new.after}
    return replace(desired, resources=tuple(agents.get(id(r), r) for r in desired.resources))


def left_out(spec: Spec, desired: Desired, *, listed: bool) -> Iterator[str]:
    """What of the tasks nobody can know by now."""
    forms = [form for f in (spec.job.tasks if spec.job else ()) if f.for_each for form in f.for_each.simple]
    containers = sorted({form.source for form in forms if form.form == "blobs"})
    if containers and not listed:
        yield (
            f"no container was listed: of {some(containers)}, what the spec uploads is all that is known; "
            "--target azure (or local) looks"
        )
    for pool in (r for r in desired.resources if isinstance(r, Pool) and r.node_agent_sku_id is None):
        yield (
            f"pool {pool.name!r} has no nodeAgentSKUId yet, which Batch wants: say it in the spec, or ask the account "
            "for that of the image, by --target"
        )
    for pool in (r for r in desired.resources if isinstance(r, Pool) and r.identity is not None):
        yield f"pool {pool.name!r} gets its identity from Azure's resource manager: Batch's own API takes none"
    for stage in desired.stages:
        yield f"tasks {stage.label} are left out: they are known when the tasks before them have run"


def places(spec: Spec, desired: Desired) -> Mapping[int, Place]:
    """Where the spec asks for each resource, by its `id()`."""
    factories = {factory_name(f): f.at for f in spec.job.tasks} if spec.job else {}
    return {id(resource): _place(spec, _asked_at(resource, factories)) for resource in desired.resources}


def _asked_at(resource: Resource, factories: Mapping[str, At]) -> At:
    match resource:
        case Pool():
            return ("pool",)
        case Task():
            return factories.get(resource.factory, ("job", "tasks"))
        case Job():
            return ("job",)
        case Schedule():
            return ("schedule",)
        case _:
            return ("storage",)


def _place(spec: Spec, at: At) -> Place:
    source = spec.source
    return source.keys.get(at) or source.values.get(at) or source.keys[("name",)]
