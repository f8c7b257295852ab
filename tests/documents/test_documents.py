"""What the documents show is so: every block of YAML is valid, every command runs, or it says why that is not done."""

import os
import re
import shutil
from pathlib import Path

import pytest

from batchctl.local import Services
from tests.documents.console import Bench
from tests.documents.examples import DOCUMENTS, LANGUAGES, ROOT, Page, fences, is_run
from tests.documents.spans import unknown_in

ALL = os.environ.get("BATCHCTL_DOCUMENTS") == "all"
"""Set by scripts/test-documents; else those that begin with what a reader tries first."""
FIRST = {"README.md", "tutorial.md"}
NAMES = {str(path.relative_to(ROOT)): path for path in DOCUMENTS}


@pytest.mark.parametrize("name", NAMES)
def test_every_block_is_read(name: str) -> None:
    assert [f"{name}:{line}: {what}" for line, what in fences(NAMES[name]) if what not in LANGUAGES] == []
    assert [why for why in Page.at(NAMES[name]).evaluate() if len(why) < 10] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_is_there(name: str) -> None:
    assert unknown_in(NAMES[name].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", [name for name, path in NAMES.items() if is_run(path) and (ALL or path.name in FIRST)])
def test_every_command_runs(name: str, services: Services, tmp_path: Path) -> None:
    for folder in ("specs", "node_scripts", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    kept = {key: value for key, value in os.environ.items() if not re.match("AZURE_|BATCHCTL_|PYTHON", key)}
    environ = {**kept, "BATCHCTL_LOCAL_HOME": str(services.home), "BATCHCTL_LOCAL_CONTAINERS": "host"}
    list(Page.at(NAMES[name]).evaluate(Bench(tmp_path, environ)))
