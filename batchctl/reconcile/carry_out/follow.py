"""Waits for the tasks of a plan and tells what became of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts, PoolHealth
from batchctl.desired import Tolerance
from batchctl.errors import Stuck
from batchctl.reconcile.carry_out.pool_watch import PoolWatch
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.decide.dependents import stalled_tasks, waiting_in_vain
from batchctl.reconcile.decide.verdicts import why_failed
from batchctl.reconcile.events import Event, Halted, PoolNotice, Progress, TaskFailed
from batchctl.reconcile.outputs import Written, missing_line, missing_outputs, outputs_by_task
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Job, Pool, Task, generation_id
from batchctl.words import plural

if TYPE_CHECKING:
    from batchctl.reconcile.carry_out.lookout import Lookout  # nobody looks on while a plan is made

SHORTEST, LONGEST = 1.0, 15.0
"""Seconds between two polls; they grow with the wait."""

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
) -> Iterator[Event]:
    """Poll until no task of these jobs is unfinished. A poll counts the tasks, and asks little more while they move.

    Ends the jobs as soon as more of their tasks have failed than `tolerance` has it, or `meter` is over, or nothing in
    them can run any more; not `keeps`: whatever happens, nothing is ended. `lookout` tells what is seen beside the
    counts.

    Raises Stuck when `timeout` has passed, and as soon as the pool is seen to be unable to run what is waiting;
    `before`: how that pool was before anything was changed; `external`: it is somebody else's; `wanted`: ours, as the
    spec has it.
    """
    if not jobs:
        return
    begun, last, looked = clock.monotonic(), None, None
    endless, job = timeout is None, jobs[-1]
    watch = PoolWatch(
        job=job, cloud=cloud, clock=clock, before=before, endless=endless, external=external, wanted=wanted
    )
    while True:
        counts = sum((cloud.counts(job) for job in jobs), Counts())
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
            ends = [cloud.ended(job) for job in jobs]
            if all(ends):
                yield from (
                    PoolNotice(pool=f"of job {j.id}", says=(str(why),))
                    for j, why in zip(jobs, ends, strict=True)
                    if j.auto_pool
                )
                return
            # Only an end can leave others without hope, and one look at all tasks is enough for it.
            if counts.ended and counts != looked and (vain := stalled(jobs, cloud)):
                end_jobs(vain if keeps else (), cloud)
                return
            looked = counts
            yield from watch.examine(counts)
        if lookout:
            yield from lookout.look(jobs, counts, watch, meter)
        waited = clock.monotonic() - begun
        if timeout is not None and waited > timeout.total_seconds():
            raise Stuck(_too_long(timeout, counts, jobs))
        # A twentieth of the wait: who waited a minute may learn of the end three seconds late, and requests stay few.
        clock.sleep(min(LONGEST, max(SHORTEST, waited / 20)))


def stalled(jobs: Sequence[Job], cloud: Cloud) -> Sequence[Job]:
    """The jobs that are left, where nothing in any of them can ever run; else none."""
    if not any(job.uses_task_dependencies for job in jobs):
        return ()
    left = [job for job in jobs if cloud.unfinished(job)]
    vain = [job for job in left if job.uses_task_dependencies and stalled_tasks(cloud.tasks(job))]
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
    vain = {key: _why_in_vain(newest[culprit.lower()]) for key, culprit in waiting_in_vain(newest.values()).items()}
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


def _why_in_vain(culprit: Task) -> str:
    how = "failed" if culprit.result == "failure" else f"blocks it by its exit code {culprit.exit_code}"
    return f"depends on {culprit.id}, which {how}"


def _too_long(timeout: timedelta, counts: Counts, jobs: Sequence[Job]) -> str:
    ids = ", ".join(repr(generation_id(j.name, j.generation)) for j in jobs)
    have, go = ("has", "It goes") if counts.unfinished == 1 else ("have", "They go")
    return (
        f"waited {timeout} and {plural(counts.unfinished, 'task')} of job {ids} {have} not ended "
        f"({counts.running} running, {counts.active} waiting). {go} on; apply again to wait on."
    )
