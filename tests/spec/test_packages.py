"""Packages of a start task: its line, run by bash with stand-ins for apt-get, python3 and sleep."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import yaml

from batchctl.resources import Pool
from batchctl.spec.load import load
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve
from batchctl.work import StartTask

PROGRAMS = {
    "apt-get": """printf '%s %s\\n' "$DEBIAN_FRONTEND" "apt-get $*"
        left=$(cat left); echo $((left - 1)) > left; [ "$left" -le 0 ] || exit 100""",
    "python3": """printf '%s %s\\n' "$PIP_BREAK_SYSTEM_PACKAGES" "python3 $*"; [ "$*" != '-m pip --version' ]""",
    "sleep": """echo "sleep $*" """,
}
"""apt-get fails as often as the file `left` says."""


def start_task(folder: Path, **said: Any) -> StartTask:
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    pool = {"id": "p", "vmSize": "Standard_D2s_v5", "image": image, "startTask": said}
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "name": "a", "pool": pool}))
    loaded = load(path, {}, {})
    [found] = [r for r in resolve(loaded, take_inventory(loaded, None)).resources if isinstance(r, Pool)]
    assert found.start_task is not None
    return found.start_task


def run(folder: Path, task: StartTask, failures: int) -> tuple[int, list[str]]:
    """Exit code, and what was run."""
    for name, body in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    (folder / "left").write_text(str(failures))
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    words = shlex.split(task.command_line)
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


UPDATE = "noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update"
INSTALL = "noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install"


def test_packages_come_before_the_commands(tmp_path: Path) -> None:
    task = start_task(tmp_path, packages={"apt": ["jq=1.7", "g++"], "pip": ["numpy<3", "a[b]"]}, commands=["echo done"])
    assert task.elevation == "admin"
    code, said = run(tmp_path, task, failures=0)
    assert code == 0
    assert said == [
        UPDATE,
        f"{INSTALL} jq=1.7 g++",
        UPDATE,
        f"{INSTALL} python3-pip",
        "1 python3 -m pip -q install numpy<3 a[b]",
        "done",
    ]


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    code, said = run(tmp_path, start_task(tmp_path, packages={"apt": ["jq"]}), failures=2)
    assert (code, said) == (0, [UPDATE, "sleep 5", UPDATE, "sleep 15", UPDATE, f"{INSTALL} jq"])


def test_what_cannot_be_installed_ends_the_start_task(tmp_path: Path) -> None:
    task = start_task(tmp_path, packages={"apt": ["jq"]}, commands=["echo never"])
    code, said = run(tmp_path, task, failures=99)
    assert (code, said.count(UPDATE), "never" in said) == (100, 5, False)
