"""Which blobs a declared output can make, and which file each of them was. Pure: texts alone are compared.

REST: OutputFile.filePattern, OutputFileBlobContainerDestination.path. Without wildcards the path is the blob's name;
with them it stands before what lies below the pattern's last directory without one.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from posixpath import join, normpath

from batchctl.frozen import dataclass
from batchctl.resources import Task
from batchctl.work import HANDLING, OutputFile

TASK, WORK = "/task", "/task/wd"
"""Where a task's files lie, for as long as they are compared here."""

ALWAYS_THERE = (f"{TASK}/stdout.txt", f"{TASK}/stderr.txt")
"""Files that every task has."""

OF_ALL = frozenset({"AZ_BATCH_JOB_ID", "AZ_BATCH_POOL_ID", "AZ_BATCH_ACCOUNT_NAME"})
"""Variables of which all tasks of a job have the same value."""

_WILD = re.compile(r"[*?\[]")
_OPEN = frozenset("*?[$%")
_ESCAPED = re.compile(r"\[([*?\[])\]")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%(\w+)%", re.ASCII)
_NO_SEGMENTS = frozenset({"", ".", ".."})
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|\$\{\w+\}|\$\w+|%\w+%|.", re.DOTALL | re.ASCII)


@dataclass(frozen=True, slots=True)
class BlobNames:
    """What one declaration of one task can make in `container`.

    `folder` and `below`: the files, as a directory and a pattern (without wildcards: a name) below it. `prefix` stands
    before what meets the pattern; without wildcards `name` is the blob's. `vague`: a variable that only the node knows
    is in the name.
    """

    container: str
    folder: str
    below: str
    prefix: str = ""
    name: str | None = None
    vague: bool = False

    def __str__(self) -> str:
        return f"{self.container}/{self.pattern}"

    @property
    def pattern(self) -> str:
        return self.prefix + self.below if self.name is None else self.name

    @property
    def only(self) -> str | None:
        """The one blob that it makes, if that is known before a node is."""
        return None if self.vague else self.name

    @property
    def shared(self) -> str | None:
        """What it makes is the same blob for all tasks of which this is the same."""
        known = self.name is None or not self.vague or set(map(_variable, _VARIABLE.finditer(self.name))) <= OF_ALL
        return self.name if known else None

    @property
    def beginning(self) -> str:
        """How all the names begin."""
        if self.name is not None:
            return self.name[: _first(self.name, _VARIABLE)] if self.vague else self.name
        return self.prefix + self.below[: _first(self.below, _WILD, _VARIABLE)]

    def fits(self, path: str) -> bool:
        """Can it make the blob of this name?"""
        if self.name is None:
            return _matcher(self.prefix, self.below).fullmatch(path) is not None
        return path == self.name or (self.vague and _matcher("", self.name, wild=False).fullmatch(path) is not None)

    def may_meet(self, other: "BlobNames") -> bool:
        """Is there, as far as beginnings, ends and depths tell, a name that both can make?"""
        if self.container != other.container:
            return False
        if self.only is not None or other.only is not None:
            known, open_ = (self, other) if self.only is not None else (other, self)
            return open_.fits(known.pattern)
        same_depth = self.depth is None or other.depth is None or self.depth == other.depth
        return same_depth and all(
            one.startswith(two) or two.startswith(one)
            for one, two in ((self.beginning, other.beginning), (self._end[::-1], other._end[::-1]))
        )

    @property
    def depth(self) -> int | None:
        """How many slashes are in its names, if that is known."""
        return None if self.vague or "**" in self.below else self.pattern.count("/")

    @property
    def _end(self) -> str:
        """How all the names end, at least: what stands in brackets is left out with all before it."""
        text = self.below if self.name is None else self.name
        return re.split(r"[*?\]}%]|\$\w*", text)[-1]

    def blob_of(self, file: str) -> str | None:
        """The name under which it uploads this file, or None if it does not."""
        if self.name is not None:
            return self.name if file == f"{self.folder}/{self.below}" else None
        below = file.removeprefix(f"{self.folder}/")
        return self.prefix + below if below != file and _matcher("", self.below).fullmatch(below) else None

    def file_of(self, path: str) -> str:
        """The file that became the blob of this name, which fits."""
        return f"{self.folder}/{self.below if self.name is not None else path.removeprefix(self.prefix)}"


