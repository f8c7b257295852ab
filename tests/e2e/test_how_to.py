"""docs/testing.md: what it tells other people to write works as it stands there."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from batchctl.local import Services
from tests.testing.guide import blocks

NAMES = ["AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING"]


def run(words: list[str], folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A program that finds batchctl, as it does in an active virtual environment."""
    scripts = str(Path(sys.executable).parent)
    inherited = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", **environment}
    return subprocess.run(words, cwd=folder, env=inherited, capture_output=True, text=True, timeout=120, check=False)


def test_a_shell_finds_the_services(services: Services, tmp_path: Path) -> None:
    [line, _, _] = blocks("sh")[0].splitlines()
    done = run(["sh", "-ec", f"{line}\nenv"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = dict(entry.split("=", 1) for entry in done.stdout.splitlines() if "=" in entry)
    assert {name: found[name] for name in NAMES} == services.environment
    assert services.storage_key in found["AZURE_STORAGE_CONNECTION_STRING"]


def test_standard_output_holds_exports_alone(services: Services, tmp_path: Path) -> None:
    done = run(["batchctl", "local", "start", "--print-env"], tmp_path)
    assert [shlex.split(line)[0] for line in done.stdout.splitlines()] == ["export"] * len(NAMES)
    assert [shlex.split(line)[1].partition("=")[0] for line in done.stdout.splitlines()] == NAMES


@pytest.mark.e2e
def test_batchctl_itself_takes_these_variables(services: Services, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("version: 1\nname: by-variables\nstorage: {containers: {by-variables: {}}}\n")
    done = run(["batchctl", "plan", str(spec)], tmp_path, **services.environment)
    assert done.returncode == 0, done.stderr
    assert f"Target: local, {services.batch_url} (AZURE_BATCH_ACCOUNT is set)" in done.stdout
    assert "+ container by-variables" in done.stdout


def test_the_workflow_is_yaml() -> None:
    import yaml

    text, in_container = (yaml.safe_load(block)["jobs"]["test"] for block in blocks("yaml") if "runs-on" in block)
    assert blocks("sh")[0].splitlines()[0] in text["steps"][-1]["run"]
    assert "batchctl local start --print-env" in in_container["steps"][-1]["run"]
