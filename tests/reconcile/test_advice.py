"""What a plan says of things that Batch takes and that seldom do what was meant."""

from dataclasses import replace
from typing import Any

import pytest

from batchctl.configurations import IdentityReference, TaskContainerSettings
from batchctl.machines import (
    AzureBlobFileSystemConfiguration,
    MountConfiguration,
    OSDisk,
    PoolIdentity,
    UserAssignedIdentity,
)
from batchctl.on_paper import kept_on_paper
from batchctl.reconcile.amend.advice import with_advice
from batchctl.reconcile.decide.diff import diff
from batchctl.resources import Resource
from batchctl.work import JobPreparationTask, ResourceFile, StartTask
from tests.fake_cloud import FakeCloud
from tests.reconcile.build import desired, held_pool, job, pool, situation, task


def notes_of(*wanted: Resource, held: tuple[Resource, ...] = ()) -> tuple[str, ...]:
    everything = desired(*wanted)
    return with_advice(diff(everything, held), situation(everything, held)).notes


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("echo '$AZ_BATCH_TASK_ID'", ["AZ_BATCH_TASK_ID"]),
        ("python3 '${AZ_BATCH_NODE_SHARED_DIR}/a.py' '$HOME' '${HOME}'", ["AZ_BATCH_NODE_SHARED_DIR", "HOME"]),
        ("echo '$MINE' '$OURS' '$NOBODYS'", ["MINE", "OURS"]),
        ("awk '{print $1, $NF}' a.txt", []),
        ("echo '$AZ_BATCH'", []),
        ("/bin/bash -c 'echo $HOME'", []),
        ("timeout 10 /bin/sh -c 'echo $HOME'", []),
        ("echo \"it's", []),
        ("true", []),
    ],
)
def test_variables_that_no_shell_fills_in(line: str, told: list[str]) -> None:
    work: dict[str, Any] = {"command_line": line, "environment": (("MINE", "1"),)}
    found = notes_of(pool(), job(environment=(("OURS", "1"),)), task("a", **work), task("b", **work))
    assert list(found) == [
        f"no shell reads the command of 'a' and of 1 other task: ${name} stays as it is; 'commands' have a shell"
        for name in told
    ]


@pytest.mark.parametrize(
    ("line", "more", "program"),
    [
        ("/bin/bash -c 'set -e; apt-get update && apt-get install -y jq'", {}, "apt-get"),
        ("/bin/bash -c 'yum -y install jq'", {}, "yum"),
        ("/bin/bash -c 'sudo apt-get install jq'", {}, None),
        ("/bin/bash -c 'apt-get install jq'", {"elevation": "admin"}, None),
        ("/bin/bash -c 'apt-get install jq'", {"username": "root"}, None),
        ("/bin/bash -c 'apt-get install jq'", {"container_settings": TaskContainerSettings(image_name="a")}, None),
        ("/bin/bash -c 'cat my-apt-get install'", {}, None),
        ("/bin/bash -c 'apt-get --version'", {}, None),
    ],
)
def test_packages_are_installed_by_an_administrator(line: str, more: dict[str, Any], program: str | None) -> None:
    start, prepare = StartTask(command_line=line, **more), JobPreparationTask(command_line=line, **more)
    found = notes_of(pool(start_task=start), job(job_preparation_task=prepare))
    told = [f"{name} runs {program}, which an administrator alone may" for name in ("startTask", "jobPreparationTask")]
    assert [note.partition(":")[0] for note in found] == (told if program else [])


@pytest.mark.parametrize(("spot", "talk", "told"), [(2, True, True), (0, True, False), (2, False, False)])
def test_spot_nodes_that_talk(spot: int, talk: bool, told: bool) -> None:
    wanted = pool(target_spot_nodes=spot, enable_inter_node_communication=talk)
    assert ["spot nodes" in note for note in notes_of(wanted)] == [True] * told


def test_what_stays_gets_no_advice() -> None:
    talking = {"target_spot_nodes": 2, "enable_inter_node_communication": True}
    assert notes_of(pool(**talking), held=(held_pool(**talking),)) == ()