def blob_names(output: OutputFile, task: Task) -> BlobNames:
    """The names that a declaration makes when this task runs."""
    pattern = output.file_pattern.replace("\\", "/")
    if "$" in pattern or "%" in pattern:
        known = {
            **dict(task.environment),
            "AZ_BATCH_TASK_DIR": TASK,
            "AZ_BATCH_TASK_WORKING_DIR": WORK,
            "AZ_BATCH_TASK_ID": task.id,
        }
        pattern = _VARIABLE.sub(lambda found: known.get(_variable(found), found[0]), pattern)
    return _names(pattern, output.container, output.path)


@lru_cache(maxsize=1024)
def _names(pattern: str, container: str, path: str | None) -> BlobNames:
    found = _WILD.search(pattern)
    depth = pattern.rfind("/", 0, found.start() if found else len(pattern)) + 1
    folder, below = normpath(join(WORK, pattern[:depth])) if depth else WORK, pattern[depth:]
    if not found:
        return BlobNames(container, folder, below, name=path or below, vague=not path and bool(_VARIABLE.search(below)))
    prefix = f"{path.rstrip('/')}/" if path else ""
    if _WILD.search(_ESCAPED.sub("", below)):
        return BlobNames(container, folder, below, prefix)
    literal = _ESCAPED.sub(r"\1", below)
    return BlobNames(container, folder, literal, name=prefix + literal, vague=bool(_VARIABLE.search(literal)))


def may_make_several(output: OutputFile) -> bool:
    """Might a declaration make more than the one blob that its text names? Told without a look at its task."""
    return not _OPEN.isdisjoint(output.file_pattern) or (output.path is not None and not _OPEN.isdisjoint(output.path))


def file_on_node(name: str) -> str:
    """A file of a task, named below its directory as REST lists it (`wd/a.txt`), as it is compared here."""
    return f"{TASK}/{name}"


def written_mark(output: OutputFile, task: Task) -> str:
    """Twelve hex digits that a node writes on what it uploads: for which declaration, in which run of the task."""
    said = [str(task.generation or 1)]
    said += [part for part in task.digest.split(";") if not part.startswith(f"{HANDLING}=")]
    said += [output.file_pattern, output.container, output.path or "", output.upload_condition.lower()]
    return sha256("\n".join(said).encode()).hexdigest()[:12]


def why_no_name(name: str) -> str | None:
    """Why no output may have this name: no storage account with folders takes it, or it could not come home."""
    if not _NO_SEGMENTS.isdisjoint(name.split("/")):
        return "has an empty, '.' or '..' segment"
    if "\\" in name:
        return "has a backslash"
    return "has a control character" if _CONTROL.search(name) else None


def _first(text: str, *patterns: re.Pattern[str]) -> int:
    return min((found.start() for p in patterns if (found := p.search(text))), default=len(text))


def _variable(found: re.Match[str]) -> str:
    return next(name for name in found.groups() if name)


@lru_cache(maxsize=1024)
def _matcher(prefix: str, below: str, *, wild: bool = True) -> re.Pattern[str]:
    """`**` spans directories, `*` and `?` do not; a leading dot meets only a dot that was asked for. Any value may
    stand for a variable."""
    written = [re.escape(prefix)]
    start = True
    for found in _PART.finditer(below):
        part = found[0]
        written.append(_as_regex(part, start) if wild or _VARIABLE.fullmatch(part) else re.escape(part))
        start = part.endswith("/")
    try:
        return re.compile("".join(written), re.DOTALL)
    except re.error:  # `[z-a]`: the node refuses it
        return re.compile(r"(?!)")


PLAIN: Mapping[str, str] = {
    "**/": r"(?:(?!\.)[^/]+/)*",
    "**": r"(?:(?!\.)[^/]+(?:/(?!\.)[^/]+)*)?",
    "*": "[^/]*",
    "?": "[^/]",
}


def _as_regex(part: str, start: bool) -> str:
    if part in PLAIN:
        return (r"(?!\.)" if start and part in "*?" else "") + PLAIN[part]
    if _VARIABLE.fullmatch(part):
        return ".*"
    if part[0] == "[" and len(part) > 2:
        inside = part[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^/{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]"
    return re.escape(part)
