"""What the SDK's models can say comes back as it was said: every property at once, and each alone."""

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

from .bodies import full, lost, settable, value
from .conftest import IMAGE

MACHINE = models.VirtualMachineConfiguration(image_reference=IMAGE, node_agent_sku_id="batch.node.ubuntu 24.04")
INFO = models.BatchPoolInfo(pool_id="somewhere")
NEEDED = {
    models.BatchPoolCreateOptions: {"vm_size": "Standard_D2s_v5", "virtual_machine_configuration": MACHINE},
    models.BatchJobCreateOptions: {"pool_info": INFO},
    models.BatchTaskCreateOptions: {"command_line": "true"},
    models.BatchJobScheduleCreateOptions: {
        "schedule": models.BatchJobScheduleConfiguration(),
        "job_specification": models.BatchJobSpecification(pool_info=INFO),
    },
}
# What a property needs beside it.
BESIDE = {
    "job_release_task": {"job_preparation_task": models.BatchJobPreparationTask(command_line="true")},
}


def alone():
    """Each model once for each property, with what is needed besides."""
    for model, needed in NEEDED.items():
        for name, kind in settable(model).items():
            if name in needed or name == "id":
                continue
            made = value(model.__name__, name, kind)
            if made is not None:
                yield pytest.param(
                    model(id="x", **{**needed, **BESIDE.get(name, {}), name: made}), id=f"{model.__name__}-{name}"
                )


@pytest.fixture
def back(client, name):
    """Makes an object of a body; what the service says of it then."""

    def make(body):
        body.id = name
        if isinstance(body, models.BatchPoolCreateOptions):
            client.create_pool(body)
            return client.get_pool(name)
        if isinstance(body, models.BatchJobCreateOptions):
            client.create_job(body)
            return client.get_job(name)
        if isinstance(body, models.BatchJobScheduleCreateOptions):
            client.create_job_schedule(body)
            return client.get_job_schedule(name)
        actions = {"uses_task_dependencies": True, "task_failure_mode": "performexitoptionsjobaction"}
        client.create_job(models.BatchJobCreateOptions(id=name, pool_info=INFO, **actions))
        client.create_task(name, body)
        return client.get_task(name, name)

    def make_or_say_why(body):
        try:
            return make(body)
        except HttpResponseError as error:
            pytest.fail(str(error).partition("Exception Details:")[2])

    return make_or_say_why


@pytest.mark.parametrize("model", NEEDED, ids=lambda model: model.__name__)
def test_every_property_at_once(back, model):
    check(back, full(model))


@pytest.mark.parametrize("asked", list(alone()))
def test_one_property_alone(back, asked):
    check(back, asked)


def check(back, asked):
    found = back(asked)
    assert "\n".join(lost(asked.as_dict(), found.as_dict())) == ""


def test_every_property_of_a_changed_pool(client, back):
    pool = back(models.BatchPoolCreateOptions(id="x", **NEEDED[models.BatchPoolCreateOptions]))
    asked = full(models.BatchPoolUpdateOptions, vm_size="Standard_D4s_v5")
    client.update_pool(pool.id, asked)
    assert "\n".join(lost(asked.as_dict(), client.get_pool(pool.id).as_dict())) == ""
    replaced = full(models.BatchPoolReplaceOptions, application_package_references=[])
    client.replace_pool_properties(pool.id, replaced)
    assert "\n".join(lost(replaced.as_dict(), client.get_pool(pool.id).as_dict())) == ""


def test_every_property_of_a_changed_job(client, back):
    job = back(models.BatchJobCreateOptions(id="x", pool_info=INFO))
    asked = full(models.BatchJobUpdateOptions, pool_info=INFO, all_tasks_complete_mode="noaction")
    client.update_job(job.id, asked)
    assert "\n".join(lost(asked.as_dict(), client.get_job(job.id).as_dict())) == ""
    client.replace_job(job.id, models.BatchJob(pool_info=INFO))
    assert client.get_job(job.id).priority == 0
    asked = full(models.BatchJob, pool_info=INFO, all_tasks_complete_mode="noaction")
    client.replace_job(job.id, asked)
    assert "\n".join(lost(asked.as_dict(), client.get_job(job.id).as_dict())) == ""


