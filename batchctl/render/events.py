"""One line for what happens, and one for all that a plan does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from batchctl.reconcile.events import (
    Applied,
    Awaited,
    Begun,
    ComingHome,
    Detached,
    Event,
    Expanded,
    Failed,
    Fetched,
    Halted,
    Holdings,
    JobNotice,
    Looked,
    NodesWaiting,
    NotFetched,
    Notice,
    Phase,
    PoolNotice,
    PoolSeen,
    Progress,
    Spent,
    TaskFailed,
    Took,
    UnderWay,
    Verb,
)
from batchctl.reconcile.plan import Action, Ceiling, Plan
from batchctl.render.text import shown_moment, shown_path, shown_size, shown_span
from batchctl.resources import Blob, Task
from batchctl.words import one_line, plural

MANY = 100
"""Objects of one kind that are told one by one as they are done; of more, how far it is."""

WORDS: dict[Verb, tuple[str, str]] = {
    "adopt": ("adopting", "adopted"),
    "end": ("ending", "ended"),
    "create": ("creating", "created"),
    "update": ("updating", "updated"),
    "delete": ("deleting", "deleted"),
}
"""While it is done, and once it is."""

OF_SOME_KINDS: dict[tuple[Verb, str], tuple[str, str]] = {
    ("create", "blob"): ("uploading", "uploaded"),
    ("update", "blob"): ("uploading", "uploaded"),
    ("create", "task"): ("adding", "added"),
}


def summary_line(plan: Plan) -> str:
    """`Plan: 3 to add, 1 to change, 0 to destroy; 3 tasks to run, 12 KB to upload.`"""
    if not plan:
        return _nothing(plan.unchanged)

    tasks = len(plan.of(Task, Action.CREATE))
    # What is adopted with other content is uploaded as well.
    stored = plan.of(Blob, Action.CREATE, Action.UPDATE, Action.ADOPT)
    uploads = [c.after for c in stored if c.fields or c.action is not Action.ADOPT]
    extra = []
    if tasks:
        extra.append(f"{plural(tasks, 'task')} to run")
    if plan.later:
        extra.append("more of them later")
    if uploads:
        extra.append(f"{shown_size(sum(b.size for b in uploads if isinstance(b, Blob)))} to upload")
    if plan.fetches:
        extra.append(f"{plural(len(plan.fetches), 'blob')} to bring home")
    if plan.waits and not tasks:
        extra.append(f"waits for the tasks of {', '.join(job.id for job in plan.waits)}")
    adopted = plan.count(Action.ADOPT)
    line = (
        f"Plan: {plan.count(Action.CREATE, Action.REPLACE)} to add, {plan.count(Action.UPDATE)} to change, "
        f"{plan.count(Action.DELETE, Action.REPLACE)} to destroy" + (f", {adopted} to adopt" if adopted else "")
    )
    return "; ".join([line, ", ".join(extra)] if extra else [line]) + "."


def ceiling_line(ceiling: Ceiling) -> str:
    """`Ceiling: 20 node-hours (20 spot Standard_D2s_v5 for 1 hour: maxWallClockTime of the job); 0.42 USD (…)`"""
    if ceiling.node_hours is None:
        return f"No ceiling: {ceiling.how}."
    hours = f"{ceiling.node_hours:.4g} node-hour{'' if ceiling.node_hours == 1 else 's'}"
    money = f"{ceiling.cost:.2f} {ceiling.currency} ({ceiling.price})" if ceiling.cost is not None else ceiling.price
    return f"Ceiling: {hours} ({ceiling.how}); {money}."


def _nothing(unchanged: int) -> str:
    if not unchanged:
        return "No changes."
    stays = f"{plural(unchanged, 'object')} {'is' if unchanged == 1 else 'are'}"
    return f"No changes. {stays} as the spec wants {'it' if unchanged == 1 else 'them'}."


def step_line(event: Event, gone: int, ahead: int) -> str | None:
    """`added 5000 of 100000 tasks`, some twenty times in all."""
    # A twentieth at a time: twenty lines for any number.
    if not isinstance(event, Applied) or (gone % max(MANY, ahead // 20) and gone != ahead):
        return None
    return f"{words_of(event)[1]} {gone} of {ahead} {event.kind}s"


def event_line(event: Event) -> str | None:
    """One line for one event; None where a later event says it better."""
    match event:
        case Begun(kind=kind, names=names):
            return f"{words_of(event)[0]} {len(names)} {kind}s" if len(names) > 1 else None
        case Applied(kind=kind, name=found):
            return f"{words_of(event)[1]} {kind} {one_line(found)}"
        case Failed(verb=verb, kind=kind, name=found, error=error):
            return f"FAILED to {verb} {kind} {one_line(found)}: {error}"
        case Expanded(tasks=tasks, job=job):
            return f"expanded: {tasks} {'task' if tasks == 1 else 'tasks'} more, in job {one_line(job)}"
        case ComingHome(blobs=blobs, size=size):
            return f"bringing {plural(blobs, 'blob')} home, {shown_size(size)}" if blobs > 1 else None
        case Progress(counts=c):
            return f"tasks: {c.active} waiting, {c.running} running, {c.succeeded} succeeded, {c.failed} failed"
        case NodesWaiting(pool=pool, nodes=nodes):
            states = ", ".join(f"{count} {one_line(state)}" for state, count in nodes) or "none yet"
            return f"nodes of pool {one_line(pool)}: {states}"
        case Halted(jobs=jobs, why=why):
            return one_line(f"ended {'job' if len(jobs) == 1 else 'jobs'} {', '.join(jobs)}: {why}")
        case JobNotice(job=job, says=says):
            return "\n".join(one_line(f"job {job}: {said}") for said in says)
        case PoolNotice(pool=pool, says=says):
            return "\n".join(one_line(f"pool {pool}: {said}") for said in says)
        case Fetched(blob=blob, path=path):
            return one_line(f"fetched {blob.name} to {shown_path(Path(path))}")
        case Notice(says=says):
            return "\n".join(map(one_line, says))
        case Detached():
            return "\n".join(detached_lines(event))
        case Took():
            return took_line(event)
        case TaskFailed() | NotFetched():
            # Told together, by `failures`.
            return None
        case Awaited() | Looked() | PoolSeen() | Spent():
            # For those who look on; in a log the counts and the notices tell it.
            return None
        case Phase() | UnderWay():
            # What is done in it tells it.
            return None


def detached_lines(event: Detached) -> Iterator[str]:
    """What goes on, what of it is nobody's affair now, and how to come back to it or end it."""
    c, jobs = event.counts, f"{'job' if len(event.jobs) == 1 else 'jobs'} {', '.join(event.jobs)}"
    how = f": {c.running} running, {c.active} waiting, {c.succeeded} succeeded, {c.failed} failed" if c else ""
    yield one_line(f"Detached; the tasks of {jobs} go on{how}.")
    yield from (one_line(f"  {said}") for said in event.unattended)
    if event.back:
        yield f"  To come back: {one_line(event.back)}"
    if event.stop:
        yield f"  To stop it:   {one_line(event.stop)}"


