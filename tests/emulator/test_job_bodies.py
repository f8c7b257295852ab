"""What the service makes of the bodies of jobs: defaults filled in, old names taken, refused pools told by the job."""

import pytest

from batchctl.emulator import times

from .raw import send

VERSION = "api-version=2024-07-01.20.0"
MACHINE = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
CERTIFICATE = {"thumbprint": "0123", "thumbprintAlgorithm": "sha1"}


def auto_pool(**options):
    pool = {"vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE, **options}
    return {"autoPoolSpecification": {"autoPoolIdPrefix": "auto", "poolLifetimeOption": "job", "pool": pool}}


@pytest.fixture
def made(local, name):
    """Makes a job and reads it back."""

    def make(**body):
        reply = send(local.url, "POST", f"/jobs?{VERSION}", {"id": name, **body})
        assert reply.status == 201, reply.content
        return send(local.url, "GET", f"/jobs/{name}?{VERSION}").json

    return make


def test_constraints_of_special_tasks(made):
    job = made(
        poolInfo={"poolId": "p"},
        constraints={"maxTaskRetryCount": 5},
        jobManagerTask={"id": "m", "commandLine": "c", "constraints": {"maxWallClockTime": "PT1H"}},
        jobPreparationTask={"commandLine": "c"},
    )
    given = {"maxWallClockTime": "PT1H", "retentionTime": "P7D", "maxTaskRetryCount": 5}
    assert job["jobManagerTask"]["constraints"] == given
    unlimited = {"maxWallClockTime": "P10675199DT2H48M5.4775807S", "retentionTime": "P7D", "maxTaskRetryCount": 0}
    assert job["jobPreparationTask"]["constraints"] == unlimited


def test_names_of_long_ago(made):
    preparation = {"commandLine": "c", "runElevated": False}
    job = made(poolInfo=auto_pool(targetDedicated=3), jobPreparationTask=preparation)
    assert "runElevated" not in job["jobPreparationTask"]
    assert "targetDedicated" not in job["poolInfo"]["autoPoolSpecification"]["pool"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"certificateReferences": [CERTIFICATE]}, "InvalidCertificatesInAutoPool"),
        ({"enableAutoScale": True, "autoScaleFormula": "1 +"}, "InvalidAutoScaleFormulaInAutoPool"),
    ],
)
def test_an_auto_pool_that_cannot_be(made, options, code):
    job = made(poolInfo=auto_pool(**options))
    assert (job["state"], job["executionInfo"]["schedulingError"]["code"]) == ("completed", code)
    assert job["executionInfo"]["poolId"].startswith("auto_")


def test_certificates_are_named_in_what_keeps_an_auto_pool_away(made):
    """Azure/azure-cli, test_batch_job_list_cmd.yaml, 2020-09-01 of 2020-12-04 and 2024-02-01 of 2024-04-18."""
    certificate = {"thumbprint": "0123456789ABCDEF", "thumbprintAlgorithm": "sha1"}
    error = made(poolInfo=auto_pool(certificateReferences=[certificate]))["executionInfo"]["schedulingError"]
    assert error["message"] == "One or more certificates specified for the pool are invalid"
    assert error["details"] == [{"name": "sha1-0123456789abcdef", "value": "The specified certificate does not exist."}]


@pytest.mark.parametrize(
    ("special", "code"),
    [
        ({"id": "m", "applicationPackageReferences": [{"applicationId": "a"}]}, "InvalidApplicationPackageReferences"),
        ({"id": "JobPreparation"}, "TaskIdSameAsJobPreparationTask"),
        ({"id": "jobRelease"}, "TaskIdSameAsJobReleaseTask"),
    ],
)
def test_a_job_manager_that_cannot_be_leaves_nothing(local, name, special, code):
    tasks = {
        "jobManagerTask": {"commandLine": "c", **special},
        "jobPreparationTask": {"commandLine": "c"},
        "jobReleaseTask": {"commandLine": "c"},
    }
    job = {"id": name, "poolInfo": auto_pool(), **tasks}
    pools = send(local.url, "GET", f"/pools?{VERSION}").json["value"]
    assert send(local.url, "POST", f"/jobs?{VERSION}", job).code == code
    assert send(local.url, "GET", f"/jobs/{name}?{VERSION}").code == "JobNotFound"
    assert send(local.url, "GET", f"/pools?{VERSION}").json["value"] == pools
    schedule = {"id": name, "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": "p"}, **tasks}}
    assert send(local.url, "POST", f"/jobschedules?{VERSION}", schedule).code == code


@pytest.mark.parametrize("prefix", ["../out", "a b", "a\x00", "x" * 21])
def test_a_prefix_that_no_pool_can_have(local, name, prefix):
    info = {"autoPoolSpecification": {**auto_pool()["autoPoolSpecification"], "autoPoolIdPrefix": prefix}}
    assert send(local.url, "POST", f"/jobs?{VERSION}", {"id": name, "poolInfo": info}).code == "InvalidPropertyValue"


def test_a_pool_of_a_schedule_is_not_for_a_job(local, name):
    info = {"autoPoolSpecification": {**auto_pool()["autoPoolSpecification"], "poolLifetimeOption": "jobschedule"}}
    assert send(local.url, "POST", f"/jobs?{VERSION}", {"id": name, "poolInfo": info}).code == "InvalidPropertyValue"


