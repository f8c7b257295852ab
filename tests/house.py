"""The laws of docs/design.md section 2, read off the syntax tree of a file. Nothing is imported or run."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

WINGS = ("spec", "reconcile", "cloud")
PURE = tuple(
    PurePosixPath(path)
    for path in (
        *(f"reconcile/{name}.py" for name in ("plan", "decide/generations", "amend/checks")),
        *(f"spec/{name}.py" for name in ("resolve", "fanout/forms", "template")),
    )
)

GROUND = (
    "resources",
    "work",
    "desired",
    "configurations",
    "rules",
    "rest",
    "cloud_answers",
    "errors",
    "clock",
    "sensitive",
)

# what -> where under batchctl/ it may be imported: a folder, or a file
ONLY_IN = {
    "azure": ("cloud",),
    "yaml": ("spec/reading/compose.py",),
    "jsonschema": ("spec/reading/check.py",),
    "rich": ("render", "cli"),
    "typer": ("cli",),
    "subprocess": ("emulator", "local"),
    "batchctl.cli": ("__main__.py", "cli"),
}
OUTSIDE_FACTS = ("time", "random", "secrets", "uuid", "io", "glob", "shutil", "tempfile", "socket", "platform")
OUTSIDE_CALLS = (
    *("now", "utcnow", "today", "open", "input", "getenv", "cwd", "home", "expanduser"),
    *(
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "exists",
        "is_file",
        "is_dir",
        "stat",
        "iterdir",
        "rglob",
    ),
)
LEXICAL = {"os", "os.path", *(f"os.path.{name}" for name in ("normpath", "join", "basename", "dirname", "splitext"))}
"""What of os looks at nothing but its arguments."""

MAY_SAY_LOCAL = ("cloud/connect.py", "local", "cli", "emulator", "__main__.py")
LOCAL_WORD = re.compile(r"(?<![a-zA-Z])(local|emulator)(?![a-zA-Z])", re.IGNORECASE)
LOOPBACK = re.compile(r"127\.0\.0\.1|localhost|\[::1\]")
NO_NAME = ("utils", "util", "helpers", "helper", "common", "base", "manager")


def breaches(path: PurePosixPath, source: str) -> list[str]:
    """What the file at `path` (relative to batchctl/) does against the laws; one line each, empty if nothing."""
    tree = ast.parse(source)
    return [f"{path}: {breach}" for law in LAWS for breach in law(path, tree)]


def imports(path: PurePosixPath, tree: ast.AST) -> set[str]:
    """Every module, or name of a module, that the file imports anywhere in it: absolute, with dots."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ("batchctl", *path.parent.parts)
            start = above[: len(above) - node.level + 1] if node.level else ()
            module = ".".join((*start, *([node.module] if node.module else [])))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def _wings_apart(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 1: no wing imports another; verbs imports neither cloud nor render."""
    mine = path.parts[0]
    forbidden = [wing for wing in WINGS if wing != mine] if mine in WINGS else []
    if mine in ("verbs", "verbs.py"):
        forbidden = ["cloud", "render"]
    for name in sorted(imports(path, tree)):
        if any(_within(name, f"batchctl.{other}") for other in forbidden):
            yield f"{mine} imports {name}"


def _ground(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 2: the ground imports the standard library and itself alone, errors.py not even that."""
    if path.stem in GROUND and len(path.parts) == 1:
        inside = [] if path.stem == "errors" else [f"batchctl.{room}" for room in GROUND]
        foreign = {
            name
            for name in imports(path, tree)
            if name.partition(".")[0] not in sys.stdlib_module_names and not any(_within(name, room) for room in inside)
        }
        yield from (f"the ground imports {name}" for name in sorted(foreign))


def _rooms_of_libraries(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 3, first half, and `nothing imports cli`."""
    for name in sorted(imports(path, tree)):
        for what, rooms in ONLY_IN.items():
            if _within(name, what) and not _lives_in(path, rooms):
                yield f"only {', '.join(rooms)} may import {what}"


def _pure(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 3, second half: clock, randomness, files and environment stay out of the pure modules."""
    if path not in PURE:
        return
    for name in sorted(imports(path, tree)):
        if any(_within(name, outside) for outside in OUTSIDE_FACTS) or (_within(name, "os") and name not in LEXICAL):
            yield f"a pure module imports {name}"
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)):
            continue
        dotted = ast.unparse(node)
        if dotted.rpartition(".")[2] in OUTSIDE_CALLS or (_within(dotted, "os") and dotted not in LEXICAL):
            yield f"line {node.lineno}: a pure module uses {dotted}"


def _emulator_apart(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 4: nothing imports emulator, and it imports nothing of batchctl."""
    inside = path.parts[0] == "emulator"
    for name in sorted(imports(path, tree)):
        ours = _within(name, "batchctl") and name != "batchctl"
        if ours and _within(name, "batchctl.emulator") != inside:
            yield f"emulator imports {name}" if inside else f"imports {name}, which is reached by HTTP alone"


def _local_leans_on_errors(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """local knows processes and addresses; of batchctl it knows errors alone."""
    if path.parts[0] not in ("local", "local.py"):
        return
    for name in sorted(imports(path, tree)):
        known = name == "batchctl" or any(_within(name, f"batchctl.{room}") for room in ("local", "errors"))
        if _within(name, "batchctl") and not known:
            yield f"local imports {name}"


def _local_is_an_address(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 5. Read as: outside the rooms named there, no identifier has `local` or `emulator` as one of its words, no
    string is just such a word (which is what an `if` would compare with), and none holds a loopback address.
    Prose is free: docstrings, and messages in which the word is one among others ("no local file")."""
    if _lives_in(path, MAY_SAY_LOCAL):
        return
    for node in ast.walk(tree):
        for name in _identifiers(node):
            if LOCAL_WORD.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)):
                yield f"line {getattr(node, 'lineno', '?')}: the name {name}"
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if LOCAL_WORD.fullmatch(text.strip()) or LOOPBACK.search(text):
            yield f"line {getattr(node, 'lineno', '?')}: the string {text!r}"


def _found_by_name(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Imports that the other laws could not see."""
    for node in ast.walk(tree):
        if {"import_module", "__import__"} & set(_identifiers(node)):
            yield f"line {getattr(node, 'lineno', '?')}: imports by a name made at run time"


def _file_names(path: PurePosixPath, tree: ast.AST) -> Iterator[str]:
    """Law 7."""
    yield from (f"no file or folder is named {part}" for part in path.with_suffix("").parts if part in NO_NAME)


LAWS: tuple[Callable[[PurePosixPath, ast.AST], Iterator[str]], ...] = (
    _wings_apart,
    _ground,
    _rooms_of_libraries,
    _pure,
    _emulator_apart,
    _local_leans_on_errors,
    _local_is_an_address,
    _found_by_name,
    _file_names,
)


def _identifiers(node: ast.AST) -> Iterator[str]:
    """The names that a node binds or uses, dotted ones in parts."""
    fields = (getattr(node, name, None) for name in ("id", "attr", "arg", "name", "asname", "module"))
    for value in fields:
        if isinstance(value, str):
            yield from value.split(".")


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _lives_in(path: PurePosixPath, rooms: tuple[str, ...]) -> bool:
    return any(path == PurePosixPath(room) or PurePosixPath(room) in path.parents for room in rooms) or (
        path == PurePosixPath("local.py") and "local" in rooms
    )
