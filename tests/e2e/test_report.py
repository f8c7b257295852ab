"""The report of a run on real services: its figures are those of the service's own records."""

import csv
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

import jsonschema
import pytest

from batchctl.spec.reading.schema import schema_text
from tests.e2e.conftest import Workbench

pytestmark = pytest.mark.e2e


def test_its_figures_are_those_of_the_service(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "")
    path.write_text(text.replace("taskSlotsPerNode: 4\n", "taskSlotsPerNode: 4\n  afterRun: keep\n"))
    none = workbench.run("report", spec, "--to", "none")
    assert none.code == 0, none.said
    assert "no task of this spec is there" in none.out

    assert workbench.run("apply", spec, "--yes", "--var", "limit=18").code == 3
    made = workbench.run("report", spec, "--to", "out/report")
    assert made.code == 0, made.said
    assert "20 tasks: 18 succeeded, 2 failed\n" in made.out
    folder = workbench.folder / "out" / "report"
    assert sorted(file.name for file in folder.iterdir()) == ["report.html", "report.json", "report.md", "tasks.csv"]
    found = json.loads((folder / "report.json").read_text())
    jsonschema.validate(found, json.loads(schema_text("report")))

    records = json.loads(workbench.run("tasks", spec, "-o", "json").out)
    (node,) = json.loads(workbench.run("nodes", spec, "-o", "json").out)
    written = json.loads(workbench.run("outputs", spec, "-o", "json").out)
    check_figures(found, records, written)
    last = max(moment(row["ended"]) for row in records)
    offered = 4 * (last - moment(node["allocated"])).total_seconds()
    taken = sum(moment(row["ended"]).timestamp() - moment(row["started"]).timestamp() for row in records)
    # Of seconds that are told by the millisecond.
    assert found["utilisation"] == pytest.approx(taken / offered, abs=0.02)

    (group,) = found["failures"]
    assert (group["cause"], sorted(group["tasks"])) == ("exit code 7", ["square-19", "square-20"])
    assert group["said"] == [f"{group['tasks'][0].removeprefix('square-')} is too heavy"]
    page, markdown = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    assert len(re.findall(r"<title>square-\d\d: ", page, re.ASCII)) == 20
    assert "**2 x exit code 7**: " in markdown
    with (folder / "tasks.csv").open(newline="") as rows:
        assert [row["task"] for row in csv.DictReader(rows)] == [row["task"] for row in records]

    # Another run of what failed; the page in the same folder is written anew.
    assert workbench.run("apply", spec, "--yes").code == 0
    assert "20 tasks: 20 succeeded\n" in workbench.run("report", spec, "--to", "out/report").out
    assert workbench.run("report", spec, "--to", spec).code == 64
    assert workbench.run("destroy", spec, "--yes", "--discard-outputs").code == 0


def check_figures(found: Mapping[str, Any], records: list[dict[str, Any]], written: list[dict[str, Any]]) -> None:
    """Counted anew from what the service says of each task and blob."""
    for name in ("ran", "waited"):
        spans = sorted(row[name] for row in records)
        assert found[name] == {
            "count": 20,
            "total": pytest.approx(sum(spans), abs=0.05),
            "median": spans[9],
            "p95": spans[ceil(20 * 0.95) - 1],
            "longest": spans[-1],
        }
    assert found["counts"] == {"succeeded": 18, "failed": 2}
    assert found["began"] == min(row["started"] for row in records)
    assert found["ended"] == max(row["ended"] for row in records)
    assert found["retries"] == sum(row["retries"] for row in records)
    assert (found["outputs"], found["outputBytes"]) == (written, sum(row["size"] for row in written))
    # Of the changes within a millisecond, which is all that is told, the last one.
    for start, tasks in {step["from"]: step["tasks"] for step in found["running"]}.items():
        at = moment(start)
        assert tasks == sum(moment(row["started"]) <= at < moment(row["ended"]) for row in records)
    assert sum(bar["tasks"] for bar in found["durations"]) == 20
    bars = [bar for lane in found["timeline"] for bar in lane["tasks"]]
    assert sorted((bar["task"], bar["start"], bar["end"]) for bar in bars) == sorted(
        (row["task"], row["started"], row["ended"]) for row in records
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
