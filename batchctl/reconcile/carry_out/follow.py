"""Waits for the tasks of a plan and tells what became of them."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts, JobStanding, PoolHealth
from batchctl.desired import Tolerance
from batchctl.errors import CloudError, Stuck
from batchctl.frozen import dataclass
from batchctl.reconcile.carry_out.pool_watch import NOTHING_KNOWN, Known, PoolWatch
from batchctl.reconcile.carry_out.spending import Meter
from batchctl.reconcile.decide.dependents import blames, gets_no_more, stalled_tasks
from batchctl.reconcile.decide.signs import Scene
from batchctl.reconcile.decide.standstill import reasons
from batchctl.reconcile.decide.verdicts import why_failed
from batchctl.reconcile.events import Event, Halted, JobNotice, Progress, TaskFailed
from batchctl.reconcile.outputs import Written, missing_line, missing_outputs, newest_runs, outputs_by_task
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Job, Task, generation_id
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What ends a wait before its tasks have ended: it gives up after `timeout`; once more have failed than `tolerance`
    has it, or `meter` is over, the jobs are ended. Not `keeps`: whatever happens, nothing is ended."""

    timeout: timedelta | None = None
    tolerance: Tolerance | None = None
    meter: Meter | None = None
    keeps: bool = True

    def why_halt(self, job: Job, counts: Counts) -> str:
        """ "" as long as the jobs may go on."""
        if self.tolerance and self.tolerance.is_exceeded(counts.failed, counts.unfinished + counts.ended):
            total = plural(counts.unfinished + counts.ended, "task")
            return f"{counts.failed} of {total} failed, more than maxFailures: {self.tolerance}"
        return self.meter.look(job) if self.meter else ""


NO_BOUNDS = Bounds()


def wait_for_tasks(
    jobs: Sequence[Job],
    cloud: Cloud,
    clock: Clock,
    bounds: Bounds = NO_BOUNDS,
    known: Known = NOTHING_KNOWN,
    *,
    lookout: "Lookout | None" = None,
    spec: str = "SPEC",
) -> Iterator[Event]:
    """Poll until no task of these jobs is unfinished. A poll counts the tasks, and asks little more while they move.

    Ends the jobs as soon as `bounds` say so, or nothing in them can run any more. `known` is the pool of the last of
    them; `lookout` tells what is seen beside the counts; `spec` is the spec's path, for the commands that are named.

    Raises Stuck when the timeout has passed, and as soon as the pool is seen to be unable to run what is waiting.
    """
    if not jobs:
        return
    begun, last, endless = clock.monotonic(), None, bounds.timeout is None
    watch = PoolWatch(job=jobs[-1], cloud=cloud, clock=clock, known=known, endless=endless, spec=spec)
    lull = _Lull(jobs, cloud, watch, keeps=bounds.keeps)
    while True:
        counts = sum((_counted(job, cloud, spec) for job in jobs), Counts())
        moved = last is not None and counts != last
        if counts != last:
            yield Progress(counts=counts)
            last = counts
        if _all_ended(jobs, counts, cloud):
            if bounds.meter:
                bounds.meter.look(jobs[-1])
            yield from watch.glance(last=True)
            return
        if why := bounds.why_halt(jobs[-1], counts):
            yield halt(jobs, cloud, why)
            return
        if counts.running or moved:
            yield from watch.glance()
        elif (yield from lull.ends(counts)):
            return
        if lookout:
            yield from lookout.look(jobs, counts, watch, bounds.meter)
        waited = clock.monotonic() - begun
        if bounds.timeout is not None and waited > bounds.timeout.total_seconds():
            raise Stuck(_too_long(bounds.timeout, counts, jobs, spec))
        clock.sleep(_until_next(waited, watch, moves=bool(counts.running) or moved))


def _all_ended(jobs: Sequence[Job], counts: Counts, cloud: Cloud) -> bool:
    """A manager may still add the first of its tasks; and counts lag behind what a list of tasks says."""
    is_empty = not (counts.unfinished + counts.ended) and any(job.job_manager_task for job in jobs)
    return not counts.unfinished and not is_empty and not any(cloud.unfinished(job) for job in jobs)


def _until_next(waited: float, watch: PoolWatch, *, moves: bool) -> float:
    """Seconds. A twentieth of the wait: who waited a minute may learn of the end three seconds late, and requests stay
    few."""
    rarely = SHORTEST if watch.doubts else min(SHORTEST, max(EAGER, waited / 2))
    return min(LONGEST, max(EAGER if moves else rarely, waited / 20))


class _Lull:
    """Nothing runs and nothing moved: only then is it worth a request to ask why. `keeps`: as in Bounds."""

    def __init__(self, jobs: Sequence[Job], cloud: Cloud, watch: PoolWatch, *, keeps: bool) -> None:
        self._jobs, self._cloud, self._watch, self._keeps = jobs, cloud, watch, keeps
        self._looked: Counts | None = None

    def ends(self, counts: Counts) -> Generator[Event, None, bool]:
        """Whether the wait is over: the jobs have ended, or are ended, because nothing in them can ever run."""
        standings = [self._cloud.standing(job) for job in self._jobs]
        if all(standing.ended for standing in standings):
            yield from starmap(partial(_tell_end, self._watch.spec), zip(self._jobs, standings, strict=True))
            return True
        # Only an end can leave others without hope, and one look at all tasks is enough for it.
        if (counts.ended or self._watch.puzzled) and counts != self._looked:
            self._looked = counts
            if vain := stalled(self._jobs, self._cloud, whole=self._keeps):
                end_jobs(vain if self._keeps else (), self._cloud)
                return True
        yield from self._watch.examine(counts, standings[-1])
        return False


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
    newest = newest_runs(runs)
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
