"""The Eyes of an account: every method hands on to the room of its kind."""

from collections.abc import Sequence

from batchctl.cloud.clients.session import Session
from batchctl.cloud.looks import files, machines, runs, side_runs, whole
from batchctl.frozen import dataclass
from batchctl.resources import Task
from batchctl.sights import FileSight, FileState, JobSight, JobUse, NodeSight, Place, PoolSight, SideRun, TaskSight
from batchctl.work import ResourceFile


@dataclass(frozen=True, slots=True)
class AzureEyes:
    """Satisfies the port of `reconcile/`, which says what each method is for."""

    session: Session

    def generations(self, owner: str) -> tuple[JobSight, ...]:
        return runs.generations(self.session, owner)

    def runs(self, job: JobSight, states: str = "", most: int | None = None) -> tuple[TaskSight, ...]:
        return runs.runs_of(self.session, job, states, most)

    def inputs(self, job: JobSight) -> dict[str, tuple[ResourceFile, ...]]:
        return runs.inputs_of(self.session, job)

    def use(self, job: JobSight) -> JobUse | None:
        return runs.use_of(self.session, job)

    def run(self, place: Place) -> TaskSight | None:
        return runs.run_at(self.session, place)

    def whole(self, task: Task) -> Task | None:
        return whole.whole_task(self.session, task)

    def subtasks(self, place: Place) -> tuple[SideRun, ...]:
        return side_runs.subtasks_of(self.session, place)

    def preparations(self, job: str) -> tuple[SideRun, ...]:
        return side_runs.preparations_of(self.session, job)

    def pool(self, pool: str) -> PoolSight | None:
        return machines.pool_seen(self.session, pool)

    def nodes(self, pool: str) -> tuple[NodeSight, ...]:
        return machines.nodes_seen(self.session, pool)

    def extensions(self, pool: str, node: str) -> tuple[str, ...]:
        return machines.extensions_seen(self.session, pool, node)

    def files(self, place: Place) -> tuple[FileSight, ...] | None:
        return files.files_below(self.session, place)

    def file(self, place: Place, name: str) -> FileState | None:
        return files.file_state(self.session, place, name)

    def part(self, place: Place, name: str, start: int, end: int) -> bytes:
        return files.file_part(self.session, place, name, start, end)

    def last_words(self, places: Sequence[Place], lines: int) -> tuple[tuple[str, ...], ...]:
        return files.last_words_at(self.session, places, lines)