def test_a_size_that_azure_takes_away() -> None:
    (found,) = notes_of(pool(vm_size="Standard_NC6_Promo"), held=(held_pool(vm_size="Standard_NC6_Promo"),))
    assert found.startswith("pool 'pool': NC sizes (v1): retired on 2023-09-06 (https://learn.microsoft.com/")
    assert notes_of(pool(vm_size="Standard_D2s_v5")) == ()


class OnPaper(FakeCloud):
    """An account that does not do all that it takes."""

    def on_paper(self, resource: Resource) -> tuple[str, ...]:
        return kept_on_paper(resource)


def papers(*wanted: Resource, held: tuple[Resource, ...] = ()) -> tuple[str, ...]:
    everything = desired(*wanted)
    return with_advice(diff(everything, held), replace(situation(everything, held), account=OnPaper())).notes


NAMED = PoolIdentity(user_assigned_identities=(UserAssignedIdentity(resource_id="/u"),))
ADMIN = StartTask(command_line="true", elevation="admin")


def test_what_an_account_takes_and_does_nothing_about_is_told_once_a_factory() -> None:
    assert papers(pool(), job(), task()) == ()
    wanted = pool(identity=NAMED, os_disk=OSDisk(disk_size_gb=64), start_task=ADMIN)
    tasks = [task(i, elevation="admin", factory="f") for i in ("a", "b")]
    assert papers(wanted, job(), *tasks) == (
        "on paper here, without effect: osDisk, startTask.userIdentity of pool 'pool', userIdentity of task 'count/a'",
    )
    assert notes_of(wanted, job(), *tasks) == ()


def test_of_a_pool_that_changes_only_what_changes_is_told() -> None:
    held = held_pool(start_task=ADMIN)
    assert papers(pool(start_task=ADMIN, vm_size="Standard_D4s_v5"), held=(held,)) == ()
    assert papers(pool(start_task=ADMIN, os_disk=OSDisk(disk_size_gb=64)), held=(held,)) == (
        "on paper here, without effect: osDisk of pool 'pool'",
    )


def test_an_identity_that_the_nodes_lack() -> None:
    def named(name: str) -> dict[str, Any]:
        reference = IdentityReference(resource_id=f"/subscriptions/0/{name}")
        return {"resource_files": (ResourceFile(http_url="u", file_path="f", identity_reference=reference),)}

    has = PoolIdentity(user_assigned_identities=(UserAssignedIdentity(resource_id="/SUBSCRIPTIONS/0/a"),))
    start = StartTask(command_line="true", **named("a"))
    tasks = [task("x", factory="f", **named("a")), task("y", factory="g", **named("b"))]
    assert notes_of(pool(identity=has, start_task=start), job(), tasks[0]) == ()
    assert notes_of(pool(), job(), task("x")) == ()
    assert notes_of(pool(identity=has, start_task=start), job(), *tasks) == (
        "pool 'pool' does not have every identity that opens something (b): see 'pool.identity'",
    )
    assert notes_of(pool(start_task=start), held=(held_pool(start_task=start),)) == ()


@pytest.mark.parametrize(
    ("opened", "told"),
    [
        ({}, 1),
        ({"account_key": "only-for-a-test"}, 0),
        ({"sas_key": "only-for-a-test"}, 0),
        ({"identity_reference": IdentityReference(resource_id="/u")}, 0),
    ],
)
def test_a_mount_that_nothing_opens(opened: dict[str, Any], told: int) -> None:
    blobs = AzureBlobFileSystemConfiguration(account_name="a", container_name="c", relative_mount_path="m", **opened)
    mounts = (MountConfiguration(azure_blob_file_system_configuration=blobs),)
    identity = PoolIdentity(user_assigned_identities=(UserAssignedIdentity(resource_id="/u"),))
    found = [note for note in notes_of(pool(mount_configuration=mounts, identity=identity)) if "mount" in note]
    assert len(found) == told
    assert all(note.startswith("nothing opens the container a/c that the nodes mount: give it") for note in found)


def test_what_the_text_of_a_spec_tells_while_any_of_it_is_new() -> None:
    doubtful = replace(desired(pool()), doubts=("a.yaml:5: Azure may refuse it",))
    for held, told in (((), doubtful.doubts), ((held_pool(),), ())):
        assert with_advice(diff(doubtful, held), situation(doubtful, held)).notes == told
