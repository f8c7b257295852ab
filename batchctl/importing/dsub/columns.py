"""The columns of a task file of dsub 0.5.6, and what each of its values means."""

import re
from collections.abc import Iterator
from posixpath import basename, dirname

from batchctl.frozen import dataclass
from batchctl.importing.found import Found

SORTS = ("--env", "--label", "--input", "--input-recursive", "--output", "--output-recursive")
ADDRESS = re.compile(r"(?P<scheme>[a-z]+)://(?P<bucket>[^/]+)/(?P<path>.*)")
CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
DISK = "files"
"""The container in the place of what lay on the disk of the one who submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`sort`: one of SORTS; `name`: its variable."""

    sort: str
    name: str
    found: Found

    @property
    def is_file(self) -> bool:
        return self.sort.startswith(("--input", "--output"))

    @property
    def is_output(self) -> bool:
        return self.sort.startswith("--output")

    @property
    def is_folder(self) -> bool:
        return self.sort.endswith("-recursive")


def columns(file: Found) -> Iterator[Column]:
    """Raises SpecError."""
    counts = {"--input": 0, "--output": 0}
    for head, found in file.entries():
        sort, _, name = head.partition(" ") if head.startswith("-") else ("--env", " ", head)
        if sort not in SORTS:
            found.wrong(f"no column of a task file: {', '.join(SORTS)}, or a name alone")
        stem = sort.removesuffix("-recursive")
        if not name and stem in counts:
            name = f"{stem.removeprefix('--').upper()}_{counts[stem]}"
            counts[stem] += 1
        if not name:
            found.wrong(f"{sort} has no name")
        yield Column(sort=sort, name=name, found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a file is: a container, and its path in it, of which the last part may have a `*`."""

    container: str
    path: str

    @property
    def folder(self) -> str:
        return dirname(self.path)

    @property
    def pattern(self) -> str:
        """The last part, if it has a `*`."""
        last = basename(self.path)
        return last if "*" in last else ""

    @property
    def form(self) -> tuple[str, str, bool, bool]:
        """What tasks of one factory have alike."""
        return self.container, self.pattern, bool(self.path), bool(self.folder)


def place_of(value: Found, *, is_folder: bool) -> Place | None:
    """None of an empty cell. Raises SpecError."""
    text = value.text()
    if not text:
        return None
    address = ADDRESS.fullmatch(text)
    bucket = address["bucket"] if address else DISK
    path = address["path"] if address else text.removeprefix("file://").replace("../", "_dotdot_/").lstrip("/")
    if not CONTAINER.fullmatch(bucket):
        bucket = re.sub(r"[^a-z0-9]+", "-", bucket.lower()).strip("-")[:63]
    if "*" in dirname(path) or (is_folder and "*" in path):
        value.wrong("a * stands in the last part alone")
    return Place(container=bucket, path=path.rstrip("/") if is_folder else path.removeprefix("./"))
