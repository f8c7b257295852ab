"""A run that is left to itself: what may be left, and what is said of it."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.desired import Desired
from batchctl.errors import Problem
from batchctl.reconcile.carry_out.execute import execute_stage
from batchctl.reconcile.decide.canary import staged
from batchctl.reconcile.events import Detached, Event, Phase, UnderWay
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Cloud
from batchctl.spec.fanout.dependencies import factory_name
from batchctl.spec.model import Spec
from batchctl.verbs.carrying_out import carried_out


def only_at_once(spec: Spec, desired: Desired, decided: Plan) -> Plan:
    """The plan, refused where tasks are added only when others have ended: somebody must wait for these."""
    return replace(decided, refusals=(*decided.refusals, *_why_not(spec, desired, decided)))


def _why_not(spec: Spec, desired: Desired, decided: Plan) -> Iterator[str]:
    if spec.job is None:
        return
    factories = {factory_name(factory): factory for factory in spec.job.tasks}
    for entry in decided.later:
        at = (*factories[entry.factory].at, "forEach") if entry.factory in factories else spec.job.at
        why = f"tasks {entry.label} are known only when {entry.after} is done: apply without --no-wait"
        yield _at_its_line(spec.problem(at, f"--no-wait cannot add all tasks: {why}", "no-wait", at_key=True))
    if len(staged(decided, desired.canary)) > 1:
        why = "the first tasks are waited for before the others are added: apply without --no-wait, or take it out"
        at = (*spec.job.at, "canary")
        yield _at_its_line(spec.problem(at, f"--no-wait cannot add all tasks: {why}", "no-wait", at_key=True))


def _at_its_line(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}: {problem.message}"


def set_going(desired: Desired, decided: Plan, cloud: Cloud) -> Iterator[Event]:
    """Carry out a plan, and leave its tasks to themselves."""
    from batchctl.reconcile.explain.unattended import unattended  # imported late: a plan says nothing of it

    yield Phase(name="changes")
    yield from carried_out(execute_stage(decided, cloud, decided))
    yield Detached(jobs=_ids(decided), unattended=tuple(unattended(desired, decided)))


def under_way(desired: Desired, decided: Plan, left: int = 0) -> Iterator[Event]:
    """The tasks of a plan are waited for from here on; `left`: of so many the turn has not come."""
    if decided.waits:
        from batchctl.reconcile.explain.unattended import unattended

        yield Phase(name="tasks")
        said = tuple(unattended(desired, decided, left))
        yield UnderWay(jobs=_ids(decided), unattended=said, more=bool(left or decided.later))


def _ids(decided: Plan) -> tuple[str, ...]:
    return tuple(job.id for job in decided.waits)
