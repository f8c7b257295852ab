"""The account that a model lives in: in memory, or the real local services."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from batchctl.clock import Clock
from batchctl.reconcile.port import Cloud
from batchctl.resources import Job
from tests.clock import FakeClock
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import held_pool

STRANGER = "stranger"
LOSSES = ("input", "output", "pool", "job", "extra")
"""What somebody else can take away."""


class Account(Protocol):
    """`makes_outputs`: tasks do what their commands say, so that what comes home can be compared."""

    makes_outputs: bool

    @property
    def cloud(self) -> Cloud: ...
    @property
    def clock(self) -> Clock: ...
    def held(self, owner: str) -> set[str]: ...
    def runs(self, owner: str) -> list[str]: ...
    def strangers(self) -> object: ...
    def lose(self, owner: str, what: str, name: str) -> None: ...


@dataclass
class InMemory:
    """Tasks run when they are counted. A stranger has a container, a blob, a pool and a job."""

    cloud: FakeCloud = field(default_factory=FakeCloud)
    makes_outputs: bool = False

    def __post_init__(self) -> None:
        self.cloud.containers[STRANGER] = None
        self.cloud.put(STRANGER, "theirs.txt", b"do not touch")
        self.cloud.pools[STRANGER] = held_pool(STRANGER, owner=None)
        self.cloud.jobs[STRANGER] = Job(name=STRANGER, pool=STRANGER, state="active")
        self.cloud.added[STRANGER] = {}

    @property
    def clock(self) -> Clock:
        return FakeClock()

    def held(self, owner: str) -> set[str]:
        containers, blobs = self.cloud.storage(owner, [])
        return {f"{one.kind} {one.name}" for one in (*containers, *blobs, *self.cloud.batch(owner, []))}

    def runs(self, owner: str) -> list[str]:
        made = (name for verb, kind, name in self.cloud.writes if (verb, kind) == ("create", "task"))
        return [name.rpartition("/")[2] for name in made]

    def strangers(self) -> object:
        cloud = self.cloud
        blobs = {key: held for key, held in cloud.stored.items() if key[0] == STRANGER}
        return cloud.containers[STRANGER], blobs, cloud.pools[STRANGER], cloud.jobs[STRANGER], cloud.added[STRANGER]

    def lose(self, owner: str, what: str, name: str) -> None:
        cloud, losses = self.cloud, dict[str, Callable[[], object]]()
        losses["input"] = lambda: cloud.stored.pop((f"{owner}-input", f"{name}.txt"), None)
        losses["output"] = lambda: cloud.stored.pop((f"{owner}-output", f"{name}_OUTPUT.txt"), None)
        losses["pool"] = lambda: cloud.pools.pop(owner, None)
        losses["job"] = lambda: [cloud.jobs.pop(job) for job in list(cloud.jobs) if job.startswith(owner)]
        losses["extra"] = lambda: cloud.containers.pop(f"{owner}-extra", None)
        losses[what]()
