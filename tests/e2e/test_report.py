"""The report of a run on real services: its figures are those of the service's own records."""

import csv
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

import jsonschema
import pytest

from batchctl.spec.reading.schema import schema_text
from tests.e2e.conftest import Workbench
from tests.e2e.test_money import price_file

pytestmark = pytest.mark.e2e


def test_its_figures_are_those_of_the_service(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "")
    path.write_text(text.replace("taskSlotsPerNode: 4\n", "taskSlotsPerNode: 4\n  afterRun: keep\n"))
    none = workbench.run("report", spec, "--to", "none")
    assert none.code == 0, none.said
    assert "no task of this spec is there" in none.out

    assert workbench.run("apply", spec, "--yes", "--report", spec).code == 64
    prices = price_file(workbench.folder)
    ended = workbench.run("apply", spec, "--yes", "--var", "limit=18", "--report", "out/end", "--prices", prices)
    assert ended.code == 3
    assert "Wrote report.html, report.md, report.json, tasks.csv to out/end\n" in ended.err
    made = workbench.run("report", spec, "--to", "out/report", "--prices", prices)
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

    check_dump(workbench, spec)
    check_nodes(found, records, node)
    check_end(json.loads((workbench.folder / "out" / "end" / "report.json").read_text()), found, node["node"])

    # Another run of what failed or changed; the page in the same folder is written anew.
    assert workbench.run("apply", spec, "--yes").code == 0
    assert "20 tasks: 20 succeeded\n" in workbench.run("report", spec, "--to", "out/report").out
    again = json.loads((folder / "report.json").read_text())
    jsonschema.validate(again, json.loads(schema_text("report")))
    assert [(cause["why"], len(cause["tasks"])) for cause in again["why"]] == [
        ("changed: command", 18),
        ("failed before: exit code 7; changed: command", 2),
    ]
    # The text is the same, and the variable's value another.
    assert [job["spec"] for job in again["jobs"]] == [again["applied"]["text"]] * 2
    [changed] = again["why"][0]["changed"]
    assert changed["part"] == "command"
    assert "18 ]" in changed["lines"][0]
    assert "20 ]" in changed["lines"][0]
    assert workbench.run("report", spec, "--to", spec).code == 64
    assert workbench.run("destroy", spec, "--yes", "--discard-outputs").code == 0


def check_dump(workbench: Workbench, spec: str) -> None:
    dumped = workbench.run("debug-dump", spec, "--to", "dump.zip")
    assert dumped.code == 0, dumped.said
    path = workbench.folder / "dump.zip"
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        told = {name: archive.read(name).decode() for name in archive.namelist()}
    assert told["CONTENTS.txt"] in dumped.out
    assert told["logs/square-19.stderr.txt"] == "19 is too heavy\n"
    assert "/square-20 (7): FailureExitCode: " in told["errors.txt"]
    assert {"spec/0-canary.yaml", "plan.json", "status.txt", "nodes.json", "report/report.html"} <= told.keys()
    assert len(json.loads(told["tasks.json"])) == 20
    assert workbench.run("debug-dump", spec, "--to", "dump.zip").code == 64
    # Nobody has to know what a plan needs: the rest is told, and why there is none.
    text = (workbench.folder / spec).read_text()
    unknown = workbench.folder / "specs" / "unknown.yaml"
    unknown.write_text(text.replace("'{item} is too heavy'", "'${env:NOT_THERE}'"))
    partly = workbench.run("debug-dump", "specs/unknown.yaml", "--to", "partly.zip")
    assert partly.code == 0, partly.said
    assert "  plan: specs/unknown.yaml:" in partly.out


def check_nodes(found: Mapping[str, Any], records: list[dict[str, Any]], node: Mapping[str, Any]) -> None:
    """The node is paid from its allocation to the look; it was idle whenever no task ran on it."""
    seconds = (moment(found["made"]) - moment(node["allocated"])).total_seconds()
    [use] = found["spent"]["nodes"]
    assert (use["kind"], use["nodes"], use["atLeast"]) == ("dedicated", 1, False)
    assert use["nodeHours"] == pytest.approx(seconds / 3600, abs=1e-5)
    assert found["spent"]["cost"] == pytest.approx(0.36 * seconds / 3600, abs=1e-5)
    busy, until = 0.0, moment(node["allocated"])
    for row in sorted(records, key=lambda row: str(row["started"])):
        start, end = max(moment(row["started"]), until), moment(row["ended"])
        busy += max(0.0, (end - start).total_seconds())
        until = max(until, end)
    waste = {one["what"]: one for one in found["waste"]}
    assert waste["idle"]["nodeHours"] == pytest.approx((seconds - busy) / 3600, abs=1e-4)
    lost = sum(row["ran"] for row in records if row["status"] == "failed") / 4
    assert waste["failed work"]["nodeHours"] == pytest.approx(lost / 3600, abs=1e-5)
    assert found["inputs"] == {}
    assert [cause["why"] for cause in found["why"]] == ["never ran before"]


def check_end(ended: Mapping[str, Any], found: Mapping[str, Any], node: str) -> None:
    """What `apply --report` wrote says the same of the tasks, and which spec it was."""
    jsonschema.validate(ended, json.loads(schema_text("report")))
    assert [ended[name] for name in ("counts", "ran", "tasks")] == [found[name] for name in ("counts", "ran", "tasks")]
    assert ended["failures"][0]["said"] == found["failures"][0]["said"]
    assert ended["applied"] | {"sha256": "", "text": ""} == {
        "spec": "specs/canary.yaml",
        "sha256": "",
        "text": "",
        "commit": None,
        "changedFiles": None,
        "overlays": [],
        "variables": {"limit": "18"},
        "forThisReport": True,
    }
    assert ended["timeline"][0]["node"] == node
    assert [resize["nodes"] for resize in ended["resizes"]] == [1]


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
