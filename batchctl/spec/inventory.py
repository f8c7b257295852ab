"""The outside facts that fan-out sees: local files with their hashes, and blobs as they will be after this plan."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wcmatch import glob

from batchctl.errors import Problem, SpecError
from batchctl.globs import chooser
from batchctl.resources import Blob
from batchctl.spec.model import At, Spec, Upload
from batchctl.spec.template import TemplateError, expand

GLOB_FLAGS = glob.GLOBSTAR | glob.BRACE
WILDCARD = re.compile(r"[*?\[{]")

LONGEST_NAME, MOST_SEGMENTS = 1024, 254
"""Limits of a blob's name (Learn: Naming and referencing containers, blobs, and metadata)."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """`uploads`: what the spec puts into containers. `listings`: what is in them now, by container.

    `known`: False where nobody was asked what is in the containers, as in `validate`.
    """

    uploads: tuple[Blob, ...] = ()
    listings: Mapping[str, tuple[Blob, ...]] = field(default_factory=dict)
    files: Mapping[At, tuple[str, ...]] = field(default_factory=dict)
    known: bool = True

    def content(self, owner: str, container: str) -> tuple[Blob, ...]:
        """The blobs of a container as they will be: uploads replace, and uploads that left the spec are gone."""
        there = {b.path: b for b in self.listings.get(container, ()) if b.owner != owner or b.task is not None}
        there.update({b.path: b for b in self.uploads if b.container == container})
        return tuple(there[path] for path in sorted(there))


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
        factory.for_each.at: tuple(_for_each_files(spec, factory.for_each.source, factory.for_each.at, problems))
        for factory in (spec.job.tasks if spec.job else ())
        if factory.for_each and factory.for_each.form == "files"
    }
    if problems:
        raise SpecError(problems)
    return Inventory(tuple(uploads.values()), listings or {}, files, listings is not None)


def _uploads(spec: Spec, upload: Upload, problems: list[Problem]) -> Iterator[Blob]:
    at = (*upload.at, "from")
    try:
        pattern = expand(upload.source, {"vars": spec.variables}, spec.environ)
    except TemplateError as error:
        problems.append(spec.problem(at, str(error), "unknown-placeholder", offset=error.offset))
        return
    chosen = chooser(upload.include, upload.exclude)
    found = [(path, name) for path, name in _files(spec.folder, pattern) if chosen(name)]
    if not found:
        problems.append(spec.problem(at, f"no file matches {pattern!r} in {spec.folder}", "no-match"))
    prefix = f"{upload.path.strip('/')}/" if upload.path else ""
    for path, name in found:
        if why := _unusable(path, prefix + name):
            problems.append(spec.problem(at, f"{_shown(path)}: {why}", "bad-file"))
            continue
        try:
            md5, size = _hash(path)
        except OSError as error:
            problems.append(spec.problem(at, f"{_shown(path)}: {error.strerror}", "unreadable-file"))
            continue
        yield Blob(container=upload.container, path=prefix + name, md5=md5, size=size, source=path, owner=spec.name)


def _for_each_files(spec: Spec, globs: Sequence[str], at: At, problems: list[Problem]) -> Iterator[str]:
    seen: set[str] = set()
    for number, pattern in enumerate(globs):
        for path, name in _files(spec.folder, pattern):
            if why := _unusable(path, name):
                problems.append(spec.problem((*at, "files", number), f"{_shown(path)}: {why}", "bad-file"))
            elif name not in seen:
                seen.add(name)
                yield name


def _files(folder: Path, pattern: str) -> list[tuple[Path, str]]:
    """(path, name below the part without wildcards) of what a pattern matches, sorted by name."""
    root, rest = _split(pattern)
    base = Path(os.path.normpath(folder / root))
    if not rest:
        if base.is_dir():
            rest = "**"
        else:
            return [(base, base.name)] if os.path.lexists(base) else []
    names = glob.glob(rest, root_dir=str(base), flags=GLOB_FLAGS)
    return [(base / name, Path(name).as_posix()) for name in sorted(set(names)) if not (base / name).is_dir()]


def _split(pattern: str) -> tuple[str, str]:
    """`data/*.txt` as (`data`, `*.txt`); a pattern without wildcards keeps all of itself on the left."""
    parts = pattern.split("/")
    wild = next((i for i, part in enumerate(parts) if WILDCARD.search(part)), len(parts))
    return "/".join(parts[:wild]) or ("/" if pattern.startswith("/") else "."), "/".join(parts[wild:])


def _unusable(path: Path, name: str) -> str | None:
    """Why this file cannot be a blob of that name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in name):
        return "its name has a control character"
    if "\\" in name:
        return "its name has a backslash, which the service turns into a slash"
    if len(name) > LONGEST_NAME or name.count("/") >= MOST_SEGMENTS:
        return f"the name of a blob has at most {LONGEST_NAME} characters and {MOST_SEGMENTS} segments"
    if any(part.endswith(".") for part in name.split("/")):
        return "a part of its name ends with a dot, which the service drops"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "it is a link to nothing"
    except OSError as error:
        return error.strerror or str(error)
    return None if stat.S_ISREG(mode) else "it is not a regular file"


def _hash(path: Path) -> tuple[str, int]:
    """(MD5 in hex, bytes). MD5 because it is what the service keeps and lists."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
        return digest.hexdigest(), stream.tell()


def _twice(spec: Spec, upload: Upload, one: Blob, other: Blob) -> Problem:
    message = f"{one.source} and {other.source} would both become the blob {one.name!r}; give one of them a `path`"
    return spec.problem((*upload.at, "from"), message, "same-blob")


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()
