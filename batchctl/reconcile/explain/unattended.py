"""What is nobody's affair while a run is left to itself, and who sees to it later. Pure."""

from collections.abc import Iterator, Sequence

from batchctl.desired import Desired, Limits
from batchctl.reconcile.plan import Plan
from batchctl.resources import DELETE, KEEP, Job, Pool
from batchctl.words import plural

WHO = "`batchctl watch` or `apply`"


def unattended(desired: Desired, decided: Plan, left: int = 0) -> Iterator[str]:
    """A sentence each. `left`: so many tasks of the plan are added only when others have gone well."""
    if left:
        are = "is" if left == 1 else "are"
        yield f"the other {plural(left, 'task')} {are} added by `batchctl apply` alone, when the first have gone well"
    for entry in decided.later:
        yield f"tasks {entry.label} are added by `batchctl apply` alone, when {entry.after} is done"
    yield from _what_comes_later(desired, decided)
    yield from unkept(desired, decided.waits)
    for pool in _own_pools(desired, decided.waits):
        if pool.ending == KEEP:
            why = "afterRun: keep" if pool.auto_scale_formula is None else "its formula takes them away"
            yield f"the nodes of pool {pool.name!r} cost while they are there ({why})"


def unkept(desired: Desired, jobs: Sequence[Job]) -> Iterator[str]:
    """The bounds of a run that only an apply keeps which waits for it."""
    limits = desired.limits or Limits()
    bounds = {
        "maxFailures": desired.max_failures,
        "limits.maxCost": limits.max_cost,
        "limits.maxNodeHours": limits.max_node_hours,
        "limits.maxDuration": limits.max_duration,
    }
    if asked := [name for name, bound in bounds.items() if bound is not None]:
        yield f"{_listed(asked)} {'is' if len(asked) == 1 else 'are'} kept only while `batchctl apply` waits"
    for job in jobs:
        if job.max_wall_clock_time is not None:
            yield f"job {job.id!r} is ended by the service {job.max_wall_clock_time} after it began (maxWallClockTime)"


def _what_comes_later(desired: Desired, decided: Plan) -> Iterator[str]:
    does = ["brings the outputs home"] if desired.downloads else []
    does += [
        f"deletes pool {ending.pool!r}" if ending.does == DELETE else f"takes the nodes of pool {ending.pool!r} away"
        for ending in decided.endings
    ]
    costs = ": until then its nodes cost" if decided.endings else ""
    if does:
        yield f"{WHO} {_listed(does)} once the tasks have ended{costs}"
    if any(job.uses_task_dependencies for job in decided.waits):
        yield f"tasks that wait for one that fails go on waiting: {WHO} ends their job"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _own_pools(desired: Desired, jobs: Sequence[Job]) -> Iterator[Pool]:
    used = {job.pool.lower() for job in jobs}
    yield from (r for r in desired.resources if isinstance(r, Pool) and r.name.lower() in used)
