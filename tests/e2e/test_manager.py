"""A job of a manager alone, which adds a task, from its first run to its last."""

import pytest
from azure.batch import BatchClient, models

from tests.e2e.conftest import Workbench
from tests.emulator.stand import until
from tests.services import unique

pytestmark = pytest.mark.e2e

SPEC = """
version: 1
name: {name}
storage: {{containers: {{{name}: {{}}}}}}
pool:
  id: {name}
  vmSize: Standard_D2s_v5
  image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}
  targetDedicatedNodes: 1
  taskSlotsPerNode: 2
  afterRun: keep
job:
  id: {name}
  jobManagerTask:
    id: manager
    runExclusive: false
    commands:
      - until [ -f "$AZ_BATCH_NODE_SHARED_DIR/added" ]; do sleep 0.1; done
      - {line}
    outputFiles: [{{filePattern: out.txt, container: {name}}}]
download: [{{container: {name}, to: results}}]
wait: {{timeout: 5m}}
"""


def test_a_manager_alone(workbench: Workbench, batch_client: BatchClient) -> None:
    name = unique("manager")
    spec = workbench.folder / "spec.yaml"
    spec.write_text(SPEC.format(name=name, line="echo one > out.txt"))
    with workbench.start("apply", "spec.yaml", "--yes") as going:
        until(lambda: name in [job.id for job in batch_client.list_jobs()], "the job")
        busy = workbench.run("plan", "spec.yaml")
        line = "/bin/sh -c 'touch \"$AZ_BATCH_NODE_SHARED_DIR/added\"'"
        batch_client.create_task(name, models.BatchTaskCreateOptions(id="by-manager", command_line=line))
        said, _ = going.communicate(timeout=120)
    assert going.returncode == 0, said
    assert "0 waiting, 0 running, 2 succeeded, 0 failed" in said
    assert "refused" not in busy.out
    assert (workbench.folder / "results" / "out.txt").read_text() == "one\n"
    assert workbench.run("plan", "spec.yaml", "--detailed-exitcode").code == 0
    assert workbench.run("logs", "spec.yaml", "manager", "--stderr").code == 0

    spec.write_text(SPEC.format(name=name, line="exit 3"))
    changed = workbench.run("plan", "spec.yaml", "--detailed-exitcode")
    assert (changed.code, f"+ task {name}-g2/manager: command changed" in changed.out) == (2, True), changed.said
    failed = workbench.run("apply", "spec.yaml", "--yes")
    assert failed.code == 3, failed.said
    spec.write_text(SPEC.format(name=name, line="echo three > out.txt"))
    mended = workbench.run("apply", "spec.yaml", "--yes")
    assert mended.code == 0, mended.said
    assert (workbench.folder / "results" / "out.txt").read_text() == "three\n"
    assert workbench.run("plan", "spec.yaml", "--detailed-exitcode").code == 0
    assert workbench.run("destroy", "spec.yaml", "--yes").code == 0
