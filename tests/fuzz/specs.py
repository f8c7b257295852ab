"""One changed spec: is it refused at its place, or planned?"""

import json
import random
import re
import shutil
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from batchctl.errors import BatchctlError, Problem
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from batchctl.spec.source import is_hidden
from tests import verbs
from tests.examine import examine
from tests.fake_cloud import FakeCloud
from tests.fuzz.mutations import Mutation, mutated
from tests.fuzz.texts import Struck, rewritten, struck
from tests.fuzz.trials import Outcome, Trial

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
ENVIRON = {"HOME": "/home/somebody", "SET": "here", "REGISTRY_PASSWORD": "once"}
HOW = (*["structure"] * 5, *["text"] * 4, "rewritten")


@dataclass(frozen=True)
class Base:
    """`sound`: nothing is wrong with it. `document`: what it says, where it says so as JSON could."""

    text: str
    sound: bool
    document: Any = None


SOUND = 0.7
"""Of so many it can be said whether they are refused at the right place."""


@cache
def bases() -> tuple[tuple[Base, ...], tuple[Base, ...]]:
    """(wrong ones, sound ones): the specs of the examples, one that has something of everything, and all that the cases
    of problems have."""
    paths = [*sorted((ROOT / "specs").glob("*.yaml")), *[CASES.parent / "fuzz" / "everything.yaml"] * 3]
    found = (*(_sound(path.read_text(encoding="utf-8")) for path in paths), *_of_cases())
    return tuple(base for base in found if not base.sound), tuple(base for base in found if base.sound)


def _of_cases() -> Iterable[Base]:
    for path in sorted((CASES / "problems").glob("*.yaml")):
        for case in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader):
            # `{deep}` and the like stay as they are: what they stand for is large.
            if "hex" not in case and case["spec"]:
                yield (
                    _sound(case["spec"])
                    if case.get("problems") == [] and "files" not in case
                    else Base(case["spec"], False)
                )


def _sound(text: str) -> Base:
    try:
        return Base(text, True, json.loads(json.dumps(yaml.load(text, yaml.CSafeLoader), default=str)))
    except ValueError:  # it has what YAML 1.1 takes for a date
        return Base(text, True)


def furnish(folder: Path) -> Path:
    """Puts the files there that the specs speak of; returns the folder for specs."""
    for name in ("specs", "node_scripts"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "specs" / "a.txt").write_text("one\n")
    return folder / "specs"


def trial(folder: Path) -> Trial:
    bases()
    return lambda seed: run(seed, folder)


def run(seed: int, folder: Path) -> Outcome:
    """A spec that is made of the seed, in a folder of its own: examined, and planned if nothing is wrong with it."""
    chance = random.Random(seed)
    base, how = chance.choice(bases()[chance.random() < SOUND]), chance.choice(HOW)
    path = folder / "fuzzed.yaml"
    try:
        if how == "structure" and base.document is not None:
            return _restructured(base, chance, path)
        if how == "rewritten" and base.document is not None:
            return _otherwise(base, chance, path)
        content, change = struck(base.text, chance)
        problems = _examined(path, content)
        right = is_told_of_line(content, change, problems) if base.sound and problems else None
        return Outcome(right=right, told=_told(problems))
    except BatchctlError as error:
        return Outcome(crash=traceback.format_exc() if error.exit_code == 70 else "")
    except Exception:
        return Outcome(crash=traceback.format_exc())


def _restructured(base: Base, chance: random.Random, path: Path) -> Outcome:
    document, mutations = mutated(base.document, chance, chance.choice((1, 1, 1, 2, 3)))
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    problems = _examined(path, text.encode("utf-8", "surrogatepass"))
    only = mutations[0] if problems and len(mutations) == 1 else None
    return Outcome(right=is_told(text, only, problems) if only else None, told=_told(problems))


def _otherwise(base: Base, chance: random.Random, path: Path) -> Outcome:
    """The same said otherwise has the same problems."""
    document, _ = mutated(base.document, chance, chance.choice((0, 1)))
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    first = _examined(path, text.encode("utf-8", "surrogatepass"))
    second = _examined(path, rewritten(text, chance).encode("utf-8", "surrogatepass"))
    if Counter(p.code for p in first) != Counter(p.code for p in second):
        return Outcome(crash=f"said otherwise, it has other problems: {_told(first)} and {_told(second)}")
    return Outcome(told=_told(first))


def _examined(path: Path, content: bytes) -> tuple[Problem, ...]:
    path.write_bytes(content)
    problems = examine(path, {}, ENVIRON)
    shown = [p for p in problems if any(is_hidden(c) for c in p.message)]
    wide = [p for p in problems if not 1 <= p.width <= max(1, len(p.source) - p.column + 1)]
    if shown or wide:
        raise AssertionError(f"not to be shown: {shown or wide}")
    if not problems:
        verbs.plan(load(path, {}, ENVIRON), FakeCloud(), Choices())
    return problems


def _told(problems: Iterable[Problem]) -> tuple[str, ...]:
    return tuple(f"{p.line}:{p.column} {p.message}" for p in problems)


def is_told_of_line(content: bytes, change: Struck, problems: tuple[Problem, ...]) -> bool:
    """Does a problem stand where the text was changed, or say what stood there, or the number of the line?"""
    lines = change.lines(content.decode(errors="replace"))
    said = "|".join(re.escape(word) for word in change.words)
    missed = re.compile(rf"(?<!\w)(?:{said}|line {change.line}|byte [0-9]+)(?!\w)")
    return any(p.line in lines or missed.search(p.message) for p in problems)


def is_told(text: str, mutation: Mutation, problems: tuple[Problem, ...]) -> bool:
    """Does a problem stand in what was changed, or say what is missed where it is used?"""
    first, last = touched(text, mutation)
    said = "|".join(re.escape(word) for word in mutation.words if word)
    missed = re.compile(rf"(?<!\w)(?:{said})(?!\w)") if said else None
    return any(first <= (p.line, p.column) <= last or (missed and missed.search(p.message)) for p in problems)


def touched(text: str, mutation: Mutation) -> tuple[tuple[int, int], tuple[int, int]]:
    """Line and column of the beginning and the end of what was changed; of what was taken away, of what it was taken
    from."""
    at = mutation.at[:-1] if mutation.how == "removed" else mutation.at
    node, first = yaml.compose(text, yaml.CSafeLoader), (1, 1)
    for part in at:
        if isinstance(node, yaml.MappingNode):
            key, node = next((k, v) for k, v in node.value if k.value == part)
            begin = key.start_mark
        else:
            node = node.value[part]
            begin = node.start_mark
        first = begin.line + 1, begin.column + 1
    return first, (node.end_mark.line + 1, node.end_mark.column + 1)
