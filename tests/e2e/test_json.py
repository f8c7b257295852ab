"""The streams of --json through the command line: nothing but JSON on standard output, whatever happens."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Workbench
from tests.streams import checked

pytestmark = pytest.mark.e2e


def test_plan_apply_destroy_as_streams(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("word-count.yaml")
    planned = workbench.run("plan", spec, "--json", "--detailed-exitcode", "--out", "plan.json")
    assert planned.code == 2, planned.said
    said = checked(planned.out)
    assert [item["type"] for item in said] == ["start", "target", "account", "plan", "complete"]
    assert said[-1]["exitCode"] == 2
    assert said[3]["summary"] == {"add": 13, "change": 0, "destroy": 0, "run": 3}
    assert "Saved: batchctl apply plan.json" in planned.err

    applied = workbench.run("apply", "plan.json", "--json")
    assert applied.code == 0, applied.said
    said = checked(applied.out)
    assert said[-1]["counts"] == {"create": 13, "update": 0, "delete": 0, "adopt": 0, "fetch": 3}
    assert {item["name"] for item in said if item["type"] == "applied" and item["kind"] == "task"}
    assert [item for item in said if item["type"] == "progress"][-1]["counts"]["succeeded"] == 3

    again = workbench.run("apply", "plan.json", "--json")
    assert again.code == 4
    assert checked(again.out)[-1]["reasons"][1].strip().startswith("it was applied before")

    destroyed = workbench.run("destroy", spec, "--json", "--yes")
    assert destroyed.code == 0, destroyed.said
    assert checked(destroyed.out)[-1]["counts"]["delete"] == 6


def test_what_goes_wrong_is_the_last_line(workbench: Workbench) -> None:
    [error] = checked(workbench.run("plan", "--json").out)
    assert error["exitCode"] == 64
    asks = checked(workbench.run("apply", "specs/word-count.yaml", "--json").out)
    assert asks[-1]["message"] == "--json asks nobody: pass --yes, or a saved plan"
    path = workbench.folder / "specs/word-count.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("vmSize:", "vmSise:"), encoding="utf-8")
    ran = workbench.run("plan", "specs/word-count.yaml", "--json")
    assert ran.code == 65
    *_, problem, error = checked(ran.out)
    assert (problem["type"], error["exitCode"]) == ("problem", 65)
    assert (
        path.read_text(encoding="utf-8").splitlines()[problem["line"] - 1][problem["column"] - 1 :].startswith("vmSise")
    )