def test_a_job_that_ends_by_itself_goes_on_to(local, made, name):
    made(poolInfo={"poolId": "P"})
    task = {"id": "t", "commandLine": "c"}
    assert send(local.url, "POST", f"/jobs/{name}/tasks?{VERSION}", task).status == 201
    job = f"/jobs/{name}?{VERSION}"
    assert (
        send(local.url, "PATCH", job, {"onAllTasksComplete": "terminatejob", "poolInfo": {"poolId": "p"}}).status == 200
    )
    assert send(local.url, "PATCH", job, {"onAllTasksComplete": "noaction"}).code == "InvalidPropertyValue"
    assert send(local.url, "PUT", job, {"poolInfo": {"poolId": "p"}}).code == "InvalidPropertyValue"
    assert (
        send(local.url, "PUT", job, {"poolInfo": {"poolId": "p"}, "onAllTasksComplete": "terminatejob"}).status == 200
    )


def test_a_schedule_whose_pool_cannot_be(local, name):
    specification = {"poolInfo": auto_pool(certificateReferences=[CERTIFICATE])}
    body = {"id": name, "schedule": {"recurrenceInterval": "P2D"}, "jobSpecification": specification}
    assert send(local.url, "POST", f"/jobschedules?{VERSION}", body).status == 201
    jobs = send(local.url, "GET", f"/jobschedules/{name}/jobs?{VERSION}").json["value"]
    assert [(job["id"], job["state"]) for job in jobs] == [(f"{name}:job-1", "completed")]


def test_never(local, name):
    rule = {"recurrenceInterval": "P1D", "doNotRunAfter": "9999-12-31T23:59:59.9999999Z"}
    body = {"id": name, "schedule": rule, "jobSpecification": {"poolInfo": {"poolId": "p"}}}
    assert send(local.url, "POST", f"/jobschedules?{VERSION}", body).status == 201
    assert send(local.url, "GET", f"/jobschedules/{name}?{VERSION}").json["state"] == "active"


def test_no_time_at_all(local, name):
    upgrade = {"mode": "rolling", "rollingUpgradePolicy": {"pauseTimeBetweenBatches": "P"}}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE, "upgradePolicy": upgrade}
    assert send(local.url, "POST", f"/pools?{VERSION}", body).status == 201


@pytest.mark.parametrize("half", [rb"\ud800", b"\xed\xa0\x80"])
def test_half_a_character_is_refused_and_poisons_nothing(local, name, half):
    body = b'{"id": "%s", "poolInfo": {"poolId": "p"}, "displayName": "%s"}' % (name.encode(), half)
    assert send(local.url, "POST", f"/jobs?{VERSION}", body).code == "InvalidRequestBody"
    assert send(local.url, "POST", f"/jobs?{VERSION}", {"id": name, "poolInfo": {"poolId": "p"}}).status == 201


@pytest.mark.parametrize("time", [0, 1.5, True, [], {}, "soon"])
def test_what_is_no_time(local, name, time):
    body = {"id": name, "schedule": {"doNotRunUntil": time}, "jobSpecification": {"poolInfo": {"poolId": "p"}}}
    assert send(local.url, "POST", f"/jobschedules?{VERSION}", body).code == "InvalidPropertyValue"


@pytest.mark.parametrize(
    ("path", "body", "code", "wrong"),
    [
        ("/jobschedules", {"jobSpecification": {"poolInfo": {"poolId": "p"}}}, "MissingRequiredProperty", "schedule"),
        (
            "/jobschedules",
            {
                "schedule": {"doNotRunUntil": "2030-01-02T00:00:00Z", "doNotRunAfter": "2030-01-01T00:00:00Z"},
                "jobSpecification": {"poolInfo": {"poolId": "p"}},
            },
            "InvalidPropertyValue",
            "schedule.doNotRunAfter",
        ),
        (
            "/jobs",
            {
                "poolInfo": {"poolId": "p"},
                "jobPreparationTask": {"commandLine": "c", "userIdentity": {"username": "u", "autoUser": {}}},
            },
            "InvalidPropertyValue",
            "jobPreparationTask.userIdentity",
        ),
    ],
)
def test_bodies_that_cannot_be(local, name, path, body, code, wrong):
    reply = send(local.url, "POST", f"{path}?{VERSION}", {"id": name, **body})
    assert (reply.status, reply.code) == (400, code)
    assert reply.json["values"][0] == {"key": "PropertyName", "value": wrong}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2030-01-01T00:00:00.1234567Z", "2030-01-01T00:00:00.1234567Z"),
        ("2030-01-01T02:00:00.9999999+02:00", "2030-01-01T00:00:00.9999999Z"),
        ("2030-01-01T00:00:00.12345678Z", "2030-01-01T00:00:00.1234567Z"),
        ("2030-01-01T00:00:00.1234560Z", "2030-01-01T00:00:00.123456Z"),
        ("2030-01-01T00:00:00.0000001Z", "2030-01-01T00:00:00.0000001Z"),
        ("2030-01-01T00:00:00.0Z", "2030-01-01T00:00:00Z"),
        ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00.5Z"),
    ],
)
def test_a_time_keeps_its_digits_but_for_zeros_behind_them(said: str, kept: str) -> None:
    assert times.stamp_of(said) == kept
