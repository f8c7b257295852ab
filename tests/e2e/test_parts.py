"""Parts of a plan and replaced objects on real services: --only, --replace, --refresh-only, --parallelism."""

import re
from collections.abc import Callable

import pytest
from azure.batch import BatchClient
from azure.batch.models import BatchPoolResizeOptions

from tests.e2e.conftest import Workbench
from tests.streams import checked

pytestmark = pytest.mark.e2e


def test_a_part_then_the_rest_then_anew(
    workbench: Workbench, named: Callable[[str], str], batch_client: BatchClient
) -> None:
    spec = named("word-count.yaml")
    found = re.search(r"(?m)^name: (\S+)$", (workbench.folder / spec).read_text())
    assert found is not None
    name = found[1]

    one = workbench.run("apply", spec, "--yes", "--only", "task.top-words-orchard", "--parallelism", "1")
    assert one.code == 0, one.said
    assert "--only leaves out 4 changes: " in one.out
    assert [p.name for p in (workbench.folder / "results").iterdir()] == ["orchard_OUTPUT.txt"]
    rest = workbench.run("apply", spec, "--yes")
    assert rest.code == 0, rest.said
    assert "Plan: 5 to add, 1 to change, 0 to destroy; 2 tasks to run" in rest.out

    before = batch_client.get_pool(name).creation_time
    anew = workbench.run("apply", spec, "--yes", "--replace", f"pool.{name}", "--replace", "task.top-words-railway")
    assert anew.code == 0, anew.said
    assert f"-/+ pool {name}: forced by --replace pool.{name}\n" in anew.out
    assert "top-words-railway: forced by --replace task.top-words-railway" in anew.out
    assert "1 task to run" in anew.out
    assert batch_client.get_pool(name).creation_time > before
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0

    none = workbench.run("plan", spec, "--refresh-only", "--detailed-exitcode")
    assert (none.code, none.out.splitlines()[-1]) == (0, "No drift.")
    batch_client.begin_resize_pool(name, BatchPoolResizeOptions(target_dedicated_nodes=2), polling_interval=0).result()
    drift = workbench.run("plan", spec, "--refresh-only", "--detailed-exitcode")
    assert drift.code == 2, drift.said
    assert "targetDedicatedNodes: 2 -> 0 (drift: not what was last asked" in drift.out
    assert drift.out.endswith("Drift: 1 object is not as last asked for.\n")
    *_, told, complete = checked(workbench.run("plan", spec, "--refresh-only", "--json").out)
    [field] = told["changes"][0]["fields"]
    assert (field["name"], field["old"], field["new"], field["drift"]) == ("targetDedicatedNodes", 2, 0, True)
    assert complete["exitCode"] == 0

    pool_alone = workbench.run("destroy", spec, "--yes", "--only", f"pool.{name}")
    assert pool_alone.code == 0, pool_alone.said
    assert not [pool for pool in batch_client.list_pools() if pool.id == name]
    assert [job.id for job in batch_client.list_jobs() if job.id.startswith(name)]
    assert workbench.run("destroy", spec, "--yes").code == 0
