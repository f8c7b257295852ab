"""Every command of the Azure CLI that speaks to the data plane of Batch."""

import json
import os
import subprocess
import sys
import time

import pytest

from batchctl import local
from tests.services import batch_client

from .conftest import folder

pytestmark = pytest.mark.clients
MACHINE = "--image canonical:ubuntu-24_04-lts:server --node-agent-sku-id 'batch.node.ubuntu 24.04'"
SIZE = "--vm-size Standard_D2s_v5"


class Refused(Exception):  # noqa: N818 - named by what happened
    """The CLI ended with this code and said this."""

    def __init__(self, code, said):
        self.code = code
        super().__init__(said)


@pytest.fixture
def az(account, tmp_path):
    """Runs a command; gives its JSON. A dictionary goes as --json-file."""

    def run(command, body=None):
        words = f"{folder() / 'az/bin/az'} batch {command} --output json"
        if body is not None:
            (tmp_path / "body.json").write_text(json.dumps(body))
            words += f" --json-file {tmp_path / 'body.json'}"
        done = subprocess.run(words, shell=True, env=account, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise Refused(done.returncode, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def until(look):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := look():
            return found
    raise AssertionError("it did not happen")


def test_pools(az):
    assert az("""pool supported-images list --filter "verificationType eq 'verified'" """)
    special = "--os-disk-size 100 --os-disk-caching ReadWrite --storage-account-type StandardSSD_LRS"
    secure = "--security-type TrustedLaunch --encryption-at-host true --enable-secure-boot true --enable-vtpm true"
    more = "--disk-encryption-targets TemporaryDisk --accelerated-networking true --metadata a=b c=d"
    az(f"pool create --id one {SIZE} {MACHINE} --target-dedicated-nodes 1 {special} {secure} {more}")
    pool = az("pool show --pool-id one")
    machine = pool["virtualMachineConfiguration"]
    assert machine["osDisk"]["managedDisk"]["storageAccountType"] == "standardssd_lrs"
    assert machine["osDisk"]["diskSizeGb"] == 100
    assert machine["securityProfile"]["uefiSettings"] == {"secureBootEnabled": True, "vTpmEnabled": True}
    assert pool["networkConfiguration"]["enableAcceleratedNetworking"] is True
    assert (pool["metadata"][1]["value"], pool["allocationState"]) == ("d", "steady")
    assert {"id": "one", "state": "active"} in az("pool list --select 'id, state'")
    assert az("""pool list --filter "startswith(id,'two')" """) == []
    assert [one["dedicated"]["total"] for one in az("pool node-counts list") if one["poolId"] == "one"] == [1]
    assert az("pool usage-metrics list") == []
    az("pool resize --pool-id one --target-dedicated-nodes 0 --target-low-priority-nodes 2 --resize-timeout PT6M")
    az("pool resize --pool-id one --abort")
    assert az("pool show --pool-id one --expand stats")["targetLowPriorityNodes"] == 2
    az("pool autoscale enable --pool-id one --auto-scale-formula '$TargetDedicatedNodes=1'")
    run = az("pool autoscale evaluate --pool-id one --auto-scale-formula '$TargetDedicatedNodes=3'")
    assert run["results"].startswith("$TargetDedicatedNodes=3;")
    az("pool autoscale disable --pool-id one")
    assert az("pool show --pool-id one --select enableAutoScale")["enableAutoScale"] is False
    az("pool delete --pool-id one --yes")


def test_upgrade_policy(az):
    upgrade = "--upgrade-policy-mode automatic --enable-auto-os-upgrade --disable-auto-rollback"
    rolling = "--use-rolling-upgrade-policy --max-batch-instance-percent 20 --max-unhealthy-instance-percent 20"
    rest = "--pause-time-between-batches PT0S --prioritize-unhealthy-instances"
    az(f"pool create --id up {SIZE} {MACHINE} {upgrade} {rolling} {rest}")
    policy = az("pool show --pool-id up")["upgradePolicy"]
    assert policy["mode"] == "automatic"
    assert policy["rollingUpgradePolicy"]["maxBatchInstancePercent"] == 20


def test_properties_of_a_pool(az):
    user = {"name": "somebody", "password": "secret", "elevationLevel": "admin"}
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "exactVersion": "latest"}
    machine = {"imageReference": {**image, "virtualMachineImageId": None}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    start = {"commandLine": "echo test", "userIdentity": {"username": "somebody"}, "waitForSuccess": True}
    az(
        "pool create",
        {
            "id": "json",
            "vmSize": "STANDARD_D2S_V3",
            "virtualMachineConfiguration": machine,
            "startTask": start,
            "userAccounts": [user],
            "taskSlotsPerNode": 3,
        },
    )
    pool = az("pool show --pool-id json")
    assert pool["startTask"]["userIdentity"]["username"] == "somebody"
    assert (pool["userAccounts"][0]["name"], pool["userAccounts"][0]["password"]) == ("somebody", None)
    az("pool set --pool-id json --start-task-command-line updated")
    assert az("pool show --pool-id json --select startTask")["startTask"]["commandLine"] == "updated"
    reset = az("pool reset --pool-id json --start-task-command-line hostname --metadata a=b c=d")
    assert (reset["startTask"]["commandLine"], len(reset["metadata"])) == ("hostname", 2)
    empty = {"certificateReferences": [], "metadata": [], "applicationPackageReferences": []}
    reset = az("pool reset --pool-id json", {"startTask": {"commandLine": "echo updated"}, **empty})
    assert reset["startTask"]["commandLine"] == "echo updated"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (f"pool create --id no {SIZE} --image a:b:c --node-agent-sku-id x", 1, "InvalidPropertyValue"),
        (f"pool create --id no {SIZE} {MACHINE} --application-package-references x", 1, "InvalidApplicationPackage"),
        ("pool show --pool-id nothing", 3, "PoolNotFound"),
        ("task show --job-id nothing --task-id t", 3, "JobNotFound"),
    ],
)
def test_refusals(az, command, code, said):
    with pytest.raises(Refused, match=said) as caught:
        az(command)
    assert caught.value.code == code


