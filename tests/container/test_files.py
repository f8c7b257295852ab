"""The Containerfile, what it starts, compose.yaml and the guide agree. scripts/test-container runs them."""

import re
import tomllib
from pathlib import Path

import yaml

from tests.testing.guide import blocks

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text()
SERVE = (ROOT / "container" / "serve").read_text()
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_all_speak_of_the_same_ports() -> None:
    ports = dict(re.findall(r"--(port|blob-port) ([0-9]+)", SERVE))
    assert re.findall("^EXPOSE (.*)$", CONTAINERFILE, re.MULTILINE) == [f"{ports['port']} {ports['blob-port']}"]
    assert f"http://127.0.0.1:{ports['port']}/_local/health" in CONTAINERFILE
    published = [f"127.0.0.1:{port}:{port}" for port in ports.values()]
    assert SERVICES["batch"]["ports"] == published  # the same outside, and for this machine alone
    assert all(f"-p {one}" in blocks("sh")[2] for one in published)
    asked = SERVICES["tests"]["environment"]
    assert asked["AZURE_BATCH_ENDPOINT"] == f"http://batch:{ports['port']}"
    assert f"BlobEndpoint=http://batch:{ports['blob-port']}/batchctl" in asked["AZURE_STORAGE_CONNECTION_STRING"]
    action = next(yaml.safe_load(block) for block in blocks("yaml") if "services:" in block)
    assert action["jobs"]["test"]["services"]["batch"]["ports"] == [f"{port}:{port}" for port in ports.values()]


def test_it_is_called_by_the_name_that_its_network_knows() -> None:
    names = re.findall(r"--host-name (\S+)", SERVE)
    assert names == ["batch", "localhost", "127.0.0.1"]
    assert set(SERVICES["tests"]["depends_on"]) <= set(names)


def test_all_that_is_copied_is_in_the_context() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [word for line in re.findall("^COPY (.*) ", CONTAINERFILE, re.MULTILINE) for word in line.split()]
    assert {word.split("/")[0] for word in copied} == let_in
    assert all((ROOT / word).exists() for word in copied)


def test_all_that_a_wheel_takes_is_copied() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = re.findall(r"^COPY (\S+) ", CONTAINERFILE, re.MULTILINE)
    assert {Path(taken).parts[0] for taken in wheel["force-include"]} <= set(copied)
