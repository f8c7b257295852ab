"""How a run goes: what there is of the spec's pool, nodes, job, tasks and outputs. Reads alone."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from batchctl.clock import Clock
from batchctl.errors import NotThere
from batchctl.frozen import dataclass
from batchctl.reconcile.explain.node_time import NodesSeen, lives_of, uses_of
from batchctl.reconcile.port import FAILED, Cloud, Eyes
from batchctl.resources import Blob, Pool
from batchctl.sights import JobSight, NodeSight, Place, PoolSight, Status, TaskSight, newest_runs
from batchctl.spec.model import Spec
from batchctl.spec.resolve import outline

STATES = {"failed": FAILED, "running": "state eq 'running'", "waiting": "state eq 'active'"}
"""What a list of tasks may be asked for, as OData says it."""


def status(spec: Spec, eyes: Eyes, clock: Clock) -> Status:
    """Few requests, however many tasks there are: those that failed are listed, the others counted."""
    jobs = eyes.generations(spec.name)
    failed = [run for job in jobs if job.counts.failed for run in eyes.runs(job, FAILED)]
    found = (sight_of(spec, eyes, pool) for pool in pools_of(spec, jobs))
    pools = tuple(pool for pool in found if pool)
    there = NodesSeen(
        at=clock.now(), nodes={pool.id: eyes.nodes(pool.id) for pool in pools if pool.there and not pool.external}
    )
    return Status(
        pools=pools,
        jobs=jobs,
        failed=_without_repaired(failed, jobs, eyes),
        schedule=spec.schedule.name if spec.schedule else None,
        spent=uses_of(lives_of((there,), there.at, pools, (), spec.prices)),
    )


def _without_repaired(failed: Sequence[TaskSight], jobs: Sequence[JobSight], eyes: Eyes) -> tuple[TaskSight, ...]:
    """Those that no later generation runs again."""
    first = min((run.generation for run in failed), default=0)
    later = [run for job in jobs if failed and job.generation > first for run in eyes.runs(job)]
    newest = {run.id.lower(): run.generation for run in sorted(later, key=lambda run: run.generation)}
    return tuple(run for run in failed if newest.get(run.id.lower(), 0) <= run.generation)


def tasks(spec: Spec, eyes: Eyes, patterns: Sequence[str] = (), states: Iterable[str] = ()) -> tuple[TaskSight, ...]:
    """The newest run of each task, oldest generation first; those alone that meet a pattern and are in a state."""
    wanted = frozenset(states)
    newest = newest_runs([run for job in eyes.generations(spec.name) for run in eyes.runs(job)])
    return tuple(run for run in newest if meets(run.id, patterns) and (not wanted or run.status in wanted))


def nodes(spec: Spec, eyes: Eyes, patterns: Sequence[str] = ()) -> tuple[NodeSight, ...]:
    """The nodes of the spec's pool; those alone whose id or state meets a pattern."""
    found = [node for pool in pools_of(spec, eyes.generations(spec.name)) for node in eyes.nodes(pool)]
    asked = patterns or ("*",)
    return tuple(node for node in found if any(names(node.id, each) or meets(node.state, (each,)) for each in asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Of a task, a node, or of what runs beside the tasks, below that of its node (`folder`, with its last slash).
    `label`: as it is asked for; `task`: of which it is a subtask's."""

    label: str
    place: Place
    folder: str = ""
    task: Place | None = None


def directories(spec: Spec, eyes: Eyes, asked: str) -> tuple[Directory, ...]:
    """Of the tasks that meet a pattern, of subtasks (`task/2`, `task/*`), of the nodes of `node.PATTERN`, or of a job's
    tasks on these: `preparation.PATTERN`, `release.PATTERN`. Raises NotThere where there is none."""
    kind, _, pattern = asked.partition(".")
    if kind in ("preparation", "release"):
        found = tuple(_of_jobs(spec, eyes, kind, pattern))
    elif kind == "node":
        found = tuple(_of_nodes(spec, eyes, pattern))
    else:
        found = tuple(_of_tasks(spec, eyes, asked.removeprefix("task.")))
    if not found:
        raise NotThere(f"no {'task' if kind in (asked, 'task') else 'node'} of this run meets {asked!r}")
    return found


def _of_tasks(spec: Spec, eyes: Eyes, asked: str) -> Iterator[Directory]:
    task, slash, number = asked.partition("/")
    for run in tasks(spec, eyes, (task,)):
        place = Place(above=run.job, id=run.id)
        if not slash:
            yield Directory(label=run.id, place=place)
            continue
        for sub in eyes.subtasks(place):
            if meets(sub.name, (number,)):
                yield Directory(label=f"{run.id}/{sub.name}", place=sub.node, folder=f"{sub.folder}/", task=place)


def _of_nodes(spec: Spec, eyes: Eyes, pattern: str) -> Iterator[Directory]:
    for pool in pools_of(spec, eyes.generations(spec.name)):
        for node in eyes.nodes(pool):
            if names(node.id, pattern):
                yield Directory(label=node.id, place=Place(above=pool, id=node.id, is_task=False))


def _of_jobs(spec: Spec, eyes: Eyes, kind: str, pattern: str) -> Iterator[Directory]:
    for job in eyes.generations(spec.name):
        for run in eyes.preparations(job.id):
            if run.name == kind and names(run.node.id, pattern):
                yield Directory(label=f"{job.id}/{run.node.id}", place=run.node, folder=f"{run.folder}/")


def outputs(spec: Spec, cloud: Cloud, patterns: Sequence[str] = ()) -> tuple[Blob, ...]:
    """What tasks of the spec wrote, container by container; those alone whose `container/path` or task meets one."""
    found = (blob for blob in written(spec, cloud, spec.unread) if not blob.is_log)
    return tuple(blob for blob in found if meets(blob.name, patterns) or meets(blob.task or "", patterns))


def written(spec: Spec, cloud: Cloud, unread: Collection[str] = ()) -> tuple[Blob, ...]:
    """All blobs that its tasks wrote, their standard streams among them; `unread`: containers that are left out."""
    owner = outline(spec).owner
    _, blobs = cloud.storage(owner, sorted(set(spec.containers)), unread)
    return tuple(sorted((b for b in blobs if b.task is not None and b.owner == owner), key=lambda b: b.name))


def streams_kept(blobs: Iterable[Blob]) -> dict[tuple[str, str], Blob]:
    """By task, in small letters, and name (`stderr.txt`): the blobs that hold their standard streams."""
    return {((blob.task or "").lower(), blob.path.rpartition("/")[2]): blob for blob in blobs}


def end_of(blob: Blob, most: int, cloud: Cloud) -> bytes:
    """The last bytes of a blob, not more than these."""
    return b"".join(cloud.read(blob, max(0, blob.size - most)))


def pools_of(spec: Spec, jobs: Sequence[JobSight]) -> tuple[str, ...]:
    """The pool that the spec names, and those in which its jobs that are not over run."""
    wanted = outline(spec)
    named = [r.name for r in (*wanted.resources, wanted.external_pool) if isinstance(r, Pool)]
    keeps = spec.pool is not None and spec.pool.auto is not None and spec.pool.auto.keep_alive
    used = [job.pool for job in jobs if job.pool and (keeps or job.state != "completed")]
    return tuple(dict.fromkeys((*named, *used)))


def sight_of(spec: Spec, eyes: Eyes, pool: str) -> PoolSight | None:
    """The pool, if it is there, and whose it is."""
    found, asked = eyes.pool(pool), spec.pool
    if found is None or asked is None:
        return found
    external = asked.external and pool.lower() == asked.wanted.name.lower()
    return replace(found, external=external, of_job=asked.auto is not None)


def meets(text: str, patterns: Sequence[str]) -> bool:
    """Case does not count: it does not in Batch's ids either."""
    return not patterns or any(fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)


def names(node: str, asked: str) -> bool:
    """Is that node meant? By a pattern, by how its id begins, or as people are shown it: `tvmps_2a9cd17e…_d`."""
    return bool(asked) and (node.lower().startswith(asked.lower()) or meets(node, (asked.replace("…", "*"),)))
