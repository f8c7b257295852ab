"""The short form of MPI tasks: what the line is that a node is given, run by bash with a stand-in for mpirun."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl.resources import Task
from batchctl.spec.load import load
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve
from batchctl.work import MultiInstanceSettings, ResourceFile

HOSTS = "10.0.0.4,10.0.0.5,10.0.0.6"


def made(folder: Path, **said: Any) -> Task:
    spec = {
        "version": 1,
        "name": "a",
        "storage": {"containers": {"app": {}}},
        "pool": {
            "id": "p",
            "vmSize": "Standard_D2s_v5",
            "image": {"publisher": "a", "offer": "b", "sku": "c"},
            "targetDedicatedNodes": 3,
            "enableInterNodeCommunication": True,
        },
        "job": {"id": "j", "tasks": [{"id": "t-{index}", "forEach": {"list": ["a b"]}, **said}]},
    }
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec))
    loaded = load(path, {}, {})
    [task] = [r for r in resolve(loaded, take_inventory(loaded, None)).resources if isinstance(r, Task)]
    return task


def words(folder: Path, line: str) -> list[str]:
    """The arguments that mpirun was given."""
    program = folder / "mpirun"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "AZ_BATCH_HOST_LIST": HOSTS}
    environment["AZ_BATCH_TASK_SHARED_DIR"] = "/shared dir"
    done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


OPEN = ["--host", "10.0.0.4:2,10.0.0.5:2,10.0.0.6:2", "-n", "6", "--wdir", "/shared dir"]
HYDRA = ["-hosts", HOSTS, "-ppn", "2", "-n", "6", "-wdir", "/shared dir"]


@pytest.mark.parametrize(
    ("said", "started"), [({}, OPEN), ({"runtime": "mpich"}, HYDRA), ({"runtime": "intelmpi"}, HYDRA)]
)
def test_each_runtime_is_told_hosts_and_processes(tmp_path: Path, said: dict[str, Any], started: list[str]) -> None:
    mpi = {"nodes": "pool", "processesPerNode": 2, "options": ["-x", "A={item}"], **said}
    task = made(tmp_path, command=["./solver", "{item}", "$HOME"], mpi=mpi)
    assert words(tmp_path, task.command_line) == [*started, "-x", "A=a b", "./solver", "a b", "$HOME"]


def test_each_process_runs_the_lines(tmp_path: Path) -> None:
    task = made(tmp_path, commands=["echo {item}", "echo 2"], mpi={"nodes": 2})
    *_, shell, option, script = words(tmp_path, task.command_line.replace("\n", "; "))
    assert (shell, option, script) == ("/bin/bash", "-c", "set -e -o pipefail; echo 'a b'; echo 2")


def test_the_settings_of_the_short_form(tmp_path: Path) -> None:
    task = made(tmp_path, command=["x"], mpi={"nodes": 2, "commonResourceFiles": [{"container": "app"}]})
    files = (ResourceFile(container="app"),)
    wanted = MultiInstanceSettings(
        number_of_instances=2, coordination_command_line="/bin/true", common_resource_files=files
    )
    assert task.multi_instance_settings == wanted
