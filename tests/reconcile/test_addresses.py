"""Containers of ours that a spec names by their address alone."""

import pytest

from batchctl.configurations import IdentityReference
from batchctl.reconcile.amend.addresses import refuse_private_addresses
from batchctl.reconcile.decide.diff import diff
from batchctl.resources import Container, Job, Resource
from batchctl.work import JobPreparationTask, MultiInstanceSettings, OutputFile, ResourceFile, StartTask
from tests.reconcile.build import desired, job, pool, situation, task

READER = IdentityReference(resource_id="/subscriptions/0/reader")
BLOB = ResourceFile(http_url="https://ours/input/a/b.txt", file_path="b.txt")
ALL = ResourceFile(storage_container_url="https://ours/input")


def refusals_of(*wanted: Resource) -> tuple[str, ...]:
    jobs = () if isinstance(wanted[0], Job) else (job(),)
    everything = desired(Container(name="input"), *jobs, *wanted)
    return refuse_private_addresses(diff(everything, ()), situation(everything)).refusals


@pytest.mark.parametrize(
    ("wanted", "who", "instead"),
    [
        (pool(start_task=StartTask(resource_files=(BLOB,))), "pool 'pool'", "'blob: input/a/b.txt'"),
        (job(job_preparation_task=JobPreparationTask(resource_files=(ALL,))), "job 'count'", "'container: input'"),
        (task(resource_files=(BLOB,)), "task 'count/a'", "'blob: input/a/b.txt'"),
        (
            task(multi_instance_settings=MultiInstanceSettings(common_resource_files=(ALL,))),
            "task 'count/a'",
            "'container: input'",
        ),
        (
            task(output_files=(OutputFile(file_pattern="a", container="", container_url="https://ours/input"),)),
            "task 'count/a'",
            "'container: input'",
        ),
    ],
)
def test_nobody_reads_them_so(wanted: Resource, who: str, instead: str) -> None:
    [told] = refusals_of(wanted)
    assert told.startswith(f"{who}: https://ours/input")
    assert told.endswith(f"opens to nobody by its address alone: write {instead}, which nodes can open")


def test_tasks_of_one_address_are_one_refusal() -> None:
    assert [r.partition(":")[0] for r in refusals_of(*(task(n, resource_files=(BLOB,)) for n in "abc"))] == [
        "task 'count/a' and 2 others"
    ]


@pytest.mark.parametrize(
    "file",
    [
        ResourceFile(http_url="https://ours/input/a?sig=x", file_path="a"),
        ResourceFile(http_url="https://ours/input/a", file_path="a", identity_reference=READER),
        ResourceFile(http_url="https://ours/others/a", file_path="a"),
        ResourceFile(http_url="https://theirs/input/a", file_path="a"),
        ResourceFile(container="input", blob="a"),
    ],
)
def test_what_something_opens_or_is_not_ours(file: ResourceFile) -> None:
    assert refusals_of(task(resource_files=(file,))) == ()
