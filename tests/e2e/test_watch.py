"""Ctrl-C leaves a run to itself, and another checkout of the same spec brings it to its end."""

import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from batchctl.local import Services
from tests.sweeps.stage import WHOLE, ended, staged

pytestmark = pytest.mark.e2e

REMOTE = '[remote "origin"]\n\turl = https://example.com/org/runs.git\n'


def checked_out(folder: Path) -> None:
    """A checkout of one repository, wherever it is: by that a spec is the same spec."""
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "config").write_text(REMOTE)


def last_page(place: str) -> str:
    """Asked for as the page asks for it, until it is the last one."""
    while True:
        with urlopen(f"{place}fresh", timeout=30) as answer:
            text = answer.read().decode()
            if "X-Over" in answer.headers:
                return str(text)


def test_a_run_that_was_left_is_brought_to_its_end_elsewhere(tmp_path: Path, services: Services) -> None:
    go = tmp_path / "go"
    waits = f"until [ -e {go} ]; do sleep 0.1; done; cp {{item.name}} {{item.stem}}_OUTPUT.txt"
    here = staged(tmp_path / "here", services, waits)
    checked_out(here.folder)
    there = replace(here, folder=shutil.copytree(here.folder, tmp_path / "there"))
    try:
        process = here.start(None, "apply", "spec.yaml", "--yes")
        assert process.stdout is not None
        before = next(line for line in process.stdout if "running, 0 succeeded" in line)
        process.send_signal(signal.SIGINT)
        left = ended(process)
        assert left.code == 5, before + left.said
        assert f"Detached; the tasks of job {here.name} go on: " in left.said
        assert "  To come back: batchctl watch spec.yaml\n" in left.said

        watching = there.start(None, "watch", "spec.yaml", "--web")
        assert watching.stdout is not None
        said = [next(watching.stdout)]
        while said[-1] != f"waits for the tasks of {here.name}\n":
            said.append(next(watching.stdout))
        [address] = re.findall(r"http://127\.0\.0\.1:\S+", "".join(said), re.ASCII)
        with urlopen(address, timeout=30) as opened:
            assert "<strong>2 tasks: " in opened.read().decode()
        go.touch()
        assert "<strong>2 tasks: 2 succeeded</strong>" in last_page(opened.url)
        done = ended(watching)
        assert done.code == 0, done.said
        assert set(there.home()) == {"a_OUTPUT.txt", "b_OUTPUT.txt"}
        assert here.cloud.use(here.name).nodes == ()

        again = here.run(None, "apply", "spec.yaml", "--yes")
        assert (again.code, here.home()) == (0, there.home()), again.said
        assert "Plan: 0 to add, 0 to change, 0 to destroy; 2 blobs to bring home." in again.said
        assert here.held() == WHOLE
    finally:
        go.touch()
        here.clear()
