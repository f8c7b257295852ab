"""Who says "Pure" and is not: by what it uses, or by what it loads, however far away."""

import ast
import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from tests.house.code import House, Module, within
from tests.house.layout import PURE

LIBRARIES = (
    *("__future__", "abc", "base64", "binascii", "collections", "contextlib", "copy", "csv", "dataclasses", "datetime"),
    *(
        "bisect",
        "difflib",
        "email.utils",
        "enum",
        "fnmatch",
        "functools",
        "graphlib",
        "hashlib",
        "hmac",
        "html",
        "heapq",
        "itertools",
    ),
    *("json", "math", "operator", "pathlib", "posixpath", "re", "shlex", "statistics", "string", "types", "typing"),
    *("unicodedata", "urllib.parse"),
    *("isodate", "regex", "wcmatch"),
)
"""What a pure module may import of others: they look at nothing but their arguments, or ASKING tells when they do."""

LEXICAL = ("os", "os.path", *(f"os.path.{name}" for name in ("normpath", "join", "basename", "dirname", "splitext")))
LEXICAL += ("os.path.relpath",)  # of absolute paths, and the house hands it no others
"""The same of os."""

ASKING = ("now", "utcnow", "today", "cwd", "home", "expanduser", "open", "read_text", "read_bytes", "write_text")
ASKING += ("write_bytes", "exists", "is_file", "is_dir", "stat", "iterdir", "glob", "iglob", "rglob", "resolve")
ASKING += ("unlink", "mkdir", "touch", "input", "print")
"""Functions and methods of that name ask the clock, the files or the terminal when they are called, ..."""
HANDED_ON = ("datetime.now", "datetime.utcnow", "date.today", "Path.cwd", "Path.home")
"""... and these also when they are handed on."""

SAYS = re.compile(r"\bPure\b(?:,? but for (?P<known>`[\w.]+`(?:(?:, | and )`[\w.]+`)*))?(?P<rest>,? but\b)?")


def impure(house: House) -> Iterator[tuple[Module, int, str]]:
    """(module, line, what) for each module that is not as pure as it says, or as its folder says."""
    for module in house.values():
        known = _claim(house, module)
        if known is not None:
            yield from _told(module)
            yield from _found(house, module, known)
        elif any(PurePosixPath(room) in (module.path, *module.path.parents) for room in PURE):
            yield module, 1, "its docstring has to say that it is pure, so that it is checked"


def _told(module: Module) -> Iterator[tuple[Module, int, str]]:
    if (said := SAYS.search(module.docstring)) and said["rest"]:
        yield module, 1, "says of what it is not pure in words; write: Pure but for `time.time`"


def _claim(house: House, module: Module) -> frozenset[str] | None:
    """What a module that says "Pure" makes exceptions of; None if neither it nor its folder says so."""
    folder = house.get(module.name.rpartition(".")[0])
    for one in (module, *([folder] if folder else [])):
        if said := SAYS.search(one.docstring):
            return frozenset(re.findall(r"`([\w.]+)`", said["known"] or ""))
    return None


def _found(house: House, module: Module, known: frozenset[str]) -> Iterator[tuple[Module, int, str]]:
    """Its own facts; else, of each way to a module that is not pure, the way."""
    own = [(line, name) for line, name in facts(module) if name not in known]
    yield from ((module, line, f"a pure module uses {name}") for line, name in own)
    seen, ways = {module.name}, deque([(module, 0, ())])
    while ways:
        here, line, way = ways.popleft()
        for needed, first in house.loads(here).items():
            if needed.name in seen:
                continue
            seen.add(needed.name)
            start, further = line or first.line, (*way, str(needed.path))
            if outside := [name for _, name in facts(needed) if name not in known]:
                yield module, start, f"a pure module loads {' -> '.join(further)}, which uses {', '.join(outside[:3])}"
            else:
                ways.append((needed, start, further))


@cache
def facts(module: Module) -> tuple[tuple[int, str], ...]:
    """(line, name) of what the module asks of the world around it."""
    return tuple(dict.fromkeys([*_libraries(module), *_questions(module)]))


def _libraries(module: Module) -> Iterator[tuple[int, str]]:
    for one in module.imports:
        pure = within(one.name, "batchctl") or one.name in LEXICAL or any(within(one.name, lib) for lib in LIBRARIES)
        if not (one.typing or pure):
            yield one.line, one.name


def _questions(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            dotted = ast.unparse(node.func)
            if dotted.rpartition(".")[2] in ASKING:
                yield node.lineno, dotted
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            if dotted in HANDED_ON or (within(dotted, "os") and dotted not in LEXICAL):
                yield node.lineno, dotted
