"""What somebody does to a run by hand, on real services: cancel, pause, resume, reboot."""

import json
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Workbench

pytestmark = pytest.mark.e2e


def states(workbench: Workbench, spec: str) -> dict[str, str]:
    return {row["task"]: row["status"] for row in json.loads(workbench.run("tasks", spec, "-o", "json").out)}


def test_tasks_are_ended_a_job_is_held_and_a_node_restarted(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "").replace("end: 20", "end: 6")
    text = text.replace("PT20M", "PT1S").replace("      commands:\n", "      commands:\n        - sleep 600\n")
    path.write_text(text)
    assert workbench.run("cancel", spec, "*", "--yes").err.endswith("error: no task that waits or runs meets '*'\n")
    assert workbench.run("pause", spec, "--yes").err.endswith("error: no job of this spec goes on\n")
    assert workbench.run("apply", spec, "--yes").code == 6
    assert list(states(workbench, spec).values()) == ["running"] * 4 + ["waiting"] * 2

    assert workbench.run("cancel", spec, "square-06").code == 64
    cancelled = workbench.run("cancel", spec, "square-0[16]", "--yes")
    assert [line.partition("/")[2] for line in cancelled.out.splitlines()[1:]] == ["square-01 ended", "square-06 ended"]
    assert states(workbench, spec)["square-06"] == "failed"
    assert "\nfailed 2 x TaskEnded: " in workbench.run("status", spec).out

    assert workbench.run("pause", spec, "--yes").out.endswith(" paused\n")
    assert set(states(workbench, spec).values()) == {"failed", "waiting"}
    assert " is paused" in workbench.run("why", spec, "task.square-05").out
    assert workbench.run("resume", spec).out.endswith(" resumed\n")
    assert workbench.run("resume", spec).code == 0
    assert workbench.run("reboot", spec, "tvm", "--yes").out.endswith(" restarts\n")
    assert workbench.run("reboot", spec, "nobody", "--yes").code == 1
    assert workbench.run("destroy", spec, "--yes", "--force").code == 0
