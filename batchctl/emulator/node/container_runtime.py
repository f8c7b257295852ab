"""docker or podman at work beside a run: which of them is there, images pulled, containers removed."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from batchctl.emulator.node.containers import (
    Container,
    client_environment,
    inspect_words,
    list_words,
    login_file,
    pull_words,
    remove_words,
)
from batchctl.emulator.node.outcome import Failed

RUNTIMES = ("docker", "podman")


def find_runtime(search_path: str) -> str | None:
    """The path of docker or podman, the first that is there."""
    return next((found for name in RUNTIMES if (found := shutil.which(name, path=search_path))), None)


def bring_image(container: Container) -> None:
    """Pulls the image if it is not there; the container of an earlier run is gone. Raises Failed."""
    container.id_file.parent.mkdir(exist_ok=True)
    container.id_file.unlink(missing_ok=True)
    remove_container(container)
    if _run_quietly(inspect_words(container)).returncode == 0:
        return
    # Credentials of one task are in a directory of its own, gone with the pull; our own login is left alone.
    with tempfile.TemporaryDirectory(dir=container.id_file.parent) as private:
        if given := login_file(container):
            Path(private, "config.json").write_text(given)
        there = {"DOCKER_CONFIG": private, "REGISTRY_AUTH_FILE": f"{private}/config.json"} if given else {}
        pulled = _run_quietly(pull_words(container), there)
    if pulled.returncode:
        why = pulled.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Failed("ContainerInvalidImage", ImageName=container.image, Message=" ".join(why))


def remove_container(container: Container) -> None:
    """Ends it if it runs."""
    _run_quietly(remove_words(container.runtime, container.name))


def remove_containers(runtime: str, mark: str) -> None:
    """Ends all containers that an earlier run of the service left."""
    if left := _run_quietly(list_words(runtime, mark)).stdout.decode().split():
        _run_quietly(remove_words(runtime, *left))


def _run_quietly(words: list[str], also: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
    environment = {**client_environment({}), **(also or {})}
    return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
