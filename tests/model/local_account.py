"""The real local services as the account of a model; the strangers are those of the sweeps."""

from contextlib import suppress
from dataclasses import dataclass, field

from azure.core.exceptions import HttpResponseError

from batchctl.clock import Clock
from batchctl.cloud.connect import connect
from batchctl.reconcile.port import Cloud
from tests.services import batch_client, blob_service
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import Stage
from tests.sweeps.world import World


@dataclass
class OnThisMachine:
    """`seen`: every run of a task that was met, in the order in which it was."""

    there: World
    makes_outputs: bool = True
    stage: Stage = field(init=False)
    clock: Clock = field(default_factory=SkippingClock)
    seen: dict[tuple[str, str, str], None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stage = self.there.stage(SMALL)

    @property
    def cloud(self) -> Cloud:
        return connect(self.stage.target(), self.clock)

    def held(self, owner: str) -> set[str]:
        return set(self.stage.held())

    def runs(self, owner: str) -> list[str]:
        with batch_client(self.stage.services) as batch:
            for job in [job.id for job in batch.list_jobs() if job.id.startswith(owner)]:
                with suppress(HttpResponseError):  # it goes
                    for task in batch.list_tasks(job):
                        self.seen[job, task.id, str(task.creation_time)] = None
        return [task for _, task, _ in self.seen]

    def strangers(self) -> object:
        return self.there.intruders(self.stage)

    def lose(self, owner: str, what: str, name: str) -> None:
        batch, blobs = batch_client(self.stage.services), blob_service(self.stage.services)
        jobs = [job.id for job in batch.list_jobs() if job.id.startswith(owner)] if what == "job" else []
        losses = {
            "input": lambda: blobs.get_blob_client(f"{owner}-input", f"{name}.txt").delete_blob(),
            "output": lambda: blobs.get_blob_client(f"{owner}-output", f"{name}_OUTPUT.txt").delete_blob(),
            "pool": lambda: batch.begin_delete_pool(owner).wait(),
            "job": lambda: [batch.begin_delete_job(job).wait() for job in jobs],
            "extra": lambda: blobs.delete_container(f"{owner}-extra"),
        }
        with suppress(HttpResponseError):  # it is not there
            losses[what]()
