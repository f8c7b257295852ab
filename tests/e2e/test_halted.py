"""Runs that go wrong and are ended, on real services: `canary` and `maxFailures`."""

import re
from collections.abc import Callable

import pytest
from azure.batch import BatchClient

from tests.e2e.conftest import Workbench
from tests.streams import checked

pytestmark = pytest.mark.e2e


def tasks_by_state(batch_client: BatchClient, job: str) -> dict[str, int]:
    found = [str(task.state.value if task.state else "").lower() for task in batch_client.list_tasks(job)]
    return {state: found.count(state) for state in sorted(set(found))}


def test_a_canary_that_fails_stops_the_run_and_one_that_succeeds_lets_it_go_on(
    workbench: Workbench, named: Callable[[str], str], batch_client: BatchClient
) -> None:
    spec = named("canary.yaml")
    found = re.search(r"(?m)^name: (\S+)$", (workbench.folder / spec).read_text())
    assert found is not None
    planned = workbench.run("plan", spec)
    assert "2 tasks first (" in planned.out
    assert "18 more when they succeeded" in planned.out

    stopped = workbench.run("apply", spec, "--yes", "--var", "limit=0")
    assert stopped.code == 3, stopped.said
    assert "[square-01] 1 is too heavy" in stopped.err
    assert "2 tasks of those that come first failed: the other 18 are not added (canary)" in stopped.err
    assert tasks_by_state(batch_client, found[1]) == {"completed": 2}
    assert "20 tasks to run" in workbench.run("plan", spec).out

    gone_on = workbench.run("apply", spec, "--yes")
    assert gone_on.code == 0, gone_on.said
    assert len(list((workbench.folder / "results/canary").iterdir())) == 20
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    assert workbench.run("destroy", spec, "--yes").code == 0


def test_a_run_in_which_too_many_fail_is_ended(
    workbench: Workbench, named: Callable[[str], str], batch_client: BatchClient
) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    endless = {"  canary: 2\n": "", "-gt {vars.limit}": "-le 3", "exit 7; fi": "exit 7; fi; sleep 600"}
    for old, new in endless.items():
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    ended = workbench.run("apply", spec, "--yes", "--json")
    assert ended.code == 3, ended.said
    events = checked(ended.out)
    assert [e["why"] for e in events if e["type"] == "halted"] == ["3 of 20 tasks failed, more than maxFailures: 10%"]
    failed = [e["why"] for e in events if e["type"] == "taskFailed"]
    assert failed.count("failed with exit code 7") == 3
    assert len(failed) == 20
    assert "20 tasks to run" in workbench.run("plan", spec).out
    assert workbench.run("destroy", spec, "--yes").code == 0
