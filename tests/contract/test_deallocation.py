"""What becomes of somebody's task on nodes that go with our pool, on the local service: as the spec says."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.batch import BatchClient, models

from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from tests import verbs
from tests.counted import Quick, real_side
from tests.services import batch_client, unique

pytestmark = pytest.mark.services

SPEC = """\
version: 1
name: NAME
pool:
  id: NAME
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
"""
ENDS = {
    "": ("active", None),
    "  nodeDeallocationOption: requeue\n": ("active", None),
    "  nodeDeallocationOption: terminate\n": ("completed", "failure"),
    "  nodeDeallocationOption: taskcompletion\n": ("completed", "success"),
}


def until(holds: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < 60
        time.sleep(0.05)


def ends_once_asked(batch: BatchClient, pool: str, go: Path) -> None:
    """The task ends only after the pool was told to lose its nodes."""
    until(lambda: batch.get_pool(pool).allocation_state == "resizing")
    go.touch()


@pytest.mark.parametrize("said", ENDS, ids=lambda said: said.strip().rpartition(" ")[2] or "nothing said")
def test_what_becomes_of_tasks_of_others(said: str, services: Services, tmp_path: Path) -> None:
    name = unique("gone")
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.replace("NAME", name))
    go = tmp_path / "go"
    with real_side(services) as side, batch_client(services) as batch:
        list(verbs.apply(load(path, {}, {}), side.cloud, Quick(), lambda _: True))
        batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
        line = f"/bin/sh -c 'until test -e {go}; do sleep 0.1; done'"
        batch.create_task(name, models.BatchTaskCreateOptions(id="theirs", command_line=line))
        until(lambda: batch.get_task(name, "theirs").state == "running")
        # What the spec says by now counts, applied or not.
        path.write_text(SPEC.replace("NAME", name) + said)
        with ThreadPoolExecutor(1) as beside:
            if "taskcompletion" in said:
                beside.submit(ends_once_asked, batch, name, go)
            list(verbs.destroy(load(path, {}, {}), side.cloud, Quick(), lambda _: True, Choices(force=True)))
        task = batch.get_task(name, "theirs")
        info = task.execution_info
        assert (task.state, info.result if info else None) == ENDS[said]
        batch.begin_delete_job(name)
