"""The variables of each type of task are those of the table in "Task runtime environment variables" (Learn).

https://learn.microsoft.com/azure/batch/batch-compute-node-environment-variables, as of 2024-06-13.
"""

import pytest
from azure.batch import models

from .conftest import completed, new_job, ready_pool
from .test_jobs import task
from .test_preparation import end
from .test_running import shell

ALL = "All tasks."
BUT_START = "All tasks except start task."
PREPARED = "All tasks except start task and job preparation task, of a job with a job preparation task."
MULTI = "Multi-instance primary and subtasks."
TABLE = {
    "AZ_BATCH_ACCOUNT_NAME": ALL,
    "AZ_BATCH_ACCOUNT_URL": ALL,
    "AZ_BATCH_CERTIFICATES_DIR": ALL,
    "AZ_BATCH_HOST_LIST": MULTI,
    "AZ_BATCH_IS_CURRENT_NODE_MASTER": MULTI,
    "AZ_BATCH_JOB_ID": BUT_START,
    "AZ_BATCH_JOB_PREP_DIR": PREPARED,
    "AZ_BATCH_JOB_PREP_WORKING_DIR": PREPARED,
    "AZ_BATCH_MASTER_NODE": MULTI,
    "AZ_BATCH_NODE_ID": ALL,
    "AZ_BATCH_NODE_IS_DEDICATED": ALL,
    "AZ_BATCH_NODE_LIST": MULTI,
    "AZ_BATCH_NODE_MOUNTS_DIR": ALL,
    "AZ_BATCH_NODE_ROOT_DIR": ALL,
    "AZ_BATCH_NODE_SHARED_DIR": ALL,
    "AZ_BATCH_NODE_STARTUP_DIR": ALL,
    "AZ_BATCH_POOL_ID": ALL,
    "AZ_BATCH_TASK_DIR": ALL,
    "AZ_BATCH_TASK_ID": BUT_START,
    "AZ_BATCH_TASK_SHARED_DIR": MULTI,
    "AZ_BATCH_TASK_WORKING_DIR": ALL,
    "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": ALL,
    "CCP_NODES": MULTI,
}
"""All rows but AZ_BATCH_APP_PACKAGE and AZ_BATCH_AUTHENTICATION_TOKEN: neither packages nor tokens are served here."""

OLDER = {"AZ_BATCH_NODE_STARTUP_WORKING_DIR"}
"""What the table had once, and nodes still set."""

AVAILABLE = {
    "start": {ALL},
    "jobpreparation": {ALL, BUT_START},
    "jobrelease": {ALL, BUT_START, PREPARED},
    "manager": {ALL, BUT_START, PREPARED},
    "task": {ALL, BUT_START, PREPARED},
    "primary": {ALL, BUT_START, PREPARED, MULTI},
    "coordination": {ALL, BUT_START, PREPARED, MULTI},
    "unprepared": {ALL, BUT_START},
}
POSTFIX = {
    "start": "startup",
    "jobpreparation": "workitems/prepared/job-1/jobpreparation",
    "jobrelease": "workitems/prepared/job-1/jobrelease",
    "manager": "workitems/prepared/job-1/manager",
    "task": "workitems/prepared/job-1/task",
    "primary": "workitems/prepared/job-1/primary",
    "unprepared": "workitems/plain/job-1/unprepared",
}
"""AZ_BATCH_TASK_DIR after AZ_BATCH_NODE_ROOT_DIR; that of a subtask is not documented."""


def saying(name: str) -> str:
    """A command line that writes down its variables, and which of the directories that they name are there."""
    each = 'eval "place=\\$${name%=}"; test -d "$place" && echo "dir $name"'
    places = f'for name in $(env | grep -o "^AZ_BATCH_[A-Z_]*_DIR="); do {each}; done'
    return shell(f'(env; {places}; true) > "$AZ_BATCH_NODE_SHARED_DIR/{name}"')


@pytest.fixture(scope="module")
def said(client) -> dict[str, dict[str, str]]:
    """By type of task: its variables, and "dir NAME" for each directory that is there."""
    start = models.BatchStartTask(command_line=saying("start"), wait_for_success=True)
    ready_pool(client, "variables", nodes=2, start_task=start, enable_inter_node_communication=True)
    job = new_job(
        client,
        "prepared",
        "variables",
        job_preparation_task=models.BatchJobPreparationTask(command_line=saying("jobpreparation")),
        job_release_task=models.BatchJobReleaseTask(command_line=saying("jobrelease")),
        job_manager_task=models.BatchJobManagerTask(
            id="manager", command_line=saying("manager"), kill_job_on_completion=False
        ),
    )
    together = models.MultiInstanceSettings(number_of_instances=2, coordination_command_line=saying("coordination"))
    client.create_task(job, task("task", saying("task")))
    client.create_task(job, task("primary", saying("primary"), multi_instance_settings=together))
    client.create_task(new_job(client, "plain", "variables"), task("unprepared", saying("unprepared")))
    for job_id, ids in {"prepared": ("manager", "task", "primary"), "plain": ("unprepared",)}.items():
        for task_id in ids:
            assert completed(client, job_id, task_id).execution_info.exit_code == 0, task_id
    end(client, job)
    found: dict[str, dict[str, str]] = {}
    for node in client.list_nodes("variables"):
        for file in client.list_node_files("variables", node.id, recursive=True):
            name = file.name.removeprefix("shared/")
            if name in AVAILABLE:
                lines = b"".join(client.download_node_file("variables", node.id, file.name)).decode().splitlines()
                found[name] = dict(line.split("=", 1) for line in lines if "=" in line)
    return found


@pytest.mark.parametrize("kind", AVAILABLE)
def test_each_type_of_task_has_the_variables_of_the_table(said, kind):
    names = {name for name in said[kind] if name.startswith(("AZ_BATCH_", "CCP_"))}
    assert names == {name for name, where in TABLE.items() if where in AVAILABLE[kind]} | OLDER


@pytest.mark.parametrize("kind", AVAILABLE)
def test_directories_are_where_the_tables_say_and_there(said, kind):
    seen = said[kind]
    root = seen["AZ_BATCH_NODE_ROOT_DIR"]
    places = {"STARTUP": "startup", "SHARED": "shared", "MOUNTS": "fsmounts"}
    assert {name: seen[f"AZ_BATCH_NODE_{name}_DIR"] for name in places} == {
        name: f"{root}/{place}" for name, place in places.items()
    }
    if kind in POSTFIX:
        assert seen["AZ_BATCH_TASK_DIR"] == f"{root}/{POSTFIX[kind]}"
    assert seen["AZ_BATCH_TASK_WORKING_DIR"] == f"{seen['AZ_BATCH_TASK_DIR']}/wd"
    assert seen["AZ_BATCH_CERTIFICATES_DIR"] == f"{seen['AZ_BATCH_TASK_DIR']}/certs"
    if PREPARED in AVAILABLE[kind]:
        prepared = f"{root}/{POSTFIX['jobpreparation']}"
        assert (seen["AZ_BATCH_JOB_PREP_DIR"], seen["AZ_BATCH_JOB_PREP_WORKING_DIR"]) == (prepared, f"{prepared}/wd")
    # Certificates were retired in 2024: no node has a folder of them any more.
    there = {"AZ_BATCH_CERTIFICATES_DIR"} | {name.removeprefix("dir ") for name in seen if name.startswith("dir ")}
    assert {name for name in seen if name.startswith("AZ_BATCH_") and name.endswith("_DIR")} - there == set()
