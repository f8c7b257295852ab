"""The house keeps its laws, and the checker that says so would see it break them."""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

import batchctl
from batchctl.resources import KINDS, Blob, Container, Job, Pool, Task
from tests.house import PURE, breaches

HOUSE = Path(batchctl.__file__).parent
FILES = sorted(PurePosixPath(file.relative_to(HOUSE).as_posix()) for file in HOUSE.rglob("*.py"))

BAD = [
    ("spec/load.py", "from batchctl.reconcile.plan import Plan", "spec imports batchctl.reconcile.plan"),
    ("spec/load.py", "from batchctl import cloud", "spec imports batchctl.cloud"),
    ("reconcile/plan.py", "from ..spec import model", "reconcile imports batchctl.spec"),
    ("cloud/resources/jobs.py", "def f():\n    import batchctl.reconcile", "cloud imports batchctl.reconcile"),
    ("verbs.py", "from batchctl.render import Printer", "verbs.py imports batchctl.render"),
    ("verbs/apply.py", "from batchctl.cloud.connect import connect", "verbs imports batchctl.cloud.connect"),
    ("render/text.py", "import batchctl.cli", "may import batchctl.cli"),
    ("resources.py", "import isodate", "the ground imports isodate"),
    ("errors.py", "from batchctl.resources import Job", "the ground imports batchctl.resources"),
    ("verbs.py", "from azure.core.exceptions import AzureError", "only cloud may import azure"),
    ("spec/model.py", "import yaml.nodes", "may import yaml"),
    ("spec/resolve.py", "from jsonschema import validate", "may import jsonschema"),
    ("verbs.py", "if TYPE_CHECKING:\n    from rich.console import Console", "may import rich"),
    ("render/text.py", "import typer", "only cli may import typer"),
    ("cloud/resources/pools.py", "from subprocess import run", "may import subprocess"),
    ("reconcile/plan.py", "import time", "a pure module imports time"),
    ("spec/template.py", "from os import environ", "a pure module imports os.environ"),
    ("spec/fanout/forms.py", "from os.path import exists", "a pure module imports os.path.exists"),
    ("spec/resolve.py", "import os\nx = os.environ['HOME']", "a pure module uses os.environ"),
    ("spec/resolve.py", "import os\nos.path.exists(x)", "a pure module uses os.path.exists"),
    ("reconcile/amend/checks.py", "datetime.now(UTC)", "a pure module uses datetime.now"),
    ("spec/resolve.py", "Path('x').read_text()", "a pure module uses Path('x').read_text"),
    ("reconcile/decide/generations.py", "with open('x') as f: pass", "a pure module uses open"),
    ("cli/local.py", "from batchctl.emulator import store", "imports batchctl.emulator, which"),
    ("local/start.py", "import batchctl.emulator.store", "imports batchctl.emulator.store, which"),
    ("emulator/store.py", "from batchctl.errors import CloudError", "emulator imports batchctl.errors"),
    ("emulator/store.py", "from ..resources import Pool", "emulator imports batchctl.resources"),
    ("local/__init__.py", "from batchctl.clock import Clock", "local imports batchctl.clock"),
    ("verbs.py", "if target.is_local: pass", "the name is_local"),
    ("cloud/resources/pools.py", "def f(emulator): pass", "the name emulator"),
    ("cloud/resources/pools.py", "class LocalCloud: pass", "the name LocalCloud"),
    ("cloud/resources/pools.py", "f(local=True)", "the name local"),
    ("verbs.py", "from batchctl.local import ensure", "the name local"),
    ("render/text.py", "if target == 'local': pass", "the string 'local'"),
    ("cloud/clients/batch.py", "HOST = 'http://127.0.0.1:10000'", "the string 'http://127.0.0.1:10000'"),
    ("verbs.py", "importlib.import_module(name)", "imports by a name"),
    ("cloud/utils.py", "", "no file or folder is named utils"),
    ("common/x.py", "", "no file or folder is named common"),
]

GOOD = [
    ("spec/reading/compose.py", "import yaml\nfrom batchctl.errors import Problem\nfrom . import model"),
    ("spec/reading/check.py", "from jsonschema import Draft7Validator"),
    ("cloud/resources/jobs.py", "from azure.batch import models\nfrom batchctl.cloud.clients.session import Session"),
    ("emulator/node/run.py", "import subprocess, time\nfrom batchctl.emulator import store\nfrom . import wire"),
    ("local/start.py", "import subprocess\nHOST = '127.0.0.1'\nfrom batchctl.local.home import Home"),
    ("local.py", "import subprocess"),
    ("cloud/connect.py", "def local(): return 'local'"),
    ("cloud/resources/blobs.py", "raise CloudError('no local file to come from')"),
    ("cloud/resources/blobs.py", "locale = localise(timezone.localtime())"),
    ("reconcile/plan.py", "from pathlib import Path\nfrom datetime import timedelta\nplan.open_ended = timeline()"),
    ("spec/resolve.py", "import os\nos.path.normpath(spec.environ['x'])"),
    ("reconcile/carry_out/follow.py", "import time\ntime.monotonic()"),
    ("__main__.py", "from batchctl.cli import main"),
]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_keeps_the_laws(path: PurePosixPath) -> None:
    assert breaches(path, (HOUSE / path).read_text(encoding="utf-8")) == []


def test_the_house_was_found() -> None:
    assert {"resources.py", "errors.py", "local", "cloud", "reconcile", "spec", "emulator"} <= {
        p.parts[0] for p in FILES
    }


@pytest.mark.parametrize("path", PURE, ids=str)
def test_the_pure_modules_are_where_the_checker_looks(path: PurePosixPath) -> None:
    assert path in FILES


@pytest.mark.parametrize(("path", "source", "breach"), BAD)
def test_the_checker_sees(path: str, source: str, breach: str) -> None:
    assert any(breach in found for found in breaches(PurePosixPath(path), source))


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_the_checker_lets_through(path: str, source: str) -> None:
    assert breaches(PurePosixPath(path), source) == []


def test_kinds_is_the_only_order() -> None:
    assert (Container, Blob, Pool, Job, Task) == KINDS


HEAVY = ("azure", "yaml", "jsonschema", "filelock", "starlette", "batchctl.render", "batchctl.resources")
SPEC = str(HOUSE.parent / "specs" / "word-count.yaml")


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["--help"], HEAVY),
        (["apply", "--help"], HEAVY),
        (["version"], HEAVY),
        (["schema"], HEAVY),
        (["validate", SPEC], ("azure", "filelock")),
    ],
    ids=["--help", "apply --help", "version", "schema", "validate"],
)
def test_the_door_opens_without_heavy_imports(words: list[str], heavy: tuple[str, ...]) -> None:
    """Design D17."""
    loaded = f"{{*sys.modules, *(name.partition('.')[0] for name in sys.modules)}} & set({heavy!r})"
    code = (
        f"import sys; from batchctl.cli import run; code = run({words!r}); sys.exit(code or str({loaded} or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_number_of_a_reason_is_explained() -> None:
    rows = set(re.findall(r"^\| ([FBS]\d+) \|", (HOUSE.parent / "docs/reliability.md").read_text(), re.MULTILINE))
    said = {
        number
        for file in FILES
        for brackets in re.findall(r"\(((?:reliability )?[FBS]\d+[^)]*)\)", (HOUSE / file).read_text())
        for number in re.findall(r"\b[FBS]\d+\b", brackets)
    }
    assert said
    assert said <= rows
