"""Small wanted and held things, so that a test says only what it is about."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batchctl.configurations import (
    ApplicationPackageReference,
    ContainerConfiguration,
    JobNetworkConfiguration,
    NetworkConfiguration,
    NodePlacementConfiguration,
    TaskSchedulingPolicy,
)
from batchctl.desired import Desired
from batchctl.machines import (
    DataDisk,
    DiskEncryptionConfiguration,
    Extension,
    MountConfiguration,
    NfsMountConfiguration,
    OSDisk,
    PoolIdentity,
    SecurityProfile,
    ServiceArtifactReference,
    UpgradePolicy,
    UserAccount,
    UserAssignedIdentity,
    WindowsConfiguration,
)
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.diff import diff, kept_by_destroy
from batchctl.reconcile.events import Event
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Account, Cloud, Situation
from batchctl.resources import AutoPool, Blob, Container, Image, Job, Pool, Resource, Schedule, Task
from batchctl.rules import JsonText
from batchctl.work import JobManagerTask, JobPreparationTask, JobReleaseTask, OutputFile, StartTask
from tests.fake_cloud import EPOCH, UBUNTU, FakeCloud

OWNER = "word-count"
OTHER = "another-spec"
TEXT = OutputFile(file_pattern="*_OUTPUT.txt", container="output")


def pool(name: str = "pool", **changed: Any) -> Pool:
    agent = "batch.node.ubuntu 24.04"
    asked: dict[str, Any] = {"name": name, "vm_size": "Standard_D2s_v5", "image": UBUNTU, "node_agent_sku_id": agent}
    return Pool(**(asked | changed))


def held_pool(name: str = "pool", **changed: Any) -> Pool:
    return pool(name, **({"owner": OWNER, "state": "active"} | changed))


def job(name: str = "count", **changed: Any) -> Job:
    return Job(**({"name": name, "pool": "pool"} | changed))


def held_job(generation: int = 1, **changed: Any) -> Job:
    """A job of ours that is under way."""
    held: dict[str, Any] = {"generation": generation, "owner": OWNER, "state": "active", "sealed": True}
    return job(**(held | changed))


def schedule(name: str = "nightly", **changed: Any) -> Schedule:
    return Schedule(**({"name": name, "job": job(name=""), "digest": "command=1"} | changed))


def task(id: str = "a", **changed: Any) -> Task:
    return Task(**({"job": "count", "id": id, "digest": "command=1;inputs=1"} | changed))


def run(id: str = "a", generation: int = 1, **changed: Any) -> Task:
    """A task that the service holds; it has succeeded."""
    ended = {"state": "completed", "result": "success", "exit_code": 0}
    return task(id, **({"generation": generation, **ended} | changed))


def waiting(id: str = "a", generation: int = 1, **changed: Any) -> Task:
    return run(id, generation, **({"state": "active", "result": None, "exit_code": None} | changed))


def failed(id: str = "a", generation: int = 1, code: int = 3, **changed: Any) -> Task:
    return run(id, generation, **({"result": "failure", "exit_code": code} | changed))


def output(path: str, task: str | None = "a", **changed: Any) -> Blob:
    return Blob(**({"container": "output", "path": path, "owner": OWNER, "task": task, "md5": "0" * 32} | changed))


def upload(path: str, source: Path, container: str = "input") -> Blob:
    data = source.read_bytes()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Blob(container=container, path=path, md5=md5, size=len(data), source=source)


def desired(*resources: Resource, **more: Any) -> Desired:
    return Desired(owner=OWNER, resources=resources, **more)


def situation(
    wanted: Desired,
    held: Sequence[Resource] = (),
    choices: Choices = Choices(),
    account: Account = FakeCloud(),  # noqa: B008 (nothing is ever in it)
) -> Situation:
    """What a plan of this is amended by; nothing is at home."""
    return Situation(
        desired=wanted, held=held, choices=choices, account=account, is_copy=lambda _blob, _path: False, now=EPOCH
    )


def observed(wanted: Desired, cloud: Cloud) -> tuple[Resource, ...]:
    """All that bears our mark, and whatever sits at a name that is wanted."""
    containers = {r.name for r in wanted.resources if isinstance(r, Container)} | wanted.external
    found, blobs = cloud.storage(wanted.owner, sorted(containers))
    ids = sorted({r.name for r in wanted.resources if isinstance(r, Pool | Job | Schedule)})
    return (*found, *blobs, *cloud.batch(wanted.owner, ids))


def planned(wanted: Desired, cloud: Cloud) -> Plan:
    return diff(wanted, observed(wanted, cloud))


def applied(wanted: Desired, cloud: Cloud) -> list[Event]:
    """Carry out the plan, and let what it waits for run."""
    plan = planned(wanted, cloud)
    events = list(execute(plan, cloud))
    for waited in plan.waits:
        cloud.counts(waited)
    return events


def destroyed(wanted: Desired, cloud: Cloud) -> list[Event]:
    held = observed(wanted, cloud)
    return list(execute(diff(kept_by_destroy(wanted, held), held), cloud))


NFS = NfsMountConfiguration(source="10.0.0.4:/export", relative_mount_path="nfs")

CHANGED: dict[type[Any], tuple[Any, dict[str, Any]]] = {
    Container: (Container(name="input"), {"keep": True}),
    Blob: (Blob(container="input", path="a.txt", md5="1" * 32, size=3), {"md5": "2" * 32}),
    Pool: (
        pool(display_name="Shown"),
        {
            "vm_size": "Standard_D4s_v5",
            "image": Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="minimal"),
            "node_agent_sku_id": "batch.node.ubuntu 22.04",
            "target_dedicated_nodes": 4,
            "target_spot_nodes": 4,
            "task_slots_per_node": 4,
            "node_deallocation_option": "terminate",
            "display_name": "Other",
            "start_task": StartTask(command_line="true"),
            "container_configuration": ContainerConfiguration(container_image_names=("a",)),
            "auto_scale_formula": "$TargetDedicatedNodes = 1;",
            "auto_scale_evaluation_interval": timedelta(minutes=5),
            "task_scheduling_policy": TaskSchedulingPolicy(node_fill_type="pack"),
            "enable_inter_node_communication": True,
            "network_configuration": NetworkConfiguration(subnet_id="/net"),
            "node_placement_configuration": NodePlacementConfiguration(policy="zonal"),
            "os_disk": OSDisk(disk_size_gb=64),
            "data_disks": (DataDisk(lun=0, disk_size_gb=256),),
            "security_profile": SecurityProfile(encryption_at_host=True),
            "disk_encryption_configuration": DiskEncryptionConfiguration(targets=("temporarydisk",)),
            "extensions": (Extension(name="e", publisher="p", type="t"),),
            "windows_configuration": WindowsConfiguration(enable_automatic_updates=False),
            "license_type": "Windows_Server",
            "service_artifact_reference": ServiceArtifactReference(id="/artifact"),
            "upgrade_policy": UpgradePolicy(mode="rolling"),
            "raw": JsonText('{"userAccounts": []}'),
            "identity": PoolIdentity(user_assigned_identities=(UserAssignedIdentity(resource_id="/u"),)),
            "user_accounts": (UserAccount(name="alice", password="only-for-a-test"),),
            "mount_configuration": (MountConfiguration(nfs_mount_configuration=NFS),),
            "application_package_references": (ApplicationPackageReference(application_id="blender"),),
            "metadata": (("team", "four"),),
        },
    ),
    Job: (
        job(display_name="Shown"),
        {
            "pool": "other",
            "auto_pool": AutoPool(pool_lifetime_option="job", pool=pool("")),
            "priority": 4,
            "max_wall_clock_time": timedelta(hours=4),
            "max_task_retry_count": 4,
            "environment": (("A", "4"),),
            "display_name": "Other",
            "max_parallel_tasks": 4,
            "allow_task_preemption": True,
            "on_task_failure": "performexitoptionsjobaction",
            "job_preparation_task": JobPreparationTask(command_line="true"),
            "job_release_task": JobReleaseTask(command_line="true"),
            "job_manager_task": JobManagerTask(id="m", command_line="true"),
            "uses_task_dependencies": True,
            "network_configuration": JobNetworkConfiguration(subnet_id="/net"),
            "raw": JsonText('{"jobManagerTask": {"id": "m"}}'),
            "metadata": (("team", "four"),),
        },
    ),
    Schedule: (
        schedule(display_name="Shown"),
        {
            "do_not_run_until": datetime(2026, 12, 4, tzinfo=UTC),
            "do_not_run_after": datetime(2027, 12, 4, tzinfo=UTC),
            "start_window": timedelta(hours=4),
            "recurrence_interval": timedelta(hours=4),
            "display_name": "Other",
            "metadata": (("team", "four"),),
            "job": job(name="", priority=4),
            "digest": "command=4",
        },
    ),
    Task: (
        task(),
        {
            "digest": "command=4",
            "max_wall_clock_time": timedelta(hours=4),
            "max_task_retry_count": 4,
            "retention_time": timedelta(hours=4),
        },
    ),
}
"""One value of each compared field that is not as in the example before it."""
