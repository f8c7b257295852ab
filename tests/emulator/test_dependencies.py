"""Tasks that wait for tasks, and what a failure does to the job."""

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

from .conftest import completed, new_job
from .stand import running, until
from .test_jobs import state, task
from .test_pools import code_of
from .test_running import output

FAILS = "/bin/sh -c 'exit 3'"
KILLED = "/bin/sh -c 'kill -9 $$'"


def after(*ids: str, ranges=()) -> models.BatchTaskDependencies:
    spans = [models.BatchTaskIdRange(start=start, end=end) for start, end in ranges]
    return models.BatchTaskDependencies(task_ids=list(ids), task_id_ranges=spans)


def exit_options(**options) -> models.ExitOptions:
    return models.ExitOptions(**options)


def test_order(client, name, pool):
    job = new_job(client, name, pool, uses_task_dependencies=True)
    client.create_task(job, task("last", depends_on=after("b", ranges=[(1, 2)])))
    client.create_task(job, task("b", depends_on=after("1")))
    assert client.get_task(job, "last").state == "active"
    for number in ("1", "2"):
        client.create_task(job, task(number))
    ends = {one: completed(client, job, one).execution_info for one in ("1", "2", "b", "last")}
    assert ends["last"].start_time >= max(ends[one].end_time for one in ("1", "2", "b"))
    assert ends["b"].start_time >= ends["1"].end_time


def test_a_range_takes_ids_with_zeros_before_them(client, name, pool):
    job = new_job(client, name, pool, uses_task_dependencies=True)
    client.create_task(job, task("merge", depends_on=after(ranges=[(0, 2)])))
    for number in ("000", "0001", "02"):
        assert client.get_task(job, "merge").state == "active"
        client.create_task(job, task(number))
        completed(client, job, number)
    assert completed(client, job, "merge").execution_info.exit_code == 0
    client.create_task(job, task("late", depends_on=after(ranges=[(1, 2)])))
    assert completed(client, job, "late").execution_info.exit_code == 0


def test_an_id_is_no_number(client, name, pool):
    job = new_job(client, name, pool, uses_task_dependencies=True)
    client.create_task(job, task("waits", depends_on=after("1")))
    client.create_task(job, task("0001"))
    completed(client, job, "0001")
    assert client.get_task(job, "waits").state == "active"


def test_a_failure_blocks(client, name, pool):
    job = new_job(client, name, pool, uses_task_dependencies=True)
    client.create_task(job, task("bad", FAILS))
    client.create_task(job, task("waits", depends_on=after("BAD")))
    completed(client, job, "bad")
    client.create_task(job, task("free"))
    completed(client, job, "free")
    assert client.get_task(job, "waits").state == "active"


@pytest.mark.parametrize(
    "conditions",
    [
        {"exit_codes": [models.ExitCodeMapping(code=3, exit_options=exit_options(dependency_action="satisfy"))]},
        {
            "exit_code_ranges": [
                models.ExitCodeRangeMapping(start=2, end=4, exit_options=exit_options(dependency_action="satisfy"))
            ]
        },
        {"default": exit_options(dependency_action="Satisfy")},
    ],
    ids=["code", "range", "default"],
)
def test_a_failure_that_counts_as_success(client, name, pool, conditions):
    job = new_job(client, name, pool, uses_task_dependencies=True)
    client.create_task(job, task("bad", FAILS, exit_conditions=models.ExitConditions(**conditions)))
    client.create_task(job, task("waits", depends_on=after("bad")))
    assert completed(client, job, "waits").execution_info.exit_code == 0


@pytest.mark.parametrize("span", [(-9, -9), (-64, -1)])
def test_a_signal_meets_its_condition(client, name, pool, span):
    job = new_job(client, name, pool, uses_task_dependencies=True)
    ranges = [
        models.ExitCodeRangeMapping(start=span[0], end=span[1], exit_options=exit_options(dependency_action="satisfy"))
    ]
    client.create_task(job, task("bad", KILLED, exit_conditions=models.ExitConditions(exit_code_ranges=ranges)))
    client.create_task(job, task("waits", depends_on=after("bad")))
    assert completed(client, job, "waits").execution_info.exit_code == 0
    assert client.get_task(job, "bad").execution_info.exit_code == -9


