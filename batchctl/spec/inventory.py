"""The outside facts that fan-out sees: local files with their hashes, and blobs as they will be after this plan."""

import difflib
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wcmatch import glob

from batchctl.errors import Problem, SpecError
from batchctl.globs import chooser
from batchctl.resources import Blob
from batchctl.spec.model import ForEach, Spec, Upload
from batchctl.spec.source import At, is_hidden, shown
from batchctl.spec.template import fill

GLOB_FLAGS = glob.GLOBSTAR | glob.BRACE | glob.NODIR | glob.CASE
MOST_PROBLEMS = 50
WILDCARD = re.compile(r"[*?\[{]")

LONGEST_NAME, MOST_SEGMENTS = 1024, 254
"""Limits of a blob's name (Learn: Naming and referencing containers, blobs, and metadata)."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """`uploads`: what the spec puts into containers. `contents`: what will be in them after this plan, by path, sorted.

    `files`: what the globs of a `forEach: {files: …}` met, by its place in the spec. `known`: False where nobody was
    asked what is in the containers, as in `validate`.
    """

    uploads: tuple[Blob, ...] = ()
    contents: Mapping[str, Mapping[str, Blob]] = field(default_factory=dict)
    files: Mapping[At, tuple[str, ...]] = field(default_factory=dict)
    known: bool = True

    def content(self, container: str) -> Mapping[str, Blob]:
        """The blobs of a container as they will be: uploads replace, and uploads that left the spec are gone."""
        return self.contents.get(container, {})


def take_inventory(spec: Spec, listings: Mapping[str, tuple[Blob, ...]] | None) -> Inventory:
    """Read the local files that the spec names. `listings` None: the containers were not asked.

    Raises SpecError with every problem: nothing matches, two files for one blob, names that Azure or a shell refuses.
    """
    problems: list[Problem] = []
    uploads: dict[tuple[str, str], Blob] = {}
    for upload in spec.uploads:
        for blob in _uploads(spec, upload, problems):
            key = blob.container, blob.path
            if other := uploads.get(key):
                problems.append(_twice(spec, upload, other, blob))
            uploads.setdefault(key, blob)
    files = {
        factory.for_each.at: tuple(_for_each_files(spec, factory.for_each, problems))
        for factory in (spec.job.tasks if spec.job else ())
        if factory.for_each and factory.for_each.form == "files"
    }
    if problems:
        raise SpecError(problems[:MOST_PROBLEMS])
    made = tuple(uploads.values())
    return Inventory(made, _contents(spec, made, listings or {}), files, listings is not None)


def _contents(
    spec: Spec, uploads: Sequence[Blob], listings: Mapping[str, tuple[Blob, ...]]
) -> dict[str, dict[str, Blob]]:
    found: dict[str, dict[str, Blob]] = {name: {} for name in spec.containers}
    for name, listed in listings.items():
        found[name] = {b.path: b for b in listed if b.owner != spec.name or b.task is not None}
    for blob in uploads:
        found.setdefault(blob.container, {})[blob.path] = blob
    return {name: dict(sorted(blobs.items())) for name, blobs in found.items()}


def _uploads(spec: Spec, upload: Upload, problems: list[Problem]) -> Iterator[Blob]:
    at = (*upload.at, "from")
    pattern = fill(upload.source, spec.values)
    chosen = chooser(upload.include, upload.exclude)
    found = [(path, name) for path, name in _files(spec.folder, pattern) if chosen(name)]
    if not found:
        problems.append(spec.problem(at, _no_match(spec, pattern), "no-match"))
    prefix = f"{upload.path.strip('/')}/" if upload.path else ""
    for path, name in found:
        try:
            why = _unusable(path, prefix + name) or _outside(spec, path, pattern)
            md5, size = ("", 0) if why else _hash(path)
        except OSError as error:
            why = error.strerror or str(error)
        if why:
            problems.append(spec.problem(at, f"{_relative(spec, path)}: {why}", "bad-file"))
        else:
            yield Blob(container=upload.container, path=prefix + name, md5=md5, size=size, source=path, owner=spec.name)


def _for_each_files(spec: Spec, for_each: ForEach, problems: list[Problem]) -> Iterator[str]:
    seen: set[str] = set()
    for number, pattern in enumerate(for_each.source):
        found = _files(spec.folder, pattern)
        at = (*for_each.at, "files", number)
        if not found and not for_each.allow_empty:
            problems.append(spec.problem(at, _no_match(spec, pattern), "no-match"))
        for path, name in found:
            if why := _unusable(path, name) or _outside(spec, path, pattern):
                problems.append(spec.problem(at, f"{_relative(spec, path)}: {why}", "bad-file"))
            elif name not in seen:
                seen.add(name)
                yield name


def _files(folder: Path, pattern: str) -> list[tuple[Path, str]]:
    """(path, name below the part without wildcards) of what a pattern matches, sorted by name.

    A file of exactly that name comes first, so that names with brackets need no escape; a directory means all in it.
    """
    exact = Path(os.path.normpath(folder / pattern))
    if os.path.lexists(exact) and not exact.is_dir():
        return [(exact, exact.name)]
    root, rest = (pattern, "**") if exact.is_dir() else _split(pattern)
    base = Path(os.path.normpath(folder / root))
    names = {Path(name).as_posix() for name in glob.iglob(rest, root_dir=str(base), flags=GLOB_FLAGS)} if rest else ()
    return [(base / name, name) for name in sorted(names)]


def _split(pattern: str) -> tuple[str, str]:
    """`data/*.txt` as (`data`, `*.txt`); a pattern without wildcards keeps all of itself on the left."""
    parts = pattern.split("/")
    wild = next((i for i, part in enumerate(parts) if WILDCARD.search(part)), len(parts))
    return "/".join(parts[:wild]) or ("/" if pattern.startswith("/") else "."), "/".join(parts[wild:])


def _unusable(path: Path, name: str) -> str | None:
    """Why this file cannot be a blob of that name."""
    for told, why in NAME_RULES:
        if told(name):
            return why
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "it is a link to nothing"
    except OSError as error:
        return error.strerror or str(error)
    return None if stat.S_ISREG(mode) else "it is not a regular file"


def _outside(spec: Spec, path: Path, pattern: str) -> str | None:
    """A glob stays below its root; a link that leads out of it must be named itself (reliability B49)."""
    root = (spec.folder / _split(pattern)[0]).resolve()
    if not WILDCARD.search(pattern) or path.resolve().is_relative_to(root):
        return None
    return f"it is a link out of {root}; name it without wildcards to take it all the same"


def _relative(spec: Spec, path: Path) -> str:
    return shown(os.path.relpath(path, spec.folder), limit=200)


def _is_not_utf8(name: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in name)


NAME_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_is_not_utf8, "its name is not UTF-8"),
    (lambda name: any(map(is_hidden, name)) or "\t" in name or "\n" in name, "its name has a control character"),
    (lambda name: "\\" in name, "its name has a backslash, which the service turns into a slash"),
    (lambda name: len(name) > LONGEST_NAME, f"the name of a blob has at most {LONGEST_NAME} characters"),
    (lambda name: name.count("/") >= MOST_SEGMENTS, f"the name of a blob has at most {MOST_SEGMENTS} segments"),
    (
        lambda name: any(part.endswith(".") for part in name.split("/")),
        "a part of its name ends with a dot, which the service drops",
    ),
)
"""What a blob cannot be called (reliability B59 to B65)."""


def _no_match(spec: Spec, pattern: str) -> str:
    """What to say where nothing matches; the nearest name in that folder, if a file was named."""
    wanted = Path(os.path.normpath(spec.folder / pattern))
    if WILDCARD.search(pattern) or not wanted.parent.is_dir():
        return f"no file matches {shown(pattern)} in {shown(spec.folder)}"
    near = difflib.get_close_matches(wanted.name, [p.name for p in wanted.parent.iterdir()], n=1)
    return f"there is no file {shown(pattern)} in {shown(spec.folder)}" + (
        f"; did you mean {shown(near[0])}?" if near else ""
    )


def _hash(path: Path) -> tuple[str, int]:
    """(MD5 in hex, bytes). MD5 because it is what the service keeps and lists."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
        return digest.hexdigest(), stream.tell()


def _twice(spec: Spec, upload: Upload, one: Blob, other: Blob) -> Problem:
    files = " and ".join(_relative(spec, blob.source) for blob in (one, other) if blob.source)
    message = f"{files} would both become the blob {shown(one.name)}; give one of them a `path`"
    return spec.problem((*upload.at, "from"), message, "same-blob")