def test_nodes(az):
    az(f"pool create --id nodes {SIZE} {MACHINE} --target-dedicated-nodes 1")
    idle = """node list --pool-id nodes --filter "state eq 'idle'" --select id,state"""
    node = until(lambda: az(idle))[0]["id"]
    at = f"--pool-id nodes --node-id {node}"
    assert az(f"node show {at}")["schedulingState"] == "enabled"
    az(f"node user create {at} --name me --password secret --is-admin --expiry-time 2030-01-01T00:00:00Z")
    az(f"node user reset {at} --user-name me --password other")
    az(f"node user delete {at} --user-name me --yes")
    assert az(f"node remote-login-settings show {at}")["remoteLoginPort"]
    logs = f"node service-logs upload {at} --container-url http://127.0.0.1:9/c?sig=x --start-time 2026-01-01T00:00:00Z"
    assert az(logs)["numberOfFilesUploaded"] == 1
    az(f"node scheduling disable {at}")
    az(f"node scheduling enable {at}")
    assert "workitems" in [entry["name"] for entry in az(f"node file list {at} --recursive")]
    az(f"node reboot {at}")
    until(lambda: az(idle))
    az(f"node delete --pool-id nodes --node-list {node}")
    until(lambda: az("node list --pool-id nodes") == [])
    az("pool delete --pool-id nodes --yes")