def test_dependencies_hold_over_a_restart(tmp_path):
    from .conftest import ready_pool

    with running(tmp_path / "home") as local, local.client() as client:
        ready_pool(client, "p")
        new_job(client, "j", "p", uses_task_dependencies=True)
        client.create_task("j", task("done"))
        completed(client, "j", "done")
        client.create_task("j", task("waits", depends_on=after("done", "later")))
    with running(tmp_path / "home") as local, local.client() as client:
        assert client.get_task("j", "waits").state == "active"
        client.create_task("j", task("later"))
        completed(client, "j", "waits")


def test_a_job_without_dependencies_takes_none(client, name):
    new_job(client, name, "no-such-pool")
    with pytest.raises(HttpResponseError) as caught:
        client.create_task(name, task("t", depends_on=after("x")))
    assert code_of(caught) == "TaskDependenciesNotSpecifiedOnJob"


@pytest.mark.parametrize(
    ("options", "command", "end"),
    [
        (None, FAILS, ("completed", "TaskFailed")),
        (exit_options(job_action="disable"), FAILS, ("disabled", None)),
        (exit_options(job_action="none"), FAILS, ("active", None)),
        (exit_options(job_action="terminate"), "true", ("active", None)),
        (exit_options(job_action="none"), "no-such-program", ("active", None)),
    ],
)
def test_what_a_failure_does_to_the_job(client, name, pool, options, command, end):
    job = new_job(client, name, pool, task_failure_mode="performExitOptionsJobAction")
    conditions = options and models.ExitConditions(default=options)
    client.create_task(job, task("t", command, exit_conditions=conditions))
    completed(client, job, "t")
    until(lambda: state(client, job) == end[0], f"the job is {end[0]}")
    assert client.get_job(job).execution_info.termination_reason == end[1]


def test_a_task_that_a_user_ends_does_nothing_to_the_job(client, name):
    job = new_job(client, name, "no-such-pool", task_failure_mode="performExitOptionsJobAction")
    client.create_task(job, task("t"))
    client.terminate_task(job, "t")
    client.reactivate_task(job, "t")
    assert (state(client, job), client.get_task(job, "t").state) == ("active", "active")


def test_the_job_manager_ends_its_job(client, name, pool):
    manager = models.BatchJobManagerTask(id="manager", command_line="true", kill_job_on_completion=True)
    job = new_job(client, name, pool, job_manager_task=manager)
    until(lambda: state(client, job) == "completed", "the end of the job")
    assert client.get_job(job).execution_info.termination_reason == "JMComplete"
    assert client.get_task(job, "manager").execution_info.exit_code == 0


@pytest.mark.parametrize(
    ("conditions", "way", "runs"),
    [
        ({}, "preprocessing", False),
        ({"pre_processing_error": "satisfy"}, "preprocessing", True),
        ({"default": "satisfy"}, "preprocessing", True),
        ({"pre_processing_error": "block", "default": "satisfy"}, "preprocessing", False),
        ({"file_upload_error": "satisfy"}, "preprocessing", False),
        ({}, "upload", False),
        ({"file_upload_error": "satisfy"}, "upload", True),
        ({"pre_processing_error": "satisfy"}, "upload", False),
    ],
    ids=str,
)
def test_failures_around_the_program(client, name, pool, blobs, conditions, way, runs):
    """A resource file that is not there, an output that cannot be brought away."""
    chosen = models.ExitConditions(
        **{condition: exit_options(dependency_action=action) for condition, action in conditions.items()}
    )
    nowhere = f"{blobs.url}/nowhere?sig=x"
    missing = [models.ResourceFile(http_url="ftp://nowhere/x", file_path="x")]
    options = {"resource_files": missing} if way == "preprocessing" else {"output_files": [output(nowhere, "x")]}
    job = new_job(client, name, pool, uses_task_dependencies=True)
    line = "/bin/sh -c 'touch x'"
    client.create_task(job, task("bad", line, exit_conditions=chosen if conditions else None, **options))
    client.create_task(job, task("waits", depends_on=after("bad")))
    failure = completed(client, job, "bad").execution_info.failure_info
    assert failure.code == ("BlobDownloadMiscError" if way == "preprocessing" else "FileUploadContainerNotFound")
    client.create_task(job, task("free"))
    completed(client, job, "free")
    if runs:
        completed(client, job, "waits")
    else:
        assert client.get_task(job, "waits").state == "active"