def took_line(took: Took) -> str:
    """`took 3 min 12 s, 10:41:53 to 10:45:05 UTC: changes 12 s, tasks 2 min 48 s, downloads 0.3 s`"""
    begun, ended = shown_moment(took.begun), shown_moment(took.ended)
    # The day is said once.
    ended = ended.removeprefix(begun[:11])
    parts = ", ".join(f"{name} {shown_span(timedelta(seconds=seconds))}" for name, seconds in took.phases)
    return f"took {shown_span(timedelta(seconds=took.seconds))}, {begun} to {ended} UTC: {parts}"


def words_of(event: Begun | Applied) -> tuple[str, str]:
    return OF_SOME_KINDS.get((event.verb, event.kind)) or WORDS[event.verb]


def holdings_line(holdings: Holdings) -> str:
    """What one spec made, and why it would go or until when it is wanted."""
    counts = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in holdings.counts)
    place = f" ({', '.join(holdings.origins)})" if holdings.origins else ""
    until = f"; wanted until {holdings.expires:%Y-%m-%d %H:%M} UTC" if holdings.expires else ""
    return (
        f"{holdings.owner}{place}: {counts}; {holdings.unwanted}"
        if holdings.unwanted
        else (f"{holdings.owner}{place}: {counts}{until}")
    )
