"""The law of the examples: each spec plans, applies, is then as it should be, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from batchctl import verbs
from batchctl.cloud import marks
from batchctl.local import Services
from batchctl.spec.load import load
from tests.counted import Quick, real_side
from tests.e2e.conftest import ROOT, Workbench
from tests.services import batch_client, blob_service

pytestmark = pytest.mark.e2e

SPECS = sorted(path.name for path in (ROOT / "specs").glob("*.yaml"))


def ours(services: Services, owner: str) -> list[str]:
    """Everything in either service that bears this owner's mark."""
    with batch_client(services) as batch:
        found = [
            item.id
            for item in (*batch.list_pools(), *batch.list_jobs())
            if any(m.name == marks.OWNER and m.value == owner for m in item.metadata or ())
        ]
    containers = blob_service(services).list_containers(include_metadata=True)
    return found + [c.name for c in containers if (c.metadata or {}).get(marks.OWNER) == owner]


@pytest.mark.parametrize("name", SPECS)
def test_every_spec(name: str, workbench: Workbench, named: Callable[[str], str], services: Services) -> None:
    spec = named(name)
    owner = load(Path(workbench.folder / spec), {}, {}).name
    assert workbench.run("validate", spec).code == 0
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 2
    assert ours(services, owner) == []
    applied = workbench.run("apply", spec, "--yes")
    assert applied.code == 0, applied.said
    assert len(ours(services, owner)) > 2
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    destroyed = workbench.run("destroy", spec, "--yes")
    assert destroyed.code == 0, destroyed.said
    assert ours(services, owner) == []


@pytest.mark.parametrize("name", SPECS)
def test_a_second_apply_writes_nothing(
    name: str, workbench: Workbench, named: Callable[[str], str], services: Services
) -> None:
    path = workbench.folder / named(name)
    with real_side(services) as side:
        assert list(verbs.apply(load(path, {}, {}), side.cloud, Quick(), lambda plan: True))
        for log in side.logs:
            assert log.mutating
            log.requests.clear()
        assert list(verbs.apply(load(path, {}, {}), side.cloud, Quick(), lambda plan: not plan)) == []
        assert [request for log in side.logs for request in log.mutating] == []
        assert 0 < sum(len(log.requests) for log in side.logs) < 20
        list(verbs.destroy(load(path, {}, {}), side.cloud, Quick(), lambda plan: True))
