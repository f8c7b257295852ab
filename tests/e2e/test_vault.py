"""A secret of a key vault on its way to a task, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.azure_stub import Answer, Request, azure_hosts
from tests.e2e.conftest import Workbench

pytestmark = pytest.mark.e2e

CANARY = "canary-4f1d'x"
SPEC = """\
version: 1
name: vault
storage:
  containers:
    output: {}
pool:
  id: vault
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
job:
  id: vault
  tasks:
    - id: digest
      environmentSettings: [{name: PLAIN, value: '${keyvault:myvault/api-key}'}]
      commands:
        - printf %s ${keyvault:myvault/api-key} | cksum > sums.txt
        - printf %s "$PLAIN" | cksum >> sums.txt
      outputFiles: [{filePattern: sums.txt, container: output}]
wait: {timeout: PT5M}
download:
  - {container: output, to: ../results/vault}
"""


def test_a_secret_goes_to_the_task_alone(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: Callable[[str], str]
) -> None:
    (workbench.folder / "specs" / "vault.yaml").write_text(SPEC)
    spec = named("vault.yaml")
    value = CANARY

    def serve(_request: Request) -> Answer:
        return 200, {"value": value}

    with azure_hosts(tmp_path, monkeypatch, ("myvault.vault.azure.net",), serve) as cloud:
        bench = replace(workbench, environ=workbench.environ | cloud.environ)
        assert bench.run("validate", spec).code == 0
        assert cloud.requests == []
        ran = [
            bench.run("plan", spec, "--full", "--out", "plan.json"),
            bench.run("apply", spec, "--yes", "--json"),
        ]
        assert [r.code for r in ran] == [0, 0]
        value = "another-canary-77"
        ran.append(bench.run("plan", spec, "--detailed-exitcode"))
        assert ran[-1].code == 0, "a rotated secret runs nothing again"
        asked = len(cloud.requests)
        ran.append(bench.run("destroy", spec, "--yes"))
        assert (ran[-1].code, len(cloud.requests)) == (0, asked)
    said = "".join(r.said for r in ran) + (workbench.folder / "plan.json").read_text()
    assert "canary" not in said
    one, other = (workbench.folder / "results" / "vault" / "sums.txt").read_text().splitlines()
    assert one == other
    assert one.split()[1] == str(len(CANARY))
