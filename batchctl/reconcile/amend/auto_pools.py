"""Pools that the service makes for a job: looked at as any pool, and told beside the plan. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool, Resource, of_kind
from batchctl.words import plural


def as_of_pool(change: Change) -> Change:
    """The change of a job that makes a pool, as that of the pool, which is called as its job; any other as it is."""
    job = change.after
    if not isinstance(job, Job) or job.auto_pool is None or change.action is not Action.CREATE:
        return change
    return Change(action=change.action, after=replace(job.auto_pool.pool, name=job.id))


def wanted_pools(resources: Sequence[Resource]) -> Iterator[Pool]:
    """All that are wanted, the ones that jobs make included."""
    having: tuple[Resource, ...] = (*of_kind(resources, Pool), *of_kind(resources, Job))
    for resource in having:
        made = as_of_pool(Change(action=Action.CREATE, after=resource)).after
        if isinstance(made, Pool):
            yield made


def put_back(change: Change, seen: Change) -> Change:
    """The change with its pool as `seen` has it by now."""
    job, pool = change.after, seen.after
    if not isinstance(job, Job) or not isinstance(pool, Pool) or job.auto_pool is None:
        return seen
    auto = replace(job.auto_pool, pool=replace(pool, name=job.auto_pool.pool.name))
    return replace(change, after=replace(job, auto_pool=auto))


def with_auto_pools(plan: Plan, situation: Situation) -> Plan:
    """The plan with what it means that a pool comes with a job, and with the pools that outlived theirs."""
    made = [note for change in plan.of(Job, Action.CREATE) for note in _coming(change.after)]
    gone = {change.resource.name for change in plan.of(Pool, Action.DELETE)}
    held = (r for r in situation.held_of(Pool) if r.of_job and r.name not in gone)
    kept = [_staying(pool) for pool in held if pool.owner == plan.owner]
    return replace(plan, notes=(*plan.notes, *made, *kept))


def _coming(job: object) -> Iterator[str]:
    if not isinstance(job, Job) or job.auto_pool is None:
        return
    comes = f"Batch makes a pool for job {job.id!r}"
    if job.auto_pool.keep_alive:
        yield f"{comes}, which stays when the job has ended (keepAlive): it costs until destroy"
    else:
        yield f"{comes}, and deletes it when the job has ended; the next generation has another"
    pool = job.auto_pool.pool
    if pool.auto_scale_formula is None and not (pool.target_dedicated_nodes or pool.target_spot_nodes):
        yield (
            f"the pool of job {job.id!r} will have no nodes, so its tasks wait: give it 'targetDedicatedNodes', "
            "'targetSpotNodes' or an 'autoScaleFormula'"
        )


def _staying(pool: Pool) -> str:
    return f"pool {pool.name!r} of job {pool.of_job!r} stays (keepAlive): {plural(pool.nodes, 'node')}, until destroy"
