"""Container tasks. `docker` is a script of this test's own, that notes what it is called with and runs it on the host:
that the command line is right for the real one is judged from its reference, not by running it."""

import json
import os
from pathlib import Path

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

from .conftest import completed, new_job, ready_pool, text
from .raw import VERSION, send
from .stand import running, until
from .test_jobs import task
from .test_running import shell

DOCKER = r"""#!/usr/bin/env python3
import json, os, pathlib, signal, sys

here = pathlib.Path(__file__).parent
words = sys.argv[1:]
with (here / "calls").open("a") as calls:
    seen = {name: os.environ.get(name) for name in ("MINE", "PATH", "DOCKER_CONFIG")}
    given = pathlib.Path(os.environ.get("DOCKER_CONFIG") or "/none", "config.json")
    print(json.dumps({"words": words, **seen, "config": given.read_text() if given.exists() else ""}), file=calls)
if words[:2] == ["image", "inspect"]:
    sys.exit(words[2] != "there")
if words[0] == "pull":
    print("Error: no such image", file=sys.stderr)
    sys.exit(words[1] == "nowhere")
if words[0] == "ps":
    print("left-behind")
if words[0] != "run":
    sys.exit(0)
if "--bad" in words:
    print("docker: unknown flag: --bad", file=sys.stderr)
    sys.exit(125)
pathlib.Path(words[words.index("--cidfile") + 1]).write_text("c0ffee")
image = next(place for place, word in enumerate(words) if word in ("there", "elsewhere"))
command = words[image + 1 :] or ["echo", "entrypoint"]
os.chdir(words[words.index("--workdir") + 1] if "--workdir" in words else "/")
os.execvp(command[0], command)
"""


class Docker:
    """A directory for the PATH, and what was called."""

    def __init__(self, directory: Path, name: str = "docker") -> None:
        directory.mkdir()
        self.program = directory / name
        self.program.write_text(DOCKER)
        self.program.chmod(0o755)
        self.path = f"{directory}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin"

    def calls(self, verb: str) -> list[dict]:
        lines = (self.program.parent / "calls").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call["words"][0] == verb]


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path / "bin")


@pytest.fixture
def contained(tmp_path: Path, docker: Docker):
    with running(tmp_path / "home", search_path=docker.path) as local, local.client() as client:
        container_pool(client, "p")
        new_job(client, "j", "p")
        yield local, client