def test_jobs(az):
    manager = (
        "--job-manager-task-id m --job-manager-task-command-line 'true' --job-manager-task-environment-settings A=b"
    )
    az(f"job create --id j --metadata test=value --job-max-task-retry-count 5 {manager} --pool-id nowhere")
    job = az("job show --job-id j")
    assert job["jobManagerTask"]["environmentSettings"] == [{"name": "A", "value": "b"}]
    assert (job["onAllTasksComplete"], job["constraints"]["maxTaskRetryCount"]) == ("noaction", 5)
    az("job set --job-id j --job-max-wall-clock-time P4DT12H30M5S --on-all-tasks-complete terminatejob")
    job = az("job show --job-id j --expand stats")
    assert job["constraints"] == {"maxTaskRetryCount": 0, "maxWallClockTime": "P4DT12H30M5S"}
    assert (job["onAllTasksComplete"], job["metadata"][0]["value"]) == ("terminatejob", "value")
    reset = "job reset --job-id j --pool-id nowhere --on-all-tasks-complete terminatejob"
    with pytest.raises(Refused, match="ConditionNotMet"):
        az(f"{reset} --if-unmodified-since 2020-01-01T00:00:00")
    az(reset)
    job = az("job show --job-id j")
    assert (job.get("metadata"), job["constraints"]["maxWallClockTime"]) == (None, "P10675199DT2H48M5.4775807S")
    az("job disable --job-id j --disable-tasks requeue")
    az("job enable --job-id j")
    assert az("job task-counts show --job-id j")["taskCounts"]["active"] == 1
    assert az("""job list --filter "state eq 'active'" --select id,state""") == [{"id": "j", "state": "active"}]
    prepared = {"commandLine": "true"}
    az("job create", {"id": "p", "poolInfo": {"poolId": "x"}, "jobPreparationTask": prepared})
    assert az("job prep-release-status list --job-id p") == []
    az("job stop --job-id j --terminate-reason done")
    assert az("job show --job-id j")["executionInfo"]["terminateReason"] == "done"
    az("job delete --job-id j --yes")


def test_tasks_that_wait(az):
    az("job create --id w --pool-id nowhere --priority 5 --max-parallel-tasks 3 --uses-task-dependencies")
    task = {"id": "json", "commandLine": "cmd /c dir /s", "authenticationTokenSettings": {"access": ["job"]}}
    identity = {"autoUser": {"scope": "pool", "elevationLevel": "nonAdmin"}}
    made = az("task create --job-id w", {**task, "userIdentity": identity, "constraints": {"maxWallClockTime": "P1D"}})
    assert (made["id"], made["commandLine"]) == ("json", "cmd /c dir /s")
    found = az("task show --job-id w --task-id json")
    assert found["userIdentity"]["autoUser"]["scope"] == "pool"
    assert found["authenticationTokenSettings"]["access"] == ["job"]
    limits = "--max-wall-clock-time PT1H --retention-time P1D --max-task-retry-count 1 --environment-settings a=b"
    files = "--resource-files f=http://127.0.0.1:9/x --affinity-id TVM:x"
    az(f"task create --job-id w --task-id a --command-line 'ping 127.0.0.1' {limits} {files}")
    many = az("task create --job-id w", [{"id": f"t{number}", "commandLine": "x"} for number in range(3)])
    assert {one["taskId"] for one in many} == {"t0", "t1", "t2"}
    counts = az("job task-counts show --job-id w")
    assert (counts["taskCounts"]["active"], counts["taskSlotCounts"]["active"]) == (5, 5)
    az("task reset --job-id w --task-id a --max-task-retry-count 3")
    az("task stop --job-id w --task-id a")
    az("task reactivate --job-id w --task-id a")
    assert len(az("""task list --job-id w --filter "state eq 'active'" --select "id, state" """)) == 5
    assert az("task subtask list --job-id w --task-id a") == []
    az("task delete --job-id w --task-id a --yes")
    az("job delete --job-id w --yes")


