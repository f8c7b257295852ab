"""The two clouds, each with a hand that does what batchctl does not."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pytest
from azure.storage.blob import BlobServiceClient

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.cloud_answers import Outcome
from batchctl.errors import BatchctlError
from batchctl.opening.target import target_of
from batchctl.reconcile.port import Cloud
from batchctl.resources import Blob, Container, Image, Job, Pool, Resource, Task
from tests.fake_cloud import FakeCloud
from tests.services import blob_service, eventually, unique


class Hand(Protocol):
    """What somebody else does beside batchctl."""

    def put(self, container: str, path: str, data: bytes) -> None:
        """A blob without any mark; its container is made if it is not there."""
        ...

    def breaks_off(self, container: str, path: str, *ids: str) -> None:
        """An upload in blocks with these ids that never becomes a blob. Only the real service holds such."""
        ...

    def snapshot(self, container: str, path: str) -> None: ...

    def fails(self, task: str, code: int) -> None:
        """Only the fake must be told: real tasks run their command lines."""
        ...


@dataclass(frozen=True)
class FakeHand:
    cloud: FakeCloud

    def put(self, container: str, path: str, data: bytes) -> None:
        self.cloud.put(container, path, data)

    def breaks_off(self, container: str, path: str, *ids: str) -> None:
        pass

    def snapshot(self, container: str, path: str) -> None:
        blob, data = self.cloud.stored[container, path]
        self.cloud.stored[container, path] = replace(blob, snapshots=blob.snapshots + 1), data

    def fails(self, task: str, code: int) -> None:
        self.cloud.fails[task] = code


@dataclass(frozen=True)
class RealHand:
    blobs: BlobServiceClient

    def put(self, container: str, path: str, data: bytes) -> None:
        client = self.blobs.get_container_client(container)
        if not client.exists():
            client.create_container()
        client.upload_blob(path, data, overwrite=True)

    def breaks_off(self, container: str, path: str, *ids: str) -> None:
        client = self.blobs.get_blob_client(container, path)
        for id in ids:
            client.stage_block(id, b"a block")

    def snapshot(self, container: str, path: str) -> None:
        self.blobs.get_blob_client(container, path).create_snapshot()

    def fails(self, task: str, code: int) -> None:
        pass


@dataclass(frozen=True)
class World:
    """One cloud, and names in it that no other test uses."""

    cloud: Cloud
    hand: Hand
    folder: Path
    owner: str
    other: str

    def name(self, word: str) -> str:
        return f"{word}-{self.owner}"

    def file(self, container: str, path: str, data: bytes) -> Blob:
        """An upload as a spec wants it, its file written."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        source = self.folder / md5
        source.write_bytes(data)
        return Blob(container=container, path=path, md5=md5, size=len(data), source=source)

    def pool(self, **changed: Any) -> Pool:
        asked: dict[str, Any] = {
            "name": self.name("pool"),
            "vm_size": "Standard_D2s_v5",
            "image": Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server"),
            "node_agent_sku_id": "batch.node.ubuntu 24.04",
        }
        return Pool(**(asked | changed))

    def job(self, **changed: Any) -> Job:
        asked: dict[str, Any] = {"name": self.name("job"), "pool": self.name("pool")}
        return Job(**(asked | changed))

    def task(self, id: str = "a", script: str = "true", **changed: Any) -> Task:
        asked: dict[str, Any] = {
            "job": self.name("job"),
            "id": id,
            "command_line": f"/bin/bash -c '{script}'",
            "digest": "command=1",
            "generation": 1,
        }
        return Task(**(asked | changed))

    def made(self, *resources: Resource, owner: str | None = None) -> None:
        for resource in resources:
            done(self.cloud.create([resource], owner or self.owner))

    def held(self, *names: str) -> tuple[Pool | Job | Task, ...]:
        return self.cloud.batch(self.owner, names)

    def held_pool(self) -> Pool:
        [found] = [r for r in self.held() if isinstance(r, Pool)]
        return found

    def held_job(self, generation: int = 1) -> Job:
        [found] = [r for r in self.held() if isinstance(r, Job) and r.generation == generation]
        return found

    def until_done(self, job: Job) -> None:
        eventually(lambda: not self.cloud.counts(job).unfinished and not self.cloud.unfinished(job), "tasks end")


def done(outcomes: Iterator[Outcome]) -> list[str]:
    """The names of what was done; fails if anything was not."""
    listed = list(outcomes)
    assert [o.error for o in listed if o.error] == []
    return [o.resource.name for o in listed]


def refused(outcomes: Iterator[Outcome]) -> BatchctlError:
    """The error of the only outcome."""
    [outcome] = outcomes
    assert outcome.error is not None, "it was done"
    return outcome.error


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.services)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    owner = unique("own")
    if request.param == "fake":
        fake = FakeCloud()
        yield World(fake, FakeHand(fake), tmp_path, owner, f"{owner}-other")
        return
    services = request.getfixturevalue("services")
    with blob_service(services) as blobs:
        found = World(connect(target_of(services), SystemClock()), RealHand(blobs), tmp_path, owner, f"{owner}-other")
        yield found
        _leave_nothing(found, blobs)


def _leave_nothing(world: World, blobs: BlobServiceClient) -> None:
    for owner in (world.owner, world.other):
        held = world.cloud.batch(owner, [])
        for kind in (Job, Pool):
            if doomed := [r for r in held if isinstance(r, kind) and r.owner == owner]:
                done(world.cloud.delete(doomed, owner))
    for container in blobs.list_containers():
        if world.owner in container.name:
            blobs.delete_container(container.name)


def container(world: World, word: str = "input") -> Container:
    return Container(name=world.name(word))
