"""What the SDK's models can say comes back as it was said: every property at once, and each alone."""

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
