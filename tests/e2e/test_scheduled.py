"""A schedule makes a job by itself, whose task is its manager; the next apply brings home what it wrote."""

from collections.abc import Callable

import pytest

from batchctl.local import Services
from tests.e2e.conftest import Workbench
from tests.services import batch_client, eventually

pytestmark = pytest.mark.e2e


def test_a_job_that_made_itself(workbench: Workbench, named: Callable[[str], str], services: Services) -> None:
    spec = named("nightly.yaml")
    path = workbench.folder / spec
    text = "\n".join(line for line in path.read_text("utf-8").splitlines() if "doNotRunUntil" not in line)
    path.write_text(text, encoding="utf-8")
    applied = workbench.run("apply", spec, "--yes")
    assert applied.code == 0, applied.said
    name = next(line.removeprefix("name: ") for line in text.splitlines() if line.startswith("name: "))
    with batch_client(services) as batch:
        eventually(lambda: batch.get_job(f"{name}:job-1").state == "completed", "the end of the first job")
        assert [task.id for task in batch.list_tasks(f"{name}:job-1")] == ["count"]
        schedule = batch.get_job_schedule(name)
        assert (schedule.state, schedule.schedule.recurrence_interval.days) == ("active", 1)
    planned = workbench.run("plan", spec, "--detailed-exitcode")
    assert "its last job, " in planned.said
    assert "is completed (AllTasksComplete): 1 task succeeded" in planned.said, planned.said
    assert f"for the jobs of schedule {name}: " in workbench.run("status", spec).said
    home = workbench.run("apply", spec, "--yes")
    assert home.code == 0, home.said
    [words] = (workbench.folder / "results/nightly").glob("words-*.txt")
    assert int(words.read_text()) > 0
    edited = text.replace("wc -w", "wc -c").replace("P1D", "PT12H")
    path.write_text(edited, encoding="utf-8")
    changed = workbench.run("plan", spec)
    assert "task: its command changed (from its next job on)" in changed.said
    assert "recurrenceInterval: P1D -> PT12H (in place)" in changed.said
    assert workbench.run("apply", spec, "--yes").code == 0
    assert workbench.run("plan", spec, "--detailed-exitcode").code == 0
    destroyed = workbench.run("destroy", spec, "--yes")
    assert destroyed.code == 0, destroyed.said
    with batch_client(services) as batch:
        assert name not in [schedule.id for schedule in batch.list_job_schedules()]
        assert f"{name}:job-1" not in [job.id for job in batch.list_jobs()]