def test_every_property_of_a_changed_schedule(client, back):
    schedule = back(models.BatchJobScheduleCreateOptions(id="x", **NEEDED[models.BatchJobScheduleCreateOptions]))
    asked = full(models.BatchJobScheduleUpdateOptions)
    client.update_job_schedule(schedule.id, asked)
    assert "\n".join(lost(asked.as_dict(), client.get_job_schedule(schedule.id).as_dict())) == ""
    asked = full(models.BatchJobSchedule)
    client.replace_job_schedule(schedule.id, asked)
    assert "\n".join(lost(asked.as_dict(), client.get_job_schedule(schedule.id).as_dict())) == ""


def test_every_property_of_a_changed_task(client, back):
    task = back(models.BatchTaskCreateOptions(id="x", command_line="true"))
    asked = full(models.BatchTask)
    client.replace_task(task.id, task.id, asked)
    assert "\n".join(lost(asked.as_dict(), client.get_task(task.id, task.id).as_dict())) == ""


@pytest.mark.parametrize("kind", ["pool", "job", "schedule", "task"])
def test_what_was_read_can_be_sent_back(client, back, kind):
    """Read, change, write: what clients do to objects that they do not know whole."""
    models_of = {
        "pool": (models.BatchPoolCreateOptions, None),
        "job": (models.BatchJobCreateOptions, client.replace_job),
        "schedule": (models.BatchJobScheduleCreateOptions, client.replace_job_schedule),
        "task": (models.BatchTaskCreateOptions, client.replace_task),
    }
    model, replace = models_of[kind]
    found = back(full(model))
    if replace is None:
        changes = models.BatchPoolUpdateOptions(metadata=found.metadata, start_task=found.start_task)
        client.update_pool(found.id, changes)
        assert client.get_pool(found.id).start_task.as_dict() == found.start_task.as_dict()
    elif kind == "task":
        replace(found.id, found.id, found)
        assert client.get_task(found.id, found.id).constraints.as_dict() == found.constraints.as_dict()
    else:
        replace(found.id, found)


CONTAINER = "https://account.blob.core.windows.net/container?sv=2025-01-01&sig=a%2Bb"
FILES = [
    models.ResourceFile(storage_container_url=CONTAINER, blob_prefix="a/", file_path="here", file_mode="0644"),
    models.ResourceFile(auto_storage_container_name="container", blob_prefix="a/"),
    models.ResourceFile(http_url=CONTAINER, file_path="f"),
]
OTHERWISE = [
    models.BatchTaskCreateOptions(id="x", command_line="c", resource_files=FILES),
    models.BatchTaskCreateOptions(id="x", command_line="c", user_identity=models.UserIdentity(username="somebody")),
    models.BatchTaskCreateOptions(
        id="x",
        command_line="echo 'ü' \"\\\" \u2028",
        environment_settings=[
            models.EnvironmentSetting(name="EMPTY", value=""),
            models.EnvironmentSetting(name="NONE"),
        ],
    ),
    models.BatchTaskCreateOptions(
        id="x",
        command_line="c",
        constraints=models.BatchTaskConstraints(max_task_retry_count=-1, retention_time=timedelta(seconds=90061.5)),
    ),
    models.BatchJobCreateOptions(
        id="x",
        pool_info=models.BatchPoolInfo(auto_pool_specification=full(models.BatchAutoPoolSpecification)),
        job_preparation_task=models.BatchJobPreparationTask(command_line="c"),
        job_release_task=models.BatchJobReleaseTask(command_line="c"),
    ),
]


@pytest.mark.parametrize("asked", OTHERWISE)
def test_what_excludes_the_rest(back, asked):
    check(back, asked)
