"""One changed spec: is it refused at its place, or planned?"""

import json
import random
import re
import shutil
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from batchctl import verbs
from batchctl.errors import BatchctlError, Problem
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import examine, load
from tests.fake_cloud import FakeCloud
from tests.fuzz.mutations import Mutation, mutated

ROOT = Path(__file__).parents[2]
ENVIRON = {"HOME": "/home/somebody"}


@dataclass(frozen=True)
class Outcome:
    """`crash`: the traceback of what nobody foresaw. `right`: the place that was changed is told; None: no refusal."""

    text: str
    crash: str = ""
    right: bool | None = None
    told: tuple[str, ...] = ()


@cache
def bases() -> tuple[Any, ...]:
    """The specs of the examples, and one that has something of everything."""
    paths = [*sorted((ROOT / "specs").glob("*.yaml")), *[ROOT / "tests" / "fuzz" / "everything.yaml"] * 3]
    return tuple(json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")))) for path in paths)


def furnish(folder: Path) -> Path:
    """Puts the files there that the specs speak of; returns the folder for specs."""
    for name in ("specs", "node_scripts"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "specs" / "a.txt").write_text("one\n")
    return folder / "specs"


def run(seed: int, folder: Path) -> Outcome:
    """A spec that is made of the seed, in a folder of its own: examined, and planned if nothing is wrong with it."""
    chance = random.Random(seed)
    document, mutations = mutated(chance.choice(bases()), chance, chance.choice((1, 1, 1, 2, 3)))
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1 << 20)
    path = folder / "fuzzed.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        problems = examine(path, {}, ENVIRON)
        if not problems:
            _plan(path)
    except BatchctlError as error:
        return Outcome(text, crash=traceback.format_exc() if error.exit_code == 70 else "")
    except Exception:
        return Outcome(text, crash=traceback.format_exc())
    told = tuple(f"{p.line}:{p.column} {p.message}" for p in problems)
    only = mutations[0] if problems and len(mutations) == 1 else None
    return Outcome(text, right=is_told(text, only, problems) if only else None, told=told)


def _plan(path: Path) -> None:
    verbs.plan(load(path, {}, ENVIRON), FakeCloud(), Choices())


def is_told(text: str, mutation: Mutation, problems: tuple[Problem, ...]) -> bool:
    """Does a problem stand in the lines that the change touched, or say what is missed where it is used?"""
    first, last = touched(text, mutation)
    said = "|".join(re.escape(word) for word in mutation.words if word)
    missed = re.compile(rf"(?<!\w)(?:{said})(?!\w)") if said else None
    return any(first <= p.line <= last or (missed and missed.search(p.message)) for p in problems)


def touched(text: str, mutation: Mutation) -> tuple[int, int]:
    """The first and the last line of what was changed; of what was taken away, of what it was taken from."""
    at = mutation.at[:-1] if mutation.how == "removed" else mutation.at
    node, first = yaml.compose(text), 1
    for part in at:
        if isinstance(node, yaml.MappingNode):
            key, node = next((k, v) for k, v in node.value if k.value == part)
            first = key.start_mark.line + 1
        else:
            node = node.value[part]
            first = node.start_mark.line + 1
    return first, node.end_mark.line + 1
