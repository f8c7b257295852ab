"""Container tasks: their settings to command lines of docker or podman. Starts nothing; `container_runtime` does.

As the page "Use Azure Batch to run container workloads" has it: the node's directories and the task's variables are
those of the host, at the same paths; the command line replaces the image's own, an empty one leaves it.
"""

import base64
import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchctl.emulator.settings import TRUST

NOT_STARTED = 125
"""The exit code of docker and podman where the container could not be made or started."""
_OF_THE_CLIENT = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST")
_OF_THE_HOST = frozenset({*_OF_THE_CLIENT, "LANG", *TRUST})
_MOUNTS = {"shared": "shared", "startup": "startup", "vfsmounts": "fsmounts", "applications": "applications"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container to be. `root`: the node's directory; `id_file` is written by the runtime once the container is made.

    `own`: the variables that the task itself sets; the host's PATH and HOME mean nothing inside.
    """

    runtime: str
    name: str
    mark: str
    id_file: Path
    root: Path
    directory: Path
    prepared: str | None
    settings: dict[str, Any]
    own: frozenset[str]

    @property
    def image(self) -> str:
        return str(self.settings["imageName"])


def name_of(directory: Path) -> str:
    """A name that is the same over restarts."""
    return f"batchctl-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:24]}"


def mark_of(home: Path) -> str:
    """The label of all containers of a service."""
    return f"batchctl.home={hashlib.sha256(os.fsencode(home)).hexdigest()[:24]}"


def run_words(container: Container, words: list[str], environment: Mapping[str, str]) -> list[str]:
    """Runs `words` in the container. Values of variables stay out of the command line, which anybody could read."""
    asked = shlex.split(container.settings.get("containerRunOptions", ""))
    line = [container.runtime, "run", "--rm", "--name", container.name, "--label", container.mark]
    line += ["--cidfile", str(container.id_file)]
    for mount in _mounted_directories(container):
        line += ["--volume", mount]
    if container.settings.get("workingDirectory", "").lower() != "containerimagedefault":
        line += ["--workdir", str(container.directory / "wd")]
    # Rootless podman maps root inside to us already; with docker the files would be root's.
    if Path(container.runtime).name == "docker" and not {"-u", "--user"} & {one.partition("=")[0] for one in asked}:
        line += ["--user", f"{os.getuid()}:{os.getgid()}"]
    for name in environment:
        if name not in _OF_THE_HOST:
            line += ["--env", name]
        elif name in container.own:
            line += ["--env", f"{name}={environment[name]}"]
    return [*line, *asked, container.image, *words]


def client_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the runtime's program knows: how to find its daemon or store, and the values of the task's variables."""
    ours = {name: os.environ[name] for name in _OF_THE_CLIENT if name in os.environ}
    return {**{name: value for name, value in environment.items() if name not in _OF_THE_HOST}, **ours}


def inspect_words(container: Container) -> list[str]:
    return [container.runtime, "image", "inspect", container.image]


def pull_words(container: Container) -> list[str]:
    return [container.runtime, "pull", container.image]


def login_file(container: Container) -> str | None:
    """The file of credentials for a pull, as text; None where the settings have none."""
    registry = container.settings.get("registry", {})
    if not registry.get("username"):
        return None
    given = f"{registry['username']}:{registry.get('password', '')}".encode()
    server = registry.get("registryServer") or "https://index.docker.io/v1/"
    return json.dumps({"auths": {server: {"auth": base64.b64encode(given).decode()}}})


def remove_words(runtime: str, *names: str) -> list[str]:
    return [runtime, "rm", "--force", *names]


def list_words(runtime: str, mark: str) -> list[str]:
    """Asks for the ids of all containers that bear the mark."""
    return [runtime, "ps", "--all", "--quiet", "--filter", f"label={mark}"]


def _mounted_directories(container: Container) -> list[str]:
    """The whole node, or the directories that were named."""
    named = container.settings.get("containerHostBatchBindMounts")
    if not named:
        return [f"{container.root}:{container.root}"]
    found = []
    for entry in named:
        source, ending = entry.get("source", "").lower(), ":ro" if entry.get("isReadOnly") else ""
        if source == "task":
            place = str(container.directory)
        elif source == "jobprep":
            place = container.prepared or ""
        else:
            place = str(container.root / _MOUNTS.get(source, "shared"))
        found += [f"{place}:{place}{ending}"] if place else []
    return found
