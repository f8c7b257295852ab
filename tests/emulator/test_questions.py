"""What a request may ask of an answer: $select, $expand, statistics; and what no operation knows."""

import pytest

from .conftest import completed, new_job
from .raw import VERSION, send

OLDER = "api-version=2022-10-01.16.0"


def test_statistics(client, pool, name):
    from azure.batch import models

    new_job(client, name, pool)
    client.create_task(name, models.BatchTaskCreateOptions(id="t", command_line="true"))
    client.create_task(name, models.BatchTaskCreateOptions(id="u", command_line="false"))
    completed(client, name, "t")
    completed(client, name, "u")
    job = client.get_job(name, expand=["stats"])
    assert (job.job_statistics.succeeded_tasks_count, job.job_statistics.failed_tasks_count) == (1, 1)
    assert client.get_job(name).job_statistics is None
    task = client.get_task(name, "t", expand=["stats"])
    assert task.task_statistics.wall_clock_time >= task.task_statistics.user_cpu_time
    (found,) = client.list_pools(filter=f"id eq '{pool}'", expand=["stats"])
    assert found.pool_statistics.usage_statistics.dedicated_core_time is not None
    assert found.pool_statistics.start_time == found.creation_time


def test_statistics_of_a_schedule(client, name):
    from azure.batch import models

    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="nowhere"))
    schedule = models.BatchJobScheduleConfiguration()
    options = {"id": name, "schedule": schedule, "job_specification": specification}
    client.create_job_schedule(models.BatchJobScheduleCreateOptions(**options))
    found = client.get_job_schedule(name, expand=["stats"])
    assert found.job_schedule_statistics.succeeded_tasks_count == 0


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("$expand=tasks", "InvalidQueryParameterValue"),
        ("$select=id,nonsense", "InvalidQueryParameterValue"),
        ("$orderby=id", "UnsupportedQueryParameter"),
        ("timeout=soon", "InvalidQueryParameterValue"),
        ("maxresults=1001", "OutOfRangeQueryParameterValue"),
        ("$filter=nonsense%20eq%201", "InvalidQueryParameterValue"),
    ],
)
def test_questions_that_nobody_answers(local, question, code):
    reply = send(local.url, "GET", f"/pools?{VERSION}&{question}")
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize("question", ["timeOut=30", "timeout=45", "$expand=stats&$select=id", "$select=id,%20state"])
def test_questions_in_many_spellings(local, pool, question):
    assert send(local.url, "GET", f"/pools/{pool}?{VERSION}&{question}").status == 200


def test_properties_that_only_some_have(local, pool):
    for path, name in (("nodes", "certificateReferences"), ("", "identity"), ("", "currentNodeCommunicationMode")):
        assert (
            send(local.url, "GET", f"/pools/{pool}/{path}?{VERSION}&$select=id,{name}".replace("/?", "?")).status == 200
        )


@pytest.mark.parametrize("version", ["2022-01-01.15.0", "2021-06-01.14.0", "2020-09-01.12.0"])
def test_versions_whose_bodies_are_the_same(local, pool, version):
    assert send(local.url, "GET", f"/pools/{pool}?api-version={version}").status == 200


def test_what_older_versions_know(local, client, pool):
    node = next(iter(client.list_nodes(pool))).id
    assert "numSucceededTasks" in send(local.url, "GET", f"/lifetimejobstats?{OLDER}").json
    assert "resourceStats" in send(local.url, "GET", f"/lifetimepoolstats?{OLDER}").json
    desktop = send(local.url, "GET", f"/pools/{pool}/nodes/{node}/rdp?{OLDER}")
    assert (desktop.status, desktop.code) == (409, "OperationNotValidOnNode")
    assert send(local.url, "POST", f"/pools/{pool}/upgradeos?{OLDER}").code == "OperationNotValidOnPool"
    assert send(local.url, "GET", f"/lifetimejobstats?{VERSION}").code == "InvalidUri"
    assert send(local.url, "GET", f"/certificates?{OLDER}").code == "InvalidUri"
