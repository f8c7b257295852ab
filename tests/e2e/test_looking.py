"""What is going on: status, tasks, nodes and outputs of a run on real services."""

import csv
import json
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Workbench

pytestmark = pytest.mark.e2e


def test_a_run_is_looked_at_before_while_it_is_there_and_after(
    workbench: Workbench, named: Callable[[str], str]
) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    path.write_text(path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", ""))
    before = workbench.run("status", spec)
    assert (before.code, before.out.splitlines()[1:]) == (
        0,
        [f"Nothing of this spec is there: `batchctl apply {spec}` makes it."],
    )

    assert workbench.run("apply", spec, "--yes", "--var", "limit=18").code == 3
    seen = workbench.run("status", spec)
    assert seen.code == 0, seen.said
    assert "       20 tasks: 18 succeeded, 2 failed\n" in seen.out
    assert "failed 2 x exit code 7: square-19, square-20\n" in seen.out
    assert ": Standard_D2s_v5, 4 slots a node; 1 node (1 idle) of 1 wanted\n" in seen.out

    failed = workbench.run("tasks", spec, "--failed", "-o", "json")
    assert [(row["task"], row["exitCode"], row["why"]) for row in json.loads(failed.out)] == [
        ("square-19", 7, "FailureExitCode"),
        ("square-20", 7, "FailureExitCode"),
    ]
    assert failed.err.startswith("Target: local")
    two = workbench.run("tasks", spec, "square-0[12]", "-o", "tsv")
    rows = list(csv.DictReader(two.out.splitlines(), delimiter="\t"))
    assert [row["task"] for row in rows] == ["square-01", "square-02"]
    assert all(float(row["ran"]) > 0 and float(row["waited"]) >= 0 for row in rows)
    (node,) = json.loads(workbench.run("nodes", spec, "-o", "json").out)
    assert (node["state"], node["totalTasks"], node["kind"]) == ("idle", 20, "dedicated")
    assert node["node"] == rows[0]["node"]
    written = json.loads(workbench.run("outputs", spec, "*/square-1?.txt", "-o", "json").out)
    assert [row["task"] for row in written] == [f"square-{n}" for n in range(10, 19)]

    # What failed runs again in the next generation, and is no failure any more.
    assert workbench.run("apply", spec, "--yes").code == 0
    again = workbench.run("status", spec).out
    assert "failed" not in again.replace("18 succeeded, 2 failed", "")
    assert workbench.run("tasks", spec, "--failed").out.splitlines()[1:] == ["TASK"]
    assert workbench.run("destroy", spec, "--yes").code == 0
    assert "Nothing of this spec is there" in workbench.run("status", spec).out


def test_a_form_that_there_is_not(workbench: Workbench, named: Callable[[str], str]) -> None:
    refused = workbench.run("tasks", named("canary.yaml"), "-o", "xml")
    assert (refused.code, refused.err) == (64, "error: -o is one of table, json, tsv, yaml, not 'xml'\n")
