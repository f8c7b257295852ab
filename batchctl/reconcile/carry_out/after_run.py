"""What becomes of pools once the tasks have ended: what the plan has said of them (`Plan.endings`)."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from batchctl.clock import Clock
from batchctl.cloud_answers import PoolHealth
from batchctl.desired import Desired
from batchctl.errors import BatchctlError, CloudError
from batchctl.prices import hourly
from batchctl.reconcile.decide.sizes import as_it_is
from batchctl.reconcile.events import Event, PoolNotice
from batchctl.reconcile.plan import Ending, Plan
from batchctl.reconcile.port import Cloud
from batchctl.resources import DELETE, Job, Pool, Schedule
from batchctl.words import plural

MARGIN = timedelta(minutes=1)
BETWEEN = 1.0
"""Seconds between two looks at a job whose release tasks run."""


def end_pools(plan: Plan, desired: Desired, cloud: Cloud, clock: Clock) -> Generator[Event, None, tuple[Ending, ...]]:
    """Do it, and return what could not be done, each told with its reason: outputs come home all the same."""
    pools = {r.name.lower(): r for r in desired.resources if isinstance(r, Pool)}
    if plan.endings:
        _await_release_tasks(plan.waits, cloud, clock)
    failed: list[Ending] = []
    for ending in plan.endings:
        if error := _ended(ending, pools[ending.pool.lower()], cloud, desired.owner):
            failed.append(ending)
            yield PoolNotice(pool=ending.pool, says=(f"could not be {_done(ending)}, and goes on costing: {error}",))
        else:
            yield PoolNotice(pool=ending.pool, says=(f"{_done(ending)}: its tasks have ended",))
    return tuple(failed)


def ended_lines(endings: Iterable[Ending], failed: Sequence[Ending]) -> list[str]:
    """What became of each of these pools."""
    return [f"pool {e.pool!r} {_became(e, failed)}" for e in endings]


def _became(ending: Ending, failed: Sequence[Ending]) -> str:
    could_not = f"could not be {_done(ending)}, and goes on costing (why is told above)"
    return could_not if ending in failed else f"was {_done(ending)}"


def _done(ending: Ending) -> str:
    return "deleted" if ending.does == DELETE else "resized to 0 nodes"


def _ended(ending: Ending, wanted: Pool, cloud: Cloud, owner: str) -> BatchctlError | None:
    try:
        pool = as_it_is(wanted, cloud.health(wanted.name))
    except CloudError as error:
        return error
    if ending.does == DELETE:
        outcomes = cloud.delete([replace(pool, owner=owner)], owner)
    else:
        idle = replace(pool, target_dedicated_nodes=0, target_spot_nodes=0, idle=True)
        outcomes = cloud.update([(pool, idle)], owner)
    return next((outcome.error for outcome in outcomes if outcome.error), None)


def _await_release_tasks(jobs: Sequence[Job], cloud: Cloud, clock: Clock) -> None:
    """They run on the nodes when the job ends: who took these away would cut them off."""
    for job in jobs:
        release = job.job_release_task
        until = clock.monotonic() + (release.max_wall_clock_time + MARGIN).total_seconds() if release else 0
        while release and clock.monotonic() < until and not _over(job, cloud):
            clock.sleep(BETWEEN)


def _over(job: Job, cloud: Cloud) -> bool:
    # One that cannot be looked at may go on.
    with suppress(CloudError):
        return cloud.over(job)
    return False


def nodes_that_go_on(plan: Plan, desired: Desired, cloud: Cloud) -> Iterator[Event]:
    """Nodes cost by the hour whether they work or not: who has what he wanted is told how to end that."""
    ended = {ending.pool.lower() for ending in plan.endings}
    # The jobs of a schedule come whether somebody is there or not.
    ended |= {r.job.pool.lower() for r in desired.resources if isinstance(r, Schedule)}
    for pool in (r for r in desired.resources if isinstance(r, Pool) and r.name.lower() not in ended):
        # What a formula gives it takes away again: nobody is asked about that.
        if pool.auto_scale_formula is None and (health := cloud.health(pool.name)).count and health.wanted:
            keeps = "keeps" if health.count == 1 else "keep"
            ends = f"`batchctl destroy SPEC --only pool.{pool.name}` ends that, until there is work again"
            goes_on = f"{plural(health.count, 'node')} {keeps} running{_for_how_much(pool, health, desired)}"
            yield PoolNotice(pool=pool.name, says=(f"{goes_on}: {ends}",))
    if any(isinstance(r, Job) and r.auto_pool and r.auto_pool.keep_alive for r in desired.resources):
        for pool in cloud.kept_pools(desired.owner):
            ends = f"`batchctl destroy SPEC --only pool.{pool.name}` ends that"
            says = f"it outlives its job {pool.of_job} (keepAlive), and {plural(pool.nodes, 'node')} with it: {ends}"
            yield PoolNotice(pool=pool.name, says=(says,))


def _for_how_much(pool: Pool, health: PoolHealth, desired: Desired) -> str:
    cost = hourly(desired.prices, pool, *health.paid) if desired.prices else None
    return f", for {cost:.2f} {desired.prices.currency} an hour by list prices" if desired.prices and cost else ""
