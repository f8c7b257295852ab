"""The house keeps its laws, and the checker that says so would see it break them."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import batchctl
from batchctl.resources import KINDS, Blob, Container, Job, Pool, Schedule, Task
from tests.house import layout
from tests.house.code import House
from tests.house.laws import LAWS, Breach, breaches, told

FOLDER = Path(batchctl.__file__).parent
HOUSE = House.at(FOLDER)


@cache
def all_breaches() -> list[Breach]:
    return breaches(HOUSE)


PURE = '"""Pure."""\n'
BAD = [
    ("spec/load.py", "from batchctl.reconcile.plan import Plan", "spec imports batchctl.reconcile.plan"),
    ("spec/load.py", "from batchctl import cloud", "spec imports batchctl.cloud"),
    ("reconcile/plan.py", "from ..spec import model", "reconcile imports batchctl.spec"),
    ("cloud/resources/jobs.py", "def f():\n    import batchctl.reconcile", "cloud imports batchctl.reconcile"),
    ("verbs.py", "from batchctl.render import Printer", "verbs imports batchctl.render"),
    ("verbs/apply.py", "from batchctl.cloud.connect import connect", "verbs imports batchctl.cloud.connect"),
    ("render/text.py", "import batchctl.cli", "only cli may import batchctl.cli"),
    ("resources.py", "import isodate", "the ground imports isodate"),
    ("errors.py", "from batchctl.resources import Job", "the ground imports batchctl.resources"),
    ("verbs.py", "from azure.core.exceptions import AzureError", "may import azure"),
    ("spec/model.py", "import yaml.nodes", "may import yaml"),
    ("spec/resolve.py", "from jsonschema import validate", "may import jsonschema"),
    ("verbs.py", "if TYPE_CHECKING:\n    from rich.console import Console", "may import rich"),
    ("render/text.py", "import typer", "only cli may import typer"),
    ("cloud/resources/pools.py", "from subprocess import run", "may import subprocess"),
    ("reconcile/plan.py", PURE + "import time", "a pure module uses time"),
    ("spec/template.py", PURE + "from os import environ", "a pure module uses os.environ"),
    ("spec/fanout/forms.py", PURE + "from os.path import exists", "a pure module uses os.path.exists"),
    ("spec/resolve.py", PURE + "import os\nx = os.environ['HOME']", "a pure module uses os.environ"),
    ("spec/resolve.py", PURE + "import os\nos.path.exists(x)", "a pure module uses os.path.exists"),
    ("reconcile/amend/checks.py", PURE + "datetime.now(UTC)", "a pure module uses datetime.now"),
    ("spec/resolve.py", PURE + "Path('x').read_text()", "a pure module uses Path('x').read_text"),
    ("reconcile/decide/generations.py", PURE + "with open('x') as f: pass", "a pure module uses open"),
    ("cli/local.py", "from batchctl.emulator import store", "imports batchctl.emulator.store, which"),
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
    ("spec/load.py", "import re\nre.compile(r'\\d+')", "\\d in"),
    ("spec/load.py", "import re\nre.search('^a$', 'x')", "$ at the end"),
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
    (
        "reconcile/plan.py",
        PURE + "from pathlib import Path\nfrom datetime import timedelta\nplan.open_ended = timeline()",
    ),
    ("spec/resolve.py", PURE + "import os\nos.path.normpath(spec.environ['x'])"),
    ("reconcile/carry_out/follow.py", "import time\ntime.monotonic()"),
    ("__main__.py", "from batchctl.cli import main"),
]


TOGETHER = [
    (
        8,
        {"a.py": '"""Pure."""\nfrom batchctl import b', "b.py": "from batchctl import c", "c.py": "import time"},
        "b.py -> c.py",
    ),
    (8, {"a/__init__.py": '"""Rules. Pure."""', "a/b.py": "from os import environ"}, "a/b.py:1: a pure module uses"),
    (
        8,
        {"a.py": '"""Pure."""\nfrom batchctl.b.c import D', "b/__init__.py": "import socket", "b/c.py": ""},
        "b/__init__.py",
    ),
    (8, {"a.py": '"""Pure, but that it looks at the clock."""'}, "in words"),
    (8, {"a.py": '"""Pure but for `random`."""\nimport random, time'}, "uses time"),
    (
        9,
        {"spec/fanout/a.py": "from batchctl.spec import load", "spec/load.py": ""},
        "fanout/ of spec/ imports spec/load.py",
    ),
    (9, {"cloud/lock/a.py": "from batchctl.cloud.transfer.b import C", "cloud/transfer/b.py": ""}, "lock/ of cloud/"),
    (9, {"words.py": "from batchctl.render.text import x", "render/text.py": ""}, "words of batchctl/ imports"),
    (
        9,
        {"spec/a.py": "from batchctl.spec.attic.b import C", "spec/attic/b.py": ""},
        "a of spec/ imports spec/attic/b.py",
    ),
    (10, {"a.py": "from batchctl import b", "b.py": "def f():\n    import batchctl.a"}, "a.py -> b.py -> a.py"),
    (10, {"a.py": "from . import b", "b.py": "if TYPE_CHECKING:\n    from batchctl.a import A"}, "a circle"),
    (10, {"emulator/a.py": "if typing.TYPE_CHECKING:\n    from x import A"}, "for a type checker alone"),
    (11, {f"spec/m{n}.py": "" for n in range(26)}, "spec/ has 26 modules"),
]
APART = [
    {"a.py": '"""Pure."""\nif TYPE_CHECKING:\n    from batchctl import b', "b.py": "import time"},
    {
        "a.py": '"""Pure but for `random`."""\nfrom batchctl import b',
        "b.py": '"""Pure but for `random`."""\nimport random',
    },
    {"a.py": '"""It purifies; Puree."""\nimport time'},
    {
        "spec/load.py": "from batchctl.spec.filling.a import A",
        "spec/filling/a.py": "from batchctl.spec import model",
        "spec/model.py": "",
    },
    {"words.py": "from batchctl import globs", "globs.py": ""},
    {f"spec/m{n}.py": "" for n in range(25)} | {"spec/__init__.py": ""},
]


def test_the_house_keeps_the_laws() -> None:
    """All breaches at once, each law with its reason and what to do instead."""
    found = all_breaches()
    assert not found, told(found)


def test_the_house_was_found() -> None:
    rooms = {module.path.parts[0] for module in HOUSE.values()}
    assert {"resources.py", "errors.py", "local", "cloud", "reconcile", "spec", "emulator"} <= rooms


def test_the_layout_names_what_is_there() -> None:
    """A name that is misspelt here would make a law silent; ORDER speaks up by itself."""
    named = [*layout.WINGS, *(f"{name}.py" for name in layout.GROUND), *layout.MAY_SAY_LOCAL]
    named += [*layout.PURE, *(room for rooms in layout.ONLY_IN.values() for room in rooms)]
    assert [name for name in named if not (FOLDER / name).exists()] == []


@pytest.mark.parametrize(("path", "source", "breach"), BAD)
def test_the_checker_sees(path: str, source: str, breach: str) -> None:
    assert any(breach in str(found) for found in breaches(House({path: source})))


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_the_checker_lets_through(path: str, source: str) -> None:
    assert breaches(House({path: source})) == []


@pytest.mark.parametrize(("number", "sources", "breach"), TOGETHER)
def test_the_checker_sees_what_modules_do_together(number: int, sources: dict[str, str], breach: str) -> None:
    assert any(breach in str(found) for found in breaches(House(sources)) if found.number == number)


@pytest.mark.parametrize("sources", APART)
def test_the_checker_lets_through_what_modules_may(sources: dict[str, str]) -> None:
    assert breaches(House(sources)) == []


def test_a_breach_teaches() -> None:
    said = told(breaches(House({"cloud/utils.py": "from batchctl.spec.model import Spec"})))
    for law in (LAWS[0], LAWS[6]):
        assert f"Law {law.number}: {law.text}\n  Why: {law.reason}\n  Instead: {law.instead}\n" in said
    assert "cloud/utils.py:1: cloud imports batchctl.spec.model.Spec" in said


def test_the_laws_are_numbered_in_their_order() -> None:
    assert [law.number for law in LAWS] == list(range(1, len(LAWS) + 1))


def test_kinds_is_the_only_order() -> None:
    assert (Container, Blob, Pool, Job, Schedule, Task) == KINDS


HEAVY = ("azure", "yaml", "jsonschema", "filelock", "starlette", "batchctl.render", "batchctl.resources")
SPEC = str(FOLDER.parent / "specs" / "word-count.yaml")


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["--help"], HEAVY),
        (["apply", "--help"], HEAVY),
        (["version"], HEAVY),
        (["schema"], HEAVY),
        (["validate", SPEC], ("azure", "filelock", "jsonschema")),
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


def test_a_plan_with_keys_needs_nothing_of_the_sdk() -> None:
    """Design D16."""
    code = (
        "import sys, batchctl.verbs.apply, batchctl.verbs.destroy; from batchctl.clock import SystemClock; "
        "from batchctl.cloud.connect import Target, connect; "
        "where = dict(batch_account='a', batch_key='YQ==', storage_account='a', storage_key='YQ=='); "
        "target = Target.local(batch_url='http://127.0.0.1:1', storage_url='http://127.0.0.1:1/a', **where); "
        "connect(target, SystemClock())._session.sas.source('in'); "
        "sys.exit(str({name.partition('.')[0] for name in sys.modules} & {'azure', 'requests', 'urllib3'} or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_local_service_starts_without_what_signs_tokens() -> None:
    """The first token loads it, and few ask for one."""
    code = (
        "import sys, batchctl.emulator.__main__; sys.exit(str({'jwt', 'cryptography'} & set(sys.modules) or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_number_of_a_reason_is_explained() -> None:
    rows = set(re.findall(r"^\| ([FBS]\d+) \|", (FOLDER.parent / "docs/reliability.md").read_text(), re.MULTILINE))
    said = {
        number
        for module in HOUSE.values()
        for brackets in re.findall(r"\(((?:reliability )?[FBS]\d+[^)]*)\)", module.source)
        for number in re.findall(r"\b[FBS]\d+\b", brackets)
    }
    assert said
    assert said <= rows
