"""Waits for the tasks of a plan and tells what became of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts, JobStanding, PoolHealth
from batchctl.desired import Tolerance
from batchctl.errors import CloudError, Stuck
from batchctl.reconcile.carry_out.pool_watch import PoolWatch
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.decide.dependents import blames, gets_no_more, stalled_tasks
from batchctl.reconcile.decide.signs import Scene
from batchctl.reconcile.decide.standstill import reasons
from batchctl.reconcile.decide.verdicts import why_failed
from batchctl.reconcile.events import Event, Halted, JobNotice, Progress, TaskFailed
from batchctl.reconcile.outputs import Written, missing_line, missing_outputs, outputs_by_task
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Job, Pool, Task, generation_id
from batchctl.words import plural

if TYPE_CHECKING:
    from batchctl.reconcile.carry_out.lookout import Lookout  # nobody looks on while a plan is made

SHORTEST, LONGEST = 1.0, 15.0
"""Seconds between two polls; they grow with the wait."""

EAGER = 0.25
"""Seconds between two polls at first while tasks run: then a poll is one request, and of a short run its end is a part.
So at the very first while nodes come up. Where nothing moves and nothing says why, two looks that are to agree are
further apart, for what they see may lag."""

STDERR_LINES = 20

MOST_TAILS = 20
"""Failed tasks whose stderr is asked for, a request each; where more fail, most fail alike."""


def wait_for_tasks(
    jobs: Sequence[Job],
    cloud: Cloud,
    clock: Clock,
    timeout: timedelta | None,
    before: PoolHealth | None = None,
    tolerance: Tolerance | None = None,
    *,
    external: bool = False,
    meter: Meter | None = None,
    lookout: "Lookout | None" = None,
    wanted: Pool | None = None,
    keeps: bool = True,
    spec: str = "SPEC",
) -> Iterator[Event]:
    """Poll until no task of these jobs is unfinished. A poll counts the tasks, and asks little more while they move.

    Ends the jobs as soon as more of their tasks have failed than `tolerance` has it, or `meter` is over, or nothing in
    them can run any more; not `keeps`: whatever happens, nothing is ended. `lookout` tells what is seen beside the
    counts.

    Raises Stuck when `timeout` has passed, and as soon as the pool is seen to be unable to run what is waiting;
    `before`: how that pool was before anything was changed; `external`: it is somebody else's; `wanted`: ours, as the
    spec has it. `spec`: the spec's path, for the commands that are named.
    """
    if not jobs:
        return
    begun, last, looked = clock.monotonic(), None, None
    endless, job = timeout is None, jobs[-1]
    watch = PoolWatch(
        job=job,
        cloud=cloud,
        clock=clock,
        before=before,
        endless=endless,
        external=external,
        wanted=wanted,
        spec=spec,
    )
    while True:
        counts = sum((_counted(job, cloud, spec) for job in jobs), Counts())
        moved = last is not None and counts != last
        if counts != last:
            yield Progress(counts=counts)
            last = counts
        is_empty = not (counts.unfinished + counts.ended) and any(job.job_manager_task for job in jobs)
        if not counts.unfinished and not is_empty and not any(cloud.unfinished(job) for job in jobs):
            if meter:
                meter.look(jobs[-1])
            yield from watch.glance(last=True)
            return
        if tolerance and tolerance.is_exceeded(counts.failed, counts.unfinished + counts.ended):
            yield halt(jobs, cloud, _too_many_failed(counts, tolerance))
            return
        if meter and (over := meter.look(jobs[-1])):
            yield halt(jobs, cloud, over)
            return
        if counts.running or moved:
            yield from watch.glance()
        else:
            # Nothing runs and nothing moved: only now is it worth a request to ask why.
            standings = [cloud.standing(job) for job in jobs]
            if all(standing.ended for standing in standings):
                yield from starmap(partial(_tell_end, spec), zip(jobs, standings, strict=True))
                return
            # Only an end can leave others without hope, and one look at all tasks is enough for it.
            if (counts.ended or watch.puzzled) and counts != looked:
                looked = counts
                if vain := stalled(jobs, cloud, whole=keeps):
                    end_jobs(vain if keeps else (), cloud)
                    return
            yield from watch.examine(counts, standings[-1])
        if lookout:
            yield from lookout.look(jobs, counts, watch, meter)
        waited = clock.monotonic() - begun
        if timeout is not None and waited > timeout.total_seconds():
            raise Stuck(_too_long(timeout, counts, jobs, spec))
        # A twentieth of the wait: who waited a minute may learn of the end three seconds late, and requests stay few.
        rarely = SHORTEST if watch.doubts else min(SHORTEST, max(EAGER, waited / 2))
        shortest = EAGER if counts.running or moved else rarely
        clock.sleep(min(LONGEST, max(shortest, waited / 20)))


def _counted(job: Job, cloud: Cloud, spec: str) -> Counts:
    try:
        return cloud.counts(job)
    except CloudError as error:
        if error.status != 404:
            raise
        (gone,) = reasons(_without_pool(job, JobStanding(state="gone"), spec))
        raise Stuck(f"{gone.line}.") from error


def _tell_end(spec: str, job: Job, standing: JobStanding) -> JobNotice:
    return JobNotice(job=job.id, says=tuple(r.line for r in reasons(_without_pool(job, standing, spec))))


def _without_pool(job: Job, standing: JobStanding, spec: str) -> Scene:
    """Of a job that is over its pool does not matter."""
    return Scene(
        job=job.id, pool=job.pool, health=PoolHealth(steady=True, nodes=(), able=0), standing=standing, spec=spec
    )


def stalled(jobs: Sequence[Job], cloud: Cloud, *, whole: bool = False) -> Sequence[Job]:
    """The jobs that are left, where nothing in any of them can ever run; else none. `whole`: all their tasks are in."""
    if not any(job.uses_task_dependencies for job in jobs):
        return ()
    left = [job for job in jobs if cloud.unfinished(job)]
    having = {job.id: gets_no_more(replace(job, sealed=job.sealed or whole)) for job in left}
    vain = [job for job in left if job.uses_task_dependencies and stalled_tasks(cloud.tasks(job), whole=having[job.id])]
    return vain if len(vain) == len(left) else ()


def halt(jobs: Sequence[Job], cloud: Cloud, why: str) -> Halted:
    """End jobs of which nothing more shall run."""
    end_jobs(jobs, cloud)
    return Halted(jobs=tuple(job.id for job in jobs), why=why)


def end_jobs(jobs: Sequence[Job], cloud: Cloud) -> None:
    """None of them stays open: it would count for the quota."""
    for job in jobs:
        for outcome in cloud.update([(job, replace(job, state="terminating"))], job.owner or ""):
            if outcome.error:
                raise outcome.error


def _too_many_failed(counts: Counts, tolerance: Tolerance) -> str:
    total = plural(counts.unfinished + counts.ended, "task")
    return f"{counts.failed} of {total} failed, more than maxFailures: {tolerance}"


def runs_to_judge(
    jobs: Sequence[Job], wanted: Iterable[Task], outputs: Iterable[Blob], cloud: Cloud
) -> tuple[Task, ...]:
    """The runs that `task_failures` needs: of a job that went well, those alone that did not; else all."""
    if len(jobs) == 1 and not jobs[0].uses_task_dependencies:
        bad = cloud.failed(jobs[0])
        known, written = {run.id.lower() for run in bad}, outputs_by_task(outputs)
        here = (replace(task, generation=jobs[0].generation) for task in wanted if task.id.lower() not in known)
        if not any(missing_outputs(task, written) for task in here):
            return bad
    return tuple(run for job in jobs for run in cloud.tasks(job))


def task_failures(
    wanted: Iterable[Task], runs: Iterable[Task], outputs: Iterable[Blob], cloud: Cloud
) -> Iterator[TaskFailed]:
    """Every wanted task whose newest run among these did not succeed, or whose declared outputs are not there."""
    written = outputs_by_task(outputs)
    newest = {run.id.lower(): run for run in sorted(runs, key=lambda r: r.generation or 1)}
    vain = {key: blame.why for key, blame in blames(newest.values(), whole=True).items()}
    tails = 0
    for task in wanted:
        if run := newest.get(task.id.lower()):
            for verdict in _failures_of(task, run, written, vain):
                asked = tails < MOST_TAILS and run.result == "failure"
                tails += asked
                yield replace(verdict, stderr=cloud.tail(run, STDERR_LINES)) if asked else verdict


def _failures_of(task: Task, run: Task, written: Written, vain: Mapping[str, str]) -> Iterator[TaskFailed]:
    if why := vain.get(run.id.lower()):
        yield TaskFailed(task=run, why=f"did not run: {why}", stderr=())
    elif run.state != "completed":
        yield TaskFailed(task=run, why="did not run: its job has ended", stderr=())
    elif run.result != "success":
        yield TaskFailed(task=run, why=why_failed(run), stderr=())
    elif missing := missing_outputs(task, written, run):
        said = "; ".join(missing_line(output, task, written, just_now=True) for output in missing)
        yield TaskFailed(task=run, why=f"succeeded, but the output {said}", stderr=())


def _too_long(timeout: timedelta, counts: Counts, jobs: Sequence[Job], spec: str) -> str:
    ids = ", ".join(repr(generation_id(j.name, j.generation)) for j in jobs)
    have, go = ("has", "It goes") if counts.unfinished == 1 else ("have", "They go")
    return (
        f"waited {timeout} and {plural(counts.unfinished, 'task')} of job {ids} {have} not ended "
        f"({counts.running} running, {counts.active} waiting). {go} on; `batchctl apply {spec}` or `watch` waits on."
    )
