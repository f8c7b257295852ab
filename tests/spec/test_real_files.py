"""What real files of other tools ask for, said in specs.

12 shapes of Batch Shipyard recipes, 10 of the job templates in Microsoft's gallery, 6 Terraform pools; each was written
anew, after what the tool makes of its file.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from batchctl.verbs.plan import plan
from tests.examine import examine
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import held_pool

FILES = sorted((Path(__file__).parents[1] / "cases" / "real").glob("*.yaml"))
SECRETS = ("SHARE_KEY", "REGISTRY_PASSWORD", "APP_TOKEN", "WORKER_PASSWORD", "OPERATOR_PASSWORD")
ENVIRON = {name: f"secret-{name.lower()}" for name in SECRETS}
MOST_RAW = 6
"""So many of them may need REST's own words."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_can_be_said(path: Path) -> None:
    assert examine(path, {}, ENVIRON) == ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_can_be_planned(path: Path) -> None:
    cloud = FakeCloud()
    cloud.pools["team"] = replace(held_pool("team"), owner=None)
    spec = load(path, {}, ENVIRON)
    for name, container in spec.containers.items():
        if container.external:
            cloud.put(name, "2026/in.txt", b"text")
    decided = plan(spec, cloud, Choices())
    assert decided.changes
    assert decided.refusals == ()


def test_nearly_all_of_them_without_raw() -> None:
    assert len(FILES) == 28
    assert sum("raw:" in path.read_text() for path in FILES) <= MOST_RAW
