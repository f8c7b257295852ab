"""An auto pool that outlives its job, as a user meets it: told, seen by status and gc, taken away."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Workbench
from tests.services import unique

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
name: NAME
pool:
  lifetime: job
  keepAlive: true
  autoPoolIdPrefix: night
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
job: {id: NAME, tasks: [{id: a, commands: [echo one]}]}
"""


def test_what_outlives_its_job_is_told_until_it_goes(workbench: Workbench) -> None:
    name = unique("auto")
    Path(workbench.folder / "auto.yaml").write_text(SPEC.replace("NAME", name))
    applied = workbench.run("apply", "auto.yaml", "--yes")
    assert applied.code == 0, applied.said
    assert f"it outlives its job {name} (keepAlive), and 1 node with it" in applied.said
    planned = workbench.run("plan", "auto.yaml", "--detailed-exitcode")
    assert planned.code == 0, planned.said
    assert f"of job '{name}' stays (keepAlive): 1 node, until destroy" in planned.out
    assert "1 node keeps costing" in workbench.run("status", "auto.yaml").out
    assert f"{name} ({workbench.folder}/auto.yaml): 1 container, 1 pool, 1 job" in workbench.run("gc").out
    destroyed = workbench.run("destroy", "auto.yaml", "--yes")
    assert destroyed.code == 0, destroyed.said
    assert f"was made for job {name}" in destroyed.out
    assert name not in workbench.run("gc").out
