"""A spec whose pool is somebody else's: what can be said only once that pool is known. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.errors import Problem, SpecError
from batchctl.resources import Image, Pool
from batchctl.spec.model import Spec
from batchctl.spec.reading.build import with_script_container

OWNER = "whoever owns it"
OF_EITHER_SYSTEM = (Image(publisher="", offer="", sku=""), Image(publisher="windows", offer="", sku=""))


def on_pool(spec: Spec, held: Pool) -> Spec:
    """The spec with its external pool as it is held. Raises SpecError for what cannot run there."""
    assert spec.pool is not None  # it has an external one
    pool = replace(held, name=spec.pool.wanted.name)
    known = _with_pool(spec, pool)
    if problems := list(_misfits(known, pool)):
        raise SpecError(problems)
    return known


def on_either_system(spec: Spec) -> tuple[Spec, ...]:
    """The spec for each system that a pool, which nobody has looked at yet, may have."""
    if spec.pool is None or not spec.pool.external:
        return (spec,)
    return tuple(_with_pool(spec, replace(spec.pool.wanted, image=image)) for image in OF_EITHER_SYSTEM)


def _with_pool(spec: Spec, pool: Pool) -> Spec:
    assert spec.pool is not None
    return with_script_container(replace(spec, pool=replace(spec.pool, wanted=pool)))


def _misfits(spec: Spec, pool: Pool) -> Iterator[Problem]:
    """What `references` tells of a pool that the spec describes itself."""
    if spec.identity and not _has(pool, spec.identity.resource_id):
        message = (
            f"the external pool {pool.name!r} does not have this identity: {OWNER} gives it, or take 'identity' out"
        )
        yield spec.problem(("identity",), message, "no-identity")
    for factory in spec.job.tasks if spec.job else ():
        if factory.wanted.required_slots > pool.task_slots_per_node:
            slots, most = factory.wanted.required_slots, pool.task_slots_per_node
            message = f"a task takes {slots} slots, but a node of the external pool {pool.name!r} has {most}"
            yield spec.problem((*factory.at, "requiredSlots"), message, "too-many-slots")
        if factory.multi_instance and not pool.enable_inter_node_communication:
            message = f"the nodes of the external pool {pool.name!r} do not speak to each other: take another pool"
            yield spec.problem(factory.multi_instance.at, message, "no-inter-node", at_key=True)
    for work in spec.works:
        if work.wanted.container_settings and pool.container_configuration is None:
            message = f"the nodes of the external pool {pool.name!r} run no containers: take another pool"
            yield spec.problem((*work.at, "containerSettings"), message, "no-containers", at_key=True)


def _has(pool: Pool, identity: str) -> bool:
    there = pool.identity.user_assigned_identities if pool.identity else ()
    return identity.lower() in (one.resource_id.lower() for one in there)
