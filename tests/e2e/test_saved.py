"""Saved plans through the command line, on real services: applied once, and refused for everything that differs."""

import json
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from azure.batch import BatchClient
from azure.batch.models import BatchPoolResizeOptions

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.errors import Refused
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.reconcile.kept.document import read_document
from batchctl.spec.load import load
from batchctl.verbs.saved import approve_unchanged
from tests import verbs
from tests.e2e.conftest import Ran, Workbench
from tests.proxy import counting

pytestmark = pytest.mark.e2e


def saved(workbench: Workbench, spec: str, *options: str) -> Path:
    path = workbench.folder / "plan.json"
    planned = workbench.run("plan", spec, "--out", "plan.json", *options)
    assert planned.code == 0, planned.said
    return path


def refused(workbench: Workbench, *lines: str) -> Ran:
    ran = workbench.run("apply", "plan.json")
    assert ran.code == 4, ran.said
    for line in lines:
        assert line in ran.err
    return ran


def test_a_saved_plan_is_applied_once_and_refused_when_anything_differs(
    workbench: Workbench, named: Callable[[str], str], batch_client: BatchClient, services: Services
) -> None:
    spec = named("word-count.yaml")
    found = re.search(r"(?m)^name: (\S+)$", (workbench.folder / spec).read_text())
    assert found is not None
    name = found[1]
    path = saved(workbench, spec)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert services.batch_key not in path.read_text()
    assert services.storage_key not in path.read_text()
    assert json.loads(path.read_text())["target"]["batch"] == services.batch_url

    # Used once, and not twice.
    applied = workbench.run("apply", "plan.json")
    assert applied.code == 0, applied.said
    assert len(list((workbench.folder / "results").iterdir())) == 3
    refused(workbench, "it was applied before", "13 of its 13 changes are made already")
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0

    # An input that was edited.
    text = workbench.folder / "specs/word-count/data/orchard.txt"
    text.write_text(text.read_text(encoding="utf-8") + " zebra", encoding="utf-8")
    saved(workbench, spec)
    text.write_text(text.read_text(encoding="utf-8") + " zebra", encoding="utf-8")
    refused(workbench, "orchard.txt: the file word-count/data/orchard.txt has other content now")

    # A resize by another client.
    saved(workbench, spec)
    batch_client.begin_resize_pool(name, BatchPoolResizeOptions(target_dedicated_nodes=2), polling_interval=0).result()
    refused(workbench, f"pool {name}: before.targetDedicatedNodes was nothing, and is 2 now")
    assert batch_client.get_pool(name).target_dedicated_nodes == 2
    assert [job.id for job in batch_client.list_jobs() if job.id.startswith(name)] == [name]
    with counting(services.batch_url) as batch, counting(services.blob_url) as storage:
        target = replace(target_of(services), batch_url=batch.url, storage_url=storage.url)
        loaded = load(workbench.folder / spec, {}, {})
        kept = read_document(path.read_text())
        with pytest.raises(Refused, match="targetDedicatedNodes was nothing, and is 2 now"):
            list(verbs.apply(loaded, connect(target, SystemClock()), SystemClock(), approve_unchanged(kept, loaded)))
    assert batch.requests
    assert batch.mutating + storage.mutating == []

    # Another account: not one request reaches it.
    saved(workbench, spec)
    with counting(services.batch_url) as other:
        azure = {"AZURE_BATCH_ENDPOINT": other.url, "AZURE_BATCH_ACCESS_KEY": services.batch_key}
        storage = {"AZURE_STORAGE_ACCOUNT": "another", "AZURE_STORAGE_KEY": services.storage_key}
        elsewhere = replace(workbench, environ={**workbench.environ, **azure, **storage})
        refused(
            elsewhere, f"another batch account, {services.batch_url}; this is {other.url}", "another storage account"
        )
    assert other.requests == []

    # An edit of the spec, if only of a comment.
    (workbench.folder / spec).write_text((workbench.folder / spec).read_text() + "# done\n")
    refused(workbench, f"the spec '{spec}' was edited after the plan was made")

    # A plan of what there is now stands.
    saved(workbench, spec)
    assert workbench.run("apply", "plan.json").code == 0
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_show_and_what_out_refuses(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("word-count.yaml")
    planned = workbench.run("plan", spec, "--out", "plan.json")
    shown = workbench.run("show", "plan.json")
    assert shown.code == 0, shown.said
    assert shown.out.splitlines()[2:] == planned.out.splitlines()[1:]
    as_json = workbench.run("show", "plan.json", "--json")
    assert json.loads(as_json.out) == json.loads((workbench.folder / "plan.json").read_text())
    markdown = workbench.run("show", "plan.json", "--markdown").out
    assert markdown.startswith(f"### batchctl plan of `{spec}`")
    assert "\n```diff\n+ container " in markdown

    over = workbench.run("plan", spec, "--out", spec)
    assert over.code == 64
    assert "no saved plan; it would be lost" in over.err
    assert workbench.run("plan", spec, "--out", "nowhere/plan.json").code == 64
    assert workbench.run("apply", "plan.json", "--discard-outputs").code == 64
    (workbench.folder / "plan.json").write_text((workbench.folder / "plan.json").read_text()[:-40])
    assert workbench.run("apply", "plan.json").code == 4
    assert workbench.run("show", "plan.json").code == 4


POOL_ALONE = """
version: 1
name: t-adopts-unasked
pool:
  id: t-adopts-unasked
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 0
"""


def test_a_saved_plan_adopts_nothing_that_it_did_not_show(workbench: Workbench, batch_client: BatchClient) -> None:
    spec, name = workbench.folder / "pool.yaml", "t-adopts-unasked"
    spec.write_text(POOL_ALONE)
    assert workbench.run("apply", "pool.yaml", "--yes").code == 0
    spec.write_text(POOL_ALONE + "  targetSpotNodes: 1\n")
    saved(workbench, "pool.yaml", "--adopt")
    marks = batch_client.get_pool(name).metadata or []
    theirs = [{"name": m.name, "value": "another" if m.name == "batchctl_owner" else m.value} for m in marks]
    batch_client.update_pool(name, {"metadata": theirs})
    refused(workbench, f"pool {name}: would now be adopted (adopted: it belongs to the spec 'another'")
    found = batch_client.get_pool(name)
    assert {m.name: m.value for m in found.metadata or []}["batchctl_owner"] == "another"
    assert found.target_low_priority_nodes == 0
    assert workbench.run("destroy", "pool.yaml", "--adopt", "--yes").code == 0
