"""The local services without keys, in a home of their own, and the environment that they print and nothing else."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CLIENTS = os.environ.get("BATCHCTL_CLIENTS")
collect_ignore_glob = [] if CLIENTS else ["test_*.py"]
BATCHCTL = (sys.executable, "-m", "batchctl")


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What `eval "$(batchctl local start --keyless --print-env)"` leaves in a shell that had nothing of it before."""
    home = tmp_path_factory.mktemp("keyless")
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "npm_config_userconfig", "HOME") if name in os.environ}
    before = {**kept, "BATCHCTL_LOCAL_HOME": str(home / "services"), "NO_COLOR": "1"}
    printed = _run((*BATCHCTL, "local", "start", "--keyless", "--print-env"), before)
    words = [shlex.split(line) for line in printed.splitlines()]
    yield before | dict(word[1].split("=", 1) for word in words if word[0] == "export")
    _run((*BATCHCTL, "local", "stop"), before)


@pytest.fixture
def drive(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Runs a program in that environment and gives back what it said; shows it where it fails."""

    def run(*command: object, **variables: str) -> str:
        settings = {"AZURE_CONFIG_DIR": str(tmp_path / "az"), "AZURE_CORE_COLLECT_TELEMETRY": "no"}
        settings |= {"NODE_PATH": str(folder() / "npm/node_modules")}
        return _run(tuple(str(word) for word in command), {**environment, **settings, **variables}, tmp_path)

    return run


def _run(command: tuple[str, ...], environment: dict[str, str], folder: Path | None = None) -> str:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def folder() -> Path:
    return Path(CLIENTS or "").absolute()
