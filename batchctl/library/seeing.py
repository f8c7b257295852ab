"""How a run goes."""

from collections.abc import Mapping
from dataclasses import field

from batchctl.frozen import dataclass
from batchctl.library.workload import Workload, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """A generation of the job, `state` as Batch has it, its tasks counted. Batch's counts may lag by some seconds."""

    id: str
    state: str
    waiting: int
    running: int
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatus:
    """A pool, its states as Batch has them, and its nodes counted by theirs."""

    id: str
    state: str
    allocation: str
    vm_size: str
    nodes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """One look at a run. `jobs`: oldest first; `failed`: ids of the tasks whose newest run did not succeed; `why`: what
    keeps tasks from running, with what mends it. `goes_on`: a job has not ended. `print` and notebooks show what
    `batchctl status` writes."""

    jobs: tuple[JobStatus, ...]
    pools: tuple[PoolStatus, ...]
    failed: tuple[str, ...]
    why: tuple[str, ...]
    goes_on: bool
    text: str = field(repr=False)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from batchctl.render.notebook import text_html

        return text_html(self.text)


def status(workload: Workload) -> RunStatus:
    """How the run goes. Sends a few reads, however many tasks there are. Raises CloudError."""
    from batchctl.render.notebook import shown_lines
    from batchctl.render.status import status_lines
    from batchctl.verbs import look
    from batchctl.verbs.standstills import standstills

    path = str(workload.path)
    with opened(workload) as work:
        clock, veil = work.cloud.clock, work.codec.veil
        found = look.status(work.spec, work.cloud.eyes, clock)
        stuck = standstills(work.spec, work.cloud, found, path)
        jobs, pools = found.jobs, found.pools
        return RunStatus(
            jobs=tuple(
                JobStatus(
                    id=job.id,
                    state=job.state,
                    waiting=job.counts.active,
                    running=job.counts.running,
                    succeeded=job.counts.succeeded,
                    failed=job.counts.failed,
                )
                for job in jobs
            ),
            pools=tuple(
                PoolStatus(
                    id=pool.id,
                    state=pool.state,
                    allocation=pool.allocation,
                    vm_size=pool.vm_size,
                    nodes=dict(pool.nodes),
                )
                for pool in pools
            ),
            failed=tuple(run.id for run in found.failed),
            why=tuple(veil(f"{one.says}; {one.remedy}" if one.remedy else one.says) for one in stuck),
            goes_on=any(job.goes_on for job in jobs),
            text=shown_lines(status_lines(found, path, clock.now(), work.spec.prices, stuck), work.codec),
        )