def container_pool(client, name: str, configured: bool = True) -> None:
    image = models.BatchVmImageReference(publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2204")
    containers = models.BatchContainerConfiguration(type="dockerCompatible")
    machine = models.VirtualMachineConfiguration(
        image_reference=image,
        node_agent_sku_id="batch.node.ubuntu 22.04",
        container_configuration=containers if configured else None,
    )
    ready_pool(client, name, virtual_machine_configuration=machine)


def inside(client, command: str, image: str = "there", **settings) -> models.BatchTask:
    wanted = models.BatchTaskContainerSettings(image_name=image, **settings.pop("container", {}))
    client.create_task("j", task("t", command, container_settings=wanted, **settings))
    return completed(client, "j", "t")


def test_the_command_line(contained, docker):
    local, client = contained
    mine = [
        models.EnvironmentSetting(name="MINE", value="a b\nc"),
        models.EnvironmentSetting(name="PATH", value="/app"),
    ]
    done = inside(client, 'printf "%s|" one "two three"', environment_settings=mine)
    assert (done.execution_info.exit_code, text(client, done)) == (0, "one|two three|")
    assert done.execution_info.container_info.container_id == "c0ffee"
    (call,) = docker.calls("run")
    words = call["words"]
    root = local.home / "nodes" / "p" / done.node_info.node_id
    directory = root / "workitems" / "j" / "job-1" / "t"
    assert words[:4] == ["run", "--rm", "--name", words[3]]
    assert words[words.index("--volume") + 1] == f"{root}:{root}"
    assert words[words.index("--workdir") + 1] == f"{directory}/wd"
    assert words[words.index("--user") + 1] == f"{os.getuid()}:{os.getgid()}"
    assert words[-5:] == ["there", "printf", "%s|", "one", "two three"]
    names = [words[place + 1] for place, word in enumerate(words) if word == "--env"]
    assert {"MINE", "AZ_BATCH_TASK_ID", "AZ_BATCH_NODE_ROOT_DIR", "PATH=/app"} <= set(names)
    assert not [name for name in names if name.startswith(("HOME", "LANG", "MINE="))]
    assert call["MINE"] == "a b\nc"
    assert call["PATH"] != "/app"
    assert docker.calls("pull") == []


def test_the_settings(contained, docker):
    _, client = contained
    settings = {
        "container_run_options": "--memory 1g --user 7:7 --init",
        "working_directory": "containerImageDefault",
        "container_host_batch_bind_mounts": [
            models.ContainerHostBatchBindMountEntry(source="Shared", is_read_only=True),
            models.ContainerHostBatchBindMountEntry(source="Task"),
        ],
    }
    done = inside(client, "pwd", container=settings)
    assert text(client, done) == "/\n"
    words = docker.calls("run")[0]["words"]
    volumes = [words[place + 1] for place, word in enumerate(words) if word == "--volume"]
    assert [volume.rpartition("/")[2] for volume in volumes] == ["shared:ro", "t"]
    assert words[words.index("--memory") : words.index("there") + 1] == [
        "--memory",
        "1g",
        "--user",
        "7:7",
        "--init",
        "there",
    ]
    assert words.count("--user") == 1


def test_an_empty_command_line_leaves_the_image_its_own(contained):
    local, client = contained
    assert text(client, inside(client, "")) == "entrypoint\n"
    reply = send(local.url, "POST", f"/jobs/j/tasks?{VERSION}", {"id": "bare", "commandLine": ""})
    assert reply.code == "InvalidPropertyValue"


def test_an_image_that_is_not_there_is_pulled(contained, docker):
    _, client = contained
    registry = models.ContainerRegistryReference(username="me", password="hidden", registry_server="r.example")
    done = inside(client, "true", "elsewhere", container={"registry": registry})
    assert done.execution_info.exit_code == 0
    (call,) = docker.calls("pull")
    assert call["words"] == ["pull", "elsewhere"]
    assert json.loads(call["config"]) == {"auths": {"r.example": {"auth": "bWU6aGlkZGVu"}}}
    assert not Path(call["DOCKER_CONFIG"]).exists()
    assert "hidden" not in str(client.get_task("j", "t").as_dict())


@pytest.mark.parametrize(
    ("image", "options", "code", "why"),
    [
        ("nowhere", "", "ContainerInvalidImage", "no such image"),
        ("there", "--bad", "ContainerInvalidSettings", "unknown flag"),
    ],
)
def test_containers_that_cannot_be(contained, image, options, code, why):
    _, client = contained
    info = inside(client, "true", image, container={"container_run_options": options}).execution_info
    assert (info.exit_code, info.failure_info.code) == (None, code)
    assert why in info.failure_info.details[-1].value


def test_an_exit_code_of_the_program_stays_one(contained):
    _, client = contained
    info = inside(client, shell("exit 125")).execution_info
    assert (info.exit_code, info.failure_info.code) == (125, "FailureExitCode")


def test_the_end_of_a_task_removes_its_container(contained, docker):
    _, client = contained
    settings = models.BatchTaskContainerSettings(image_name="there")
    client.create_task("j", task("t", "sleep 1000", container_settings=settings))
    until(lambda: docker.program.with_name("calls").exists() and docker.calls("run"), "the start")
    name = docker.calls("run")[0]["words"][3]
    client.terminate_task("j", "t")
    completed(client, "j", "t")
    until(lambda: len([call for call in docker.calls("rm") if name in call["words"]]) == 2, "the removal")


def test_a_restart_removes_what_was_left(tmp_path, docker):
    with running(tmp_path / "home", search_path=docker.path) as local, local.client() as client:
        container_pool(client, "p")
        new_job(client, "j", "p")
        inside(client, "true")
    assert docker.calls("ps") == []
    with running(tmp_path / "home", search_path=docker.path):
        (call,) = docker.calls("ps")
    label = docker.calls("run")[0]["words"]
    assert call["words"][-1] == f"label={label[label.index('--label') + 1]}"
    assert docker.calls("rm")[-1]["words"] == ["rm", "--force", "left-behind"]


def test_start_tasks_run_in_containers_too(contained, docker):
    _, client = contained
    start = models.BatchStartTask(
        command_line="echo started", container_settings=models.BatchTaskContainerSettings(image_name="there")
    )
    client.update_pool("p", models.BatchPoolUpdateOptions(start_task=start))
    (node,) = client.list_nodes("p")
    client.begin_reboot_node("p", node.id, {"nodeRebootOption": "requeue"}, polling_interval=0.01)
    until(lambda: (client.get_node("p", node.id).start_task_info or {}).get("state") == "completed", "the start task")
    assert b"".join(client.download_node_file("p", node.id, "startup/stdout.txt")) == b"started\n"


def test_podman_needs_no_user(tmp_path):
    podman = Docker(tmp_path / "bin", "podman")
    path = str(podman.program.parent)
    with (
        running(tmp_path / "home", search_path=f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin") as local,
        local.client() as client,
    ):
        container_pool(client, "p")
        new_job(client, "j", "p")
        assert inside(client, "true").execution_info.exit_code == 0
        assert "--user" not in podman.calls("run")[0]["words"]


@pytest.mark.parametrize(
    ("containers", "configured", "code", "why"),
    [
        ("refuse", True, "ContainerMiscError", "the node has neither docker nor podman"),
        ("auto", True, "ContainerMiscError", "the node has neither docker nor podman"),
        ("auto", False, "ContainerInvalidSettings", "the pool has no containerConfiguration"),
        ("host", False, None, None),
    ],
)
def test_without_a_runtime(tmp_path, containers, configured, code, why):
    (tmp_path / "bin").mkdir()
    for program in ("sh", "true"):
        (tmp_path / "bin" / program).symlink_to(f"/bin/{program}")
    settings = {"containers": containers, "search_path": str(tmp_path / "bin")}
    with running(tmp_path / "home", **settings) as local, local.client() as client:
        container_pool(client, "p", configured)
        new_job(client, "j", "p")
        failure = inside(client, "true").execution_info.failure_info
        assert (failure and failure.code) == code
        assert (failure and {detail.name: detail.value for detail in failure.details}["Message"]) == why


def test_an_image_without_docker_runs_no_containers(tmp_path):
    ubuntu = models.BatchVmImageReference(publisher="Canonical", offer="ubuntu-24_04-lts", sku="server")
    containers = models.BatchContainerConfiguration(type="dockerCompatible")
    machine = models.VirtualMachineConfiguration(
        image_reference=ubuntu, node_agent_sku_id="batch.node.ubuntu 24.04", container_configuration=containers
    )
    asked = models.BatchPoolCreateOptions(id="q", vm_size="standard_d2_v2", virtual_machine_configuration=machine)
    with running(tmp_path / "home") as local, local.client() as client, pytest.raises(HttpResponseError) as refused:
        client.create_pool(asked)
    assert refused.value.status_code == 400
    told = {detail.key: detail.value for detail in refused.value.model.error_values or ()}
    assert (told["PropertyName"], told["PropertyValue"]) == ("type", "dockerCompatible")
