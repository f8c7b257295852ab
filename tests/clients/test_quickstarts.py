"""docs/quickstarts.md: the programs as they stand there, each in the environment of its client."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import folder

PAGE = Path(__file__).parents[2] / "docs" / "quickstarts.md"
RUNS = {
    "python": ([sys.executable, "-"], "hello from Python\n"),
    "js": (["node", "-"], "hello from Node\n"),
    "sh": (["bash", "-eu"], "hello from the CLI\n"),
}
pytestmark = pytest.mark.clients


@pytest.mark.parametrize("language", RUNS)
def test_a_quick_start_runs_as_it_stands(language: str, account: dict[str, str], tmp_path: Path) -> None:
    [program] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    words, says = RUNS[language]
    path = f"{folder() / 'az/bin'}{os.pathsep}{account['PATH']}"
    done = subprocess.run(
        words, input=program, cwd=tmp_path, env={**account, "PATH": path}, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, says), done.stderr
