"""Seeds: what is wrong with one is told with its place, and nothing is added; a good one is there at once."""

import json
from pathlib import Path

import pytest
from azure.batch import BatchClient
from azure.storage.blob import BlobServiceClient

from batchctl.cli.local.seeding import local_seed
from batchctl.cli.local.seeds import read_seed, refusal_problem
from batchctl.errors import SpecError
from tests.services import eventually, unique

WRONG = {
    "[]": "1:1 shape",
    "a": "1:1 shape",
    "pool: []": "1:1 unknown-key",
    "jobSchedules: []": "1:1 unknown-key",
    "pools: {id: p}": "1:8 shape",
    "pools: [p]": "1:9 shape",
    "jobs:\n  - id: j\n    tasks: {id: t}": "3:12 shape",
    "jobs:\n  - id: j\n    tasks: [t]": "3:13 shape",
    "containers: [a]": "1:13 shape",
    "containers: {A: {}}": "1:14 bad-name",
    "containers: {a--b: {}}": "1:14 bad-name",
    "containers: {-ab: {}}": "1:14 bad-name",
    "containers: {abc: text}": "1:19 shape",
    "containers: {abc: {'': x}}": "1:20 bad-name",
    "containers: {abc: {x: [y]}}": "1:23 shape",
    "containers: {abc: {x: {file: [y]}}}": "1:23 shape",
    "containers: {abc: {x: {files: y}}}": "1:23 shape",
    "containers: {abc: {x: {file: no.txt}}}": "1:30 missing-file",
    "containers: {abc: {x: {file: .}}}": "1:30 missing-file",
    "pools: []\npools: []": "2:1 duplicate-key",
    "pools: [": "1:9 syntax",
    "": "1:1 empty",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_the_file_alone_tells(text: str, tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        read_seed(tmp_path / "seed.yaml")
    assert [f"{found.line}:{found.column} {found.code}" for found in caught.value.problems] == [WRONG[text]]


def test_text_is_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\0\1")
    (tmp_path / "seed.yaml").write_text(
        "x-any: {a: &body {id: '5', targetDedicatedNodes: 2, enableAutoScale: false, displayName: null}}\n"
        "containers: {abc: {n: 1.10, t: true, e: , f: {file: data.bin}}, void: {}, none: }\n"
        "pools: [*body]\njobs: [{id: j, priority: 3}]\n"
    )
    seed = read_seed(tmp_path / "seed.yaml")
    blobs = {"n": b"1.10", "t": b"true", "e": b"", "f": tmp_path / "data.bin"}
    assert seed.containers == {"abc": blobs, "void": {}, "none": {}}
    assert seed.pools == [{"id": "5", "targetDedicatedNodes": 2, "enableAutoScale": False, "displayName": None}]
    assert seed.jobs == [({"id": "j", "priority": 3}, [])]


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ({"PropertyName": "startTask.commandLine", "Reason": "too long"}, (1, 30)),
        ({"PropertyName": "metadata[1].name", "Reason": "wanted"}, (2, 36)),
        ({"PropertyName": "virtualMachineConfiguration"}, (1, 9)),
        ({"Reason": "The property 'vmsize' does not exist on type 'Pool'."}, (3, 3)),
        ({}, (1, 9)),
    ],
)
def test_what_is_refused_is_told_where_it_stands(values: dict[str, str], at: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(
        "pools: [{id: p, startTask: { commandLine: x },\n  metadata: [{name: a, value: b}, {name: [c]}],\n"
        "  vmsize: d}]\n"
    )
    source = read_seed(tmp_path / "seed.yaml").source
    told = [{"key": key, "value": value} for key, value in values.items()]
    refused = {"at": ["pools", 0], "code": "InvalidX", "message": {"value": "It is wrong."}, "values": told}
    found = refusal_problem(source, refused)
    assert (found.line, found.column, found.code) == (*at, "invalid-x")
    assert values.get("Reason", "It is wrong.") in found.message


def test_all_of_a_seed_is_there_or_nothing(
    tmp_path: Path,
    batch_client: BatchClient,
    blob_service: BlobServiceClient,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = unique("seed")
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    machine = {"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    pool = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": machine, "targetDedicatedNodes": 1}
    tasks = [
        {"id": "one", "commandLine": "cat a.txt", "resourceFiles": [{"autoStorageContainerName": name}]},
        *({"id": f"n{number}", "commandLine": "true", "dependsOn": {"taskIds": ["one"]}} for number in range(120)),
    ]
    job = {"id": name, "poolInfo": {"poolId": name}, "usesTaskDependencies": True, "tasks": tasks}
    seed = {"containers": {name: {"a.txt": "hello"}}, "pools": [pool], "jobs": [job]}
    file = tmp_path / "seed.json"

    def refused() -> list[str]:
        with pytest.raises(SpecError) as caught:
            local_seed(file)
        return [problem.code for problem in caught.value.problems]

    file.write_text(json.dumps({**seed, "jobs": [{**job, "usesTaskDependencies": False}]}, indent=2))
    assert refused() == ["task-dependencies-not-specified-on-job"] * 120
    assert not blob_service.get_container_client(name).exists()
    assert name not in [found.id for found in batch_client.list_pools()]

    file.write_text(json.dumps(seed, indent=2))
    local_seed(file)
    assert capsys.readouterr().out == "Seeded: 1 pool, 1 job, 121 tasks, 1 container, 1 blob\n"
    eventually(lambda: batch_client.get_task(name, "one").state == "completed", "the task has run")
    assert b"".join(batch_client.download_task_file(name, "one", "stdout.txt")) == b"hello"
    assert refused() == ["exists", "pool-exists", "job-exists"]
    batch_client.begin_delete_job(name)
    batch_client.begin_delete_pool(name)
