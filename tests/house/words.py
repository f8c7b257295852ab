"""What a file is called and says: the word local, the order of kinds, names that tell nothing, full folders."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house import layout
from tests.house.code import House, Module, identifiers, line_of, lives_in

LOCAL_WORD = re.compile(r"(?<![a-zA-Z])(local|emulator)(?![a-zA-Z])", re.IGNORECASE)
LOOPBACK = re.compile(r"127\.0\.0\.1|localhost|\[::1\]")
KINDS = f"({', '.join(layout.KINDS)})"


def local_is_an_address(module: Module) -> Iterator[tuple[int, str]]:
    """Outside the rooms that may say it, no identifier has `local` or `emulator` as one of its words, no string is just
    such a word (which is what an `if` would compare with), and none holds a loopback address. Prose is free:
    docstrings, and messages in which the word is one among others ("no local file")."""
    if lives_in(module.path, layout.MAY_SAY_LOCAL):
        return
    for node in ast.walk(module.tree):
        for name in identifiers(node):
            if LOCAL_WORD.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)):
                yield line_of(node), f"the name {name}"
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if LOCAL_WORD.fullmatch(text.strip()) or LOOPBACK.search(text):
            yield line_of(node), f"the string {text!r}"


def kinds_in_order(module: Module) -> Iterator[tuple[int, str]]:
    if module.path != PurePosixPath("resources.py"):
        return
    for node in module.tree.body:
        given = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
        said = ast.unparse(node.value) if isinstance(given, ast.Name) and given.id == "KINDS" else KINDS
        if said != KINDS:
            yield node.lineno, f"KINDS is {said}"


def file_names(module: Module) -> Iterator[tuple[int, str]]:
    for part in module.path.with_suffix("").parts:
        if part in layout.NO_NAME:
            yield 1, f"no file or folder is named {part}"


def patterns_of_ascii(module: Module) -> Iterator[tuple[int, str]]:
    """No `\\d` in a text but in a call that has `re.ASCII`, and no `$` at the end of what is given to `re`."""
    if str(module.path) in layout.SPEAKS_OF_PATTERNS:
        return
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    ascii_only = {id(inner) for call in calls if "re.ASCII" in ast.unparse(call) for inner in ast.walk(call)}
    for node in ast.walk(module.tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if re.search(DIGIT, text) and id(node) not in ascii_only:
            yield line_of(node), f"\\d in {text[:40]!r}"
    for call in (call for call in calls if call.args and ast.unparse(call.func).startswith("re.")):
        pattern = ast.unparse(call.args[0])
        if re.search(END, pattern) and "re.MULTILINE" not in ast.unparse(call):
            yield line_of(call), f"$ at the end of {pattern[-40:]}"


DIGIT = r"(?<!\\)(?:\\\\)*\\d"
END = r"(?<!\\)\$[)'\"]*\Z"


def full_folders(house: House) -> Iterator[tuple[Module, int, str]]:
    inside = [module for module in house.values() if module.path.stem != "__init__"]
    for folder, count in Counter(module.path.parent for module in inside).items():
        if count > layout.MOST_MODULES:
            first = next(module for module in inside if module.path.parent == folder)
            yield first, 1, f"{folder}/ has {count} modules"