def test_tasks_that_run(az, tmp_path):
    az(f"pool create --id run {SIZE} {MACHINE} --target-dedicated-nodes 1")
    az("job create --id run --pool-id run")
    command = "/bin/sh -c 'echo hello; mkdir d; echo x>d/f.txt'"
    az(f'task create --job-id run --task-id t --command-line "{command}"')
    at = "--job-id run --task-id t"
    until(lambda: az(f"task show {at}")["state"] == "completed")
    node = f"--pool-id run --node-id {az(f'task show {at}')['nodeInfo']['nodeId']}"
    assert "wd/d/f.txt" in [entry["name"] for entry in az(f"task file list {at} --recursive")]
    az(f"task file download {at} --file-path stdout.txt --destination {tmp_path}/a")
    assert (tmp_path / "a").read_text() == "hello\n"
    az(f"task file download {at} --file-path stdout.txt --start-range 1 --end-range 3 --destination {tmp_path}/b")
    assert (tmp_path / "b").read_text() == "ell"
    az(f"task file delete {at} --file-path wd/d --recursive true --yes")
    path = "--file-path workitems/run/job-1/t/stdout.txt"
    az(f"node file download {node} {path} --destination {tmp_path}/c")
    assert (tmp_path / "c").read_text() == "hello\n"
    az(f"node file delete {node} {path} --yes")
    az("job delete --job-id run --yes")


def test_job_schedules(az):
    rule = "--recurrence-interval PT1H --start-window PT30M --do-not-run-after 2030-01-01T00:00:00Z"
    job = "--pool-id nowhere --job-metadata c=d --job-max-task-retry-count 2 --priority 3"
    az(f"job-schedule create --id s --metadata a=b {rule} {job}")
    assert az("job-schedule show --job-schedule-id s")["executionInfo"]["recentJob"]["id"] == "s:job-1"
    assert [one["id"] for one in az("job list --job-schedule-id s")] == ["s:job-1"]
    az("job-schedule set --job-schedule-id s --recurrence-interval PT2H")
    az("job-schedule reset --job-schedule-id s --pool-id nowhere --recurrence-interval PT3H")
    az("job-schedule disable --job-schedule-id s")
    az("job-schedule enable --job-schedule-id s")
    assert len(az("""job-schedule list --filter "state eq 'active' and id eq 's'" """)) == 1
    az("job-schedule stop --job-schedule-id s")
    az("job-schedule delete --job-schedule-id s --yes")


def test_a_schedule_of_long_ago(az):
    """The body that the CLI's own tests send: with names that are gone, and a certificate that there is not."""
    certificate = {"thumbprint": "0123456789ABCDEF", "thumbprintAlgorithm": "sha1", "storeLocation": "localmachine"}
    image = {"publisher": "microsoftwindowsserver", "offer": "windowsserver", "sku": "2022-datacenter"}
    pool = {
        "vmSize": "STANDARD_D2S_V3",
        "virtualMachineConfiguration": {"imageReference": image, "nodeAgentSKUId": "batch.node.windows amd64"},
        "targetDedicated": 3,
        "startTask": {"commandLine": "cmd /c dir /s"},
        "certificateReferences": [{**certificate, "visibility": ["starttask"]}],
    }
    auto = {"autoPoolIdPrefix": "TestSpecPrefix", "poolLifetimeOption": "jobschedule", "keepAlive": False, "pool": pool}
    manager = {"id": "m", "commandLine": "cmd /c dir /s", "runElevated": False}
    specification = {"poolInfo": {"autoPoolSpecification": auto}, "jobManagerTask": manager}
    body = {"id": "old", "schedule": {"recurrenceInterval": "P2D"}, "jobSpecification": specification}
    az("job-schedule create", body)
    assert [one["id"] for one in az("job list --job-schedule-id old")] == ["old:job-1"]


def test_what_expand_writes(services: local.Services, tmp_path):
    """The files of `batchctl expand -o az`, handed over by the script beside them."""
    out, path = tmp_path / "az", f"{folder() / 'az/bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, **services.environment, "PATH": path, "AZURE_CONFIG_DIR": str(tmp_path)}
    words = ["expand", "specs/word-count.yaml", "-o", "az", "--output-dir", out, "--target", "azure"]
    subprocess.run([sys.executable, "-m", "batchctl", *words], env=env, check=True, timeout=120)
    subprocess.run(["bash", out / "create.sh"], env=env, check=True, timeout=300)
    batch = batch_client(services)
    until(lambda: batch.get_job("word-count").state == "completed")
    assert [task.execution_info.result for task in batch.list_tasks("word-count")] == ["success"] * 3
    batch.begin_delete_job("word-count")
    batch.begin_delete_pool("word-count")
