"""The law of the examples: each spec plans, applies, is then as it should be, and leaves nothing behind."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.batch import models

from batchctl.cloud import marks
from batchctl.local import Services
from batchctl.reconcile.events import PoolNotice
from batchctl.spec.load import load
from tests import verbs
from tests.counted import Quick, real_side
from tests.e2e.conftest import ENVIRON, ROOT, Workbench
from tests.services import batch_client, blob_service

pytestmark = pytest.mark.e2e

EXPANDED = {"windows.yaml"}
"""What runs on no node of most machines: that it can be expanded has to do; scripts/test-windows applies it."""

SPECS = sorted(path.name for path in (ROOT / "specs").glob("*.yaml") if path.name not in EXPANDED)


def ours(services: Services, owner: str) -> list[str]:
    """Everything in either service that bears this owner's mark."""
    with batch_client(services) as batch:
        found = [
            item.id
            for item in (*batch.list_pools(), *batch.list_jobs(), *batch.list_job_schedules())
            if any(m.name == marks.OWNER and m.value == owner for m in item.metadata or ())
        ]
    containers = blob_service(services).list_containers(include_metadata=True)
    return found + [c.name for c in containers if (c.metadata or {}).get(marks.OWNER) == owner]


@contextmanager
def what_others_made(spec: str, services: Services, name: str) -> Iterator[None]:
    """The pool that somebody else owns, where the spec uses one: it is there before, and still there afterwards."""
    if spec != "existing-pool.yaml":
        yield
        return
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04")
    with batch_client(services) as batch:
        pool = models.BatchPoolCreateOptions(
            id=name, vm_size="Standard_D2s_v5", virtual_machine_configuration=machine, target_dedicated_nodes=1
        )
        batch.create_pool(pool)
        made = batch.get_pool(name)
        yield
        left = batch.get_pool(name)
        assert (left.last_modified, left.metadata, left.state) == (made.last_modified, None, "active")
        batch.begin_delete_pool(name)


def greetings_are_said(folder: Path) -> None:
    found = {path.name: path.read_text("utf-8") for path in (folder / "results/existing-pool").glob("*.txt")}
    assert len(found) == 2
    assert all(text.startswith("Hello from t-") for text in found.values())


def words_are_counted(folder: Path) -> None:
    """Mapped, reduced and merged, or counted at once: the same."""
    texts = b" ".join(path.read_bytes().lower() for path in (folder / "specs/word-count/data").glob("*.txt"))
    counts = Counter(re.findall(rb"[a-z]+", texts))
    lines = (folder / "results/map-reduce/TOP.txt").read_bytes().split(b"\n")[:-1]
    top = [(int(count), word) for count, word in map(bytes.split, lines)]
    assert [count for count, _ in top] == sorted(counts.values(), reverse=True)[:10]
    assert all(counts[word] == count for count, word in top)


def verses_are_paired(folder: Path) -> None:
    found = {path.name: path.read_text("utf-8").splitlines()[0] for path in (folder / "results/paired").glob("*.tsv")}
    assert found == {
        "lamp.tsv": "A lamp is lit above the bay,|Ein Licht brennt über jener Bucht,",
        "tide.tsv": "The tide comes in without a sound|Die Flut kommt ohne einen Laut",
    }


def darts_are_thrown(folder: Path) -> None:
    rows = [line.split() for line in (folder / "results/sweep/TABLE.txt").read_text().splitlines()]
    assert [(n, seed) for n, seed, _ in rows] == [(n, s) for n in ("100", "1000", "10000") for s in ("1", "2")]
    assert all(2.5 < float(pi) < 4 for _, _, pi in rows)


def nodes_know_each_other(folder: Path) -> None:
    rows = [line.split(" -> ") for line in (folder / "results/mpi/hosts.txt").read_text().splitlines()]
    assert len(rows) == 2
    assert rows[0] == rows[1][::-1]


def verses_are_measured(folder: Path) -> None:
    found = {path.name: int(path.read_text()) for path in (folder / "results/identity").glob("*.txt")}
    assert found == {"lamp.en.txt": 2, "tide.en.txt": 2}


HOME: dict[str, Callable[[Path], None]] = {
    "identity.yaml": verses_are_measured,
    "existing-pool.yaml": greetings_are_said,
    "mpi.yaml": nodes_know_each_other,
    "map-reduce.yaml": words_are_counted,
    "paired.yaml": verses_are_paired,
    "sweep.yaml": darts_are_thrown,
}
"""What must be at home once a spec was applied."""


@pytest.mark.parametrize("name", SPECS)
def test_every_spec(name: str, workbench: Workbench, named: Callable[[str], str], services: Services) -> None:
    spec = named(name)
    owner = load(Path(workbench.folder / spec), {}, ENVIRON).name
    with what_others_made(name, services, owner):
        assert workbench.run("validate", spec).code == 0
        assert workbench.run("plan", spec, "--detailed-exitcode").code == 2
        assert ours(services, owner) == []
        applied = workbench.run("apply", spec, "--yes")
        assert applied.code == 0, applied.said
        assert len(ours(services, owner)) >= 2
        HOME.get(name, lambda _folder: None)(workbench.folder)
        told = workbench.run("status", spec).out
        assert ("external: whoever owns it pays" in told) == (name == "existing-pool.yaml")
        assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
        destroyed = workbench.run("destroy", spec, "--yes")
        assert destroyed.code == 0, destroyed.said
        assert ours(services, owner) == []


@pytest.mark.parametrize("name", SPECS)
def test_a_second_apply_writes_nothing(
    name: str, workbench: Workbench, named: Callable[[str], str], services: Services
) -> None:
    path = workbench.folder / named(name)
    owner = load(path, {}, ENVIRON).name
    with real_side(services) as side, what_others_made(name, services, owner):
        assert list(verbs.apply(load(path, {}, ENVIRON), side.cloud, Quick(), lambda plan: True))
        for log in side.logs:
            assert log.mutating
            log.requests.clear()
        again = list(verbs.apply(load(path, {}, ENVIRON), side.cloud, Quick(), lambda plan: not plan))
        assert all(isinstance(event, PoolNotice) and "keep" in event.says[0] for event in again)
        assert [request for log in side.logs for request in log.mutating] == []
        assert 0 < sum(len(log.requests) for log in side.logs) < 25
        list(verbs.destroy(load(path, {}, ENVIRON), side.cloud, Quick(), lambda plan: True))


@pytest.mark.parametrize("name", sorted(EXPANDED))
def test_what_does_not_run_here_is_expanded(name: str, workbench: Workbench) -> None:
    assert workbench.run("validate", f"specs/{name}").code == 0
    expanded = workbench.run("expand", f"specs/{name}")
    assert expanded.code == 0, expanded.said
    lines = [body["body"].get("commandLine", "") for body in json.loads(expanded.out)]
    assert any(line.startswith("cmd.exe /d ") and line.endswith('.cmd" lamp.en.txt"') for line in lines)
