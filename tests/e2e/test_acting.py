"""What somebody does to a run by hand, on real services: cancel, retry, pause, resume, reboot."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Workbench

pytestmark = pytest.mark.e2e


def on_a_terminal(workbench: Workbench, *arguments: str) -> str:
    """What a command says there, where ssh says how it was called."""
    fake = workbench.folder / "bin/ssh"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    ours, theirs = pty.openpty()
    environ = {**workbench.environ, "PATH": f"{fake.parent}:{workbench.environ['PATH']}"}
    command = [sys.executable, "-m", "batchctl", *arguments]
    subprocess.run(
        command, cwd=workbench.folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, timeout=60, check=True
    )
    os.close(theirs)
    said = os.read(ours, 1 << 16).decode()
    os.close(ours)
    return said


def states(workbench: Workbench, spec: str) -> dict[str, str]:
    return {row["task"]: row["status"] for row in json.loads(workbench.run("tasks", spec, "-o", "json").out)}


def test_tasks_are_ended_a_job_is_held_and_a_node_restarted(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "").replace("end: 20", "end: 6")
    text = text.replace("PT20M", "PT1S").replace("      commands:\n", "      commands:\n        - sleep 600\n")
    # What a node maps to ssh, its pool has to ask for.
    ports = "{name: ssh, protocol: tcp, backendPort: 22, frontendPortRangeStart: 40000, frontendPortRangeEnd: 40499}"
    network = f"  networkConfiguration: {{endpointConfiguration: {{inboundNATPools: [{ports}]}}}}\n"
    path.write_text(text.replace("  taskSlotsPerNode: 4\n", f"  taskSlotsPerNode: 4\n{network}"))
    assert workbench.run("cancel", spec, "*", "--yes").err.endswith("error: no task that waits or runs meets '*'\n")
    assert workbench.run("pause", spec, "--yes").err.endswith("error: no job of this spec goes on\n")
    assert workbench.run("apply", spec, "--yes").code == 6
    assert list(states(workbench, spec).values()) == ["running"] * 4 + ["waiting"] * 2

    assert workbench.run("cancel", spec, "square-06").code == 64
    cancelled = workbench.run("cancel", spec, "square-0[16]", "--yes")
    assert [line.partition("/")[2] for line in cancelled.out.splitlines()[1:]] == ["square-01 ended", "square-06 ended"]
    assert states(workbench, spec)["square-06"] == "failed"
    assert "\nfailed 2 x TaskEnded: " in workbench.run("status", spec).out

    assert workbench.run("pause", spec, "--yes").out.endswith(" paused\n")
    assert set(states(workbench, spec).values()) == {"failed", "waiting"}
    assert " is paused" in workbench.run("why", spec, "task.square-05").out
    assert workbench.run("resume", spec).out.endswith(" resumed\n")
    assert workbench.run("resume", spec).code == 0
    assert workbench.run("reboot", spec, "tvm", "--yes").out.endswith(" restarts\n")
    assert workbench.run("reboot", spec, "nobody", "--yes").code == 1
    key = workbench.folder / "key.pub"
    key.write_text("ssh-ed25519 AAAA me\n")
    let_in = workbench.run("ssh", spec, "tvm", "--key", str(key))
    assert (let_in.code, let_in.out.startswith("ssh -o HostKeyAlias=tvm")) == (0, True), let_in.said
    assert "may enter until" in let_in.err
    told = on_a_terminal(workbench, "ssh", spec, "tvm")
    assert re.search(r"-i \S+/key -o HostKeyAlias=tvm\S+ -o StrictHostKeyChecking=accept-new -p \d+ batchctl", told)
    assert told.rstrip().endswith(" is gone")
    assert workbench.run("destroy", spec, "--yes", "--force").code == 0


LUCK = """      commands:
        - if [ {item} = 6 ]; then sleep 600; fi
        - luck="$AZ_BATCH_NODE_SHARED_DIR/{item}"
        - if [ {item} -lt 5 -a ! -e "$luck" ]; then touch "$luck"; echo no luck of {item}; exit 7; fi
        - if [ {item} = 5 ]; then echo '::error::bad' >&2; exit 7; fi
"""


def test_what_failed_runs_again_in_its_job(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("canary.yaml")
    path = workbench.folder / spec
    text = path.read_text().replace("  canary: 2\n  maxFailures: 10%\n", "").replace("end: 20", "end: 6")
    text = text.replace("taskSlotsPerNode: 4", "taskSlotsPerNode: 8\n  afterRun: keep").replace("PT20M", "PT3S")
    path.write_text(text.partition("download:")[0].replace("      commands:\n", LUCK))
    assert workbench.run("retry", spec, "--failed", "--yes").err.endswith("error: no task failed\n")
    assert workbench.run("apply", spec, "--yes").code == 6

    found = json.loads(workbench.run("tasks", spec, "--failed", "-o", "json").out)
    assert [(row["group"], row["says"]) for row in found if row["task"] == "square-05"] == [(2, "\\u003a:error::bad")]
    assert sorted(row["task"][-1] for row in found if row["group"] == 1) == list("1234")
    assert (
        workbench.run("tasks", spec, "square-05", "--failed").out.splitlines()[-1].startswith("2      square-05  7  ")
    )

    assert workbench.run("retry", spec, "--yes").code == 64
    none = workbench.run("retry", spec, "--group", "3", "--yes")
    assert (none.code, none.err.splitlines()[-1]) == (1, "error: there is no group 3 of failures, but 2")
    assert workbench.run("retry", spec, "square-06", "--yes").code == 1
    again = workbench.run("retry", spec, "--group", "1", "--yes")
    assert again.code == 0, again.said
    assert again.out.count(" waits for a node again\n") == 4
    assert workbench.run("logs", spec, "square-0[1-4]", "-f").code == 0
    assert set(list(states(workbench, spec).values())[:4]) == {"succeeded"}
    assert workbench.run("plan", spec, "--only", "task.square-0[1-4]", "--detailed-exitcode").code == 0
    assert workbench.run("cancel", spec, "square-06", "--yes").code == 0
    late = workbench.run("retry", spec, "square-06", "--yes")
    assert (late.code, " ended, and takes no task again: `batchctl apply " in late.err) == (4, True)
    assert workbench.run("destroy", spec, "--yes", "--force", "--discard-outputs").code == 0
