"""The account of the experiments: services of their own, and things of strangers in it that nobody may touch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional
from unittest.mock import patch

from azure.batch import models
from azure.storage.blob import ContainerClient

from batchctl import local
from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.cloud.marks import OWNER
from batchctl.local import Services
from batchctl.opening.target import target_of
from tests import leaks
from tests.services import batch_client, blob_service, eventually
from tests.sweeps.scenarios import SCENARIOS, Scenario
from tests.sweeps.stage import Stage, inside, staged, through
from tests.sweeps.warm import prepare

NEIGHBOUR = "sweep"
"""A spec of somebody else; the names of all experiments begin with it."""

STRANGERS = "strangers"


@dataclass
class World:
    """`counts`: how many requests a verb sends when nothing fails, by scenario and verb."""

    services: Services
    room: Path
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    stages: int = 0
    neighbour: Stage = field(init=False)
    _keyless: Optional["World"] = None
    _strangers: dict[str, Any] = field(default_factory=dict)

    def open(self) -> None:
        """The strangers move in, and the requests of an undisturbed run are counted."""
        self._settle()
        for scenario in SCENARIOS:
            self._count(scenario)
        prepare()

    @contextmanager
    def keyless(self) -> Iterator["World"]:
        """Another one, whose services are reached over https and take tokens; started when it is first wanted."""
        home = self.room / "keyless"
        with patch.dict(os.environ, {"BATCHCTL_LOCAL_HOME": str(home / "services")}):
            if self._keyless is None:
                home.mkdir()
                services = local.ensure_running(lambda _: None, asked=local.Asked(keyless=True))
                leaks.know(services.batch_key, services.storage_key)
                self._keyless = World(services, home)
                self._keyless._settle()
            try:
                yield self._keyless
            except Exception:
                self._keyless.renew()
                raise

    def shut(self) -> None:
        """Ends what was started beside the services that were given."""
        if self._keyless:
            with patch.dict(os.environ, {"BATCHCTL_LOCAL_HOME": str(self._keyless.room / "services")}):
                local.stop()

    def stage(self, scenario: Scenario) -> Stage:
        self.stages += 1
        return staged(self.room / f"stage-{self.stages}", self.services, scenario=scenario)

    def renew(self) -> None:
        """An account as it was at the beginning, after an experiment that left things behind."""
        assert local.reset()
        self._settle()

    def begin_anew(self) -> None:
        """The same of services that do not start any more with what they hold."""
        local.reset()
        assert local.ensure_running(lambda _: None) == self.services, "they are elsewhere now"
        self._settle()

    def intruders(self, stage: Stage) -> list[str]:
        """What in the account is neither the strangers' nor marked as the stage's; what of theirs has changed."""
        seen = self.look()
        changed = [
            f"{name}: {what} is {seen.get(name)}" for name, what in self._strangers.items() if seen.get(name) != what
        ]
        owned = [name for name, (owner, _) in seen.items() if stage.name in name and owner != stage.name]
        return [*(f"touched: {line}" for line in changed), *(f"nobody's: {name}" for name in owned)]

    def close(self) -> None:
        """The strangers move out, of services that others use too."""
        inside(self.neighbour, None, "destroy")
        blob_service(self.services).delete_container(STRANGERS)
        batch = batch_client(self.services)
        batch.begin_delete_job(STRANGERS)
        batch.begin_delete_pool(STRANGERS)

    def _settle(self) -> None:
        self.stages += 1
        self.neighbour = staged(self.room / f"neighbour-{self.stages}", self.services, name=NEIGHBOUR)
        inside(self.neighbour, None, "apply")
        _move_in(self.services)
        # A job of the service ends a moment after its tasks: what changes by itself is nobody's doing.
        eventually(lambda: self.look()[f"jobs {NEIGHBOUR}"][1].endswith(" completed"), "the neighbour's job ends")
        self._strangers = {name: what for name, what in self.look().items() if _is_a_strangers(name)}

    def _count(self, scenario: str) -> None:
        stage = self.stage(SCENARIOS[scenario])
        for verb in ("apply", "destroy"):
            with through(self.services) as ways:
                inside(stage, ways, verb)
            self.counts[scenario, verb] = len(ways.requests)
        assert stage.held() == {}

    def look(self) -> dict[str, tuple[str, str]]:
        """Every object of the account by its name: whose mark it bears, and its version."""
        batch = connect(target_of(self.services), SystemClock())._session.batch
        seen = dict[str, tuple[str, str]]()
        for kind in ("pools", "jobs"):
            for item in batch.pages(f"/{kind}"):
                marks = {pair["name"]: pair["value"] for pair in item.get("metadata", ())}
                seen[f"{kind} {item['id']}"] = (marks.get(OWNER, ""), f"{item['eTag']} {item['state']}")
                if kind == "jobs" and item["id"] in (NEIGHBOUR, STRANGERS):
                    for task in batch.pages(f"/jobs/{item['id']}/tasks"):
                        seen[f"task {item['id']}/{task['id']}"] = ("", f"{task['eTag']} {task['state']}")
        blobs = blob_service(self.services)
        for container in blobs.list_containers(include_metadata=True):
            if container.name != "batchctl":  # the locks of all
                seen[f"container {container.name}"] = ((container.metadata or {}).get(OWNER, ""), "")
            if _is_a_strangers(f"container {container.name}"):
                seen |= _blobs(blobs.get_container_client(container.name))
        return seen


def _is_a_strangers(name: str) -> bool:
    whose = name.partition(" ")[2].partition("/")[0]
    return whose in (NEIGHBOUR, STRANGERS, *(f"{NEIGHBOUR}-{end}" for end in ("input", "output", "logs")))


def _blobs(container: ContainerClient) -> dict[str, tuple[str, str]]:
    return {f"blob {container.container_name}/{blob.name}": ("", str(blob.etag)) for blob in container.list_blobs()}


def _move_in(services: Services) -> None:
    """Objects without a mark: a container with a blob, a pool, and a job with a task that waits."""
    container = blob_service(services).get_container_client(STRANGERS)
    container.create_container()
    container.upload_blob("theirs.txt", b"do not touch\n")
    batch = batch_client(services)
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04")
    pool = models.BatchPoolCreateOptions(id=STRANGERS, vm_size="Standard_D2s_v5", virtual_machine_configuration=machine)
    batch.create_pool(pool)
    batch.create_job(models.BatchJobCreateOptions(id=STRANGERS, pool_info=models.BatchPoolInfo(pool_id=STRANGERS)))
    batch.create_task(STRANGERS, models.BatchTaskCreateOptions(id="theirs", command_line="true"))
