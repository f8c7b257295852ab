"""Takes the inventory of a spec: its local files with their hashes, and what its forms of `forEach` go over."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import le
from pathlib import Path
from typing import NamedTuple

from batchctl import hashes
from batchctl.errors import MOST_PROBLEMS, Problem, SpecError
from batchctl.globs import chooser, stands_for_too_many
from batchctl.resources import Blob
from batchctl.spec.inventory import Generated, Inventory, Table
from batchctl.spec.model import ForEach, Spec, Upload
from batchctl.spec.outside.item_sources import READERS, GeneratorError, TableError, generate_items, read_table
from batchctl.spec.outside.patterns import Match, Pattern
from batchctl.spec.source import At, shown
from batchctl.spec.template import fill

LARGE, HASHED_AT_ONCE = 256 << 10, 4
"""Bytes from which a file is worth a thread of its own, and how many there are."""

Refused = tuple[Spec, At, list[Problem]]
"""Where problems go: the spec, the place in it, what was found so far."""


class File(NamedTuple):
    """A local file, and the path of the blob that it becomes."""

    match: Match
    blob: str
    status: os.stat_result


Held = Mapping[str, Mapping[str, Blob]]
"""What was listed: blobs by container and path."""


def take_inventory(spec: Spec, listings: Mapping[str, Sequence[Blob]] | None) -> Inventory:
    """Read the local files that the spec names.

    `listings` None: the containers were not asked, so no content is compared; whether files can be read is all that is
    looked at.

    Raises SpecError with every problem: nothing matches, two files for one blob, names that Azure or a shell refuses.
    """
    problems: list[Problem] = []
    uploads: dict[tuple[str, str], Blob] = {}
    met: list[tuple[Upload, Blob, str]] = []
    held = {name: {blob.path: blob for blob in listed} for name, listed in (listings or {}).items()}
    for upload in spec.uploads:
        for path, blob in _upload_blobs(spec, upload, None if listings is None else held, problems):
            key = blob.container, blob.path
            if key not in uploads:
                uploads[key] = blob
            elif len(met) < MOST_PROBLEMS:
                met.append((upload, blob, path))
    problems += _twice(spec, met)
    forms = [form for f in (spec.job.tasks if spec.job else ()) if f.for_each for form in f.for_each.simple]
    files = {form.at: tuple(_for_each_files(spec, form, problems)) for form in forms if form.form == "files"}
    tables = {f.at: table for f in forms if f.form in READERS and (table := _form_table(spec, f, problems))}
    generated = {f.at: _generated(spec, f, problems) for f in forms if f.form == "generator"}
    if problems:
        raise SpecError(problems[:MOST_PROBLEMS])
    made = tuple(uploads.values())
    # Tasks, and what nodes start with, ask what will be in a container; nobody else, and it may be very much.
    contents = _later_contents(spec, made, held) if spec.job or spec.pool else {}
    return Inventory(made, contents, files, tables, generated, known=listings is not None)


def _generated(spec: Spec, form: ForEach, problems: list[Problem]) -> tuple[Generated, ...]:
    at = (*form.at, form.form)
    if not spec.allow_python:
        message = f"{shown(form.source)} would run as Python code of this spec in this process: --allow-python lets it"
        problems.append(spec.problem(at, message, "python"))
        return ()
    try:
        variables = {name.removeprefix("vars."): v for name, v in spec.values.items() if name.startswith("vars.")}
        return generate_items(spec.folder, form.source, variables)
    except GeneratorError as error:
        problems.append(spec.problem(at, str(error), "bad-generator"))
        return ()


def _filled_pattern(spec: Spec, at: At, text: str, problems: list[Problem]) -> Pattern | None:
    """A pattern with its variables filled in; what the schema and the rules say of one is asked of what it is then."""
    filled = fill(text, spec.values)
    if not filled:
        problems.append(spec.problem(at, "empty, once its placeholders are filled", "format"))
    elif stands_for_too_many(filled):
        problems.append(spec.problem(at, f"{shown(filled)} stands for too many patterns", "too-many-patterns"))
    else:
        return Pattern(spec.folder, filled)
    return None


def _bounded_pattern(text: str, refused: Refused) -> Pattern | None:
    """As `_filled_pattern`, of files; of all that there are it is refused."""
    spec, at, problems = refused
    pattern = _filled_pattern(spec, at, text, problems)
    if pattern and pattern.is_all():
        problems.append(spec.problem(at, f"{shown(pattern.text)} is all of this machine: name a folder", "bad-file"))
        return None
    return pattern


def _form_table(spec: Spec, form: ForEach, problems: list[Problem]) -> Table | None:
    pattern = _filled_pattern(spec, (*form.at, form.form), form.source, problems)
    if pattern is None:
        return None
    path = Path(os.path.normpath(spec.folder / pattern.text))
    try:
        return read_table(path, form.form, form.rows)
    except TableError as error:
        message = f"{_relative(spec, path)}: {error}" if path.exists() else pattern.no_match()
        code = "bad-table" if path.exists() else "no-match"
        problems.append(spec.problem((*form.at, form.form), message, code))
        return None


def _later_contents(spec: Spec, uploads: Sequence[Blob], held: Held) -> dict[str, Mapping[str, Blob]]:
    added: dict[str, dict[str, Blob]] = {name: {} for name in (*spec.containers, *held)}
    for blob in uploads:
        added.setdefault(blob.container, {})[blob.path] = blob
    return {name: _in_order(_once_uploaded(spec, held.get(name, {}), blobs)) for name, blobs in added.items()}


def _once_uploaded(spec: Spec, listed: Mapping[str, Blob], added: Mapping[str, Blob]) -> Mapping[str, Blob]:
    """Our own uploads are told by the spec: one that left it will be gone after this plan."""
    gone = {path for path, blob in listed.items() if blob.owner == spec.name and blob.task is None}
    if not gone and not added:
        return listed  # not held twice: it may be a million
    return {**{path: blob for path, blob in listed.items() if path not in gone}, **added}


def _in_order(blobs: Mapping[str, Blob]) -> Mapping[str, Blob]:
    """Sorted: what tasks and digests come of it must not hang on the order in which it was found."""
    paths = list(blobs)
    return blobs if all(map(le, paths, paths[1:])) else {path: blobs[path] for path in sorted(paths)}


def _upload_blobs(spec: Spec, upload: Upload, held: Held | None, problems: list[Problem]) -> Iterator[tuple[str, Blob]]:
    """The files of an upload, each with its blob: the very one that is there, if it is ours and has that content. It
    is not held twice then, for there may be very many, and nothing of it is uploaded."""
    refused = spec, (*upload.at, "from"), problems
    pattern = _bounded_pattern(upload.source, refused)
    if pattern is None:
        return
    usable = _usable_files(upload, pattern, refused)
    there = (held or {}).get(upload.container, {})
    for file, md5 in _opened(usable) if held is None else _hashed(usable, there):
        try:
            found = md5()
        except OSError as error:
            _refuse(refused, file.match, error.strerror or str(error))
            continue
        blob, size = there.get(file.blob), file.status.st_size
        if blob and (blob.md5, blob.size, blob.owner, blob.task) == (found, size, spec.name, None):
            yield file.match.path, blob
            continue
        path, source = file.blob, Path(file.match.path)
        yield (
            file.match.path,
            Blob(container=upload.container, path=path, md5=found, size=size, source=source, owner=spec.name),
        )


def _usable_files(upload: Upload, pattern: Pattern, refused: Refused) -> Iterator[File]:
    """The files of an upload that can be blobs, and what is wrong with the others."""
    chosen = chooser(upload.include, upload.exclude)
    prefix, met = f"{upload.path.strip('/')}/" if upload.path else "", False
    for match in pattern.matches():
        if chosen(match.name):
            met, blob = True, prefix + match.name
            status, why = pattern.look(match, blob)
            if status:
                yield File(match, blob, status)
            elif why:
                _refuse(refused, match, why)
    if not met:
        spec, at, problems = refused
        problems.append(spec.problem(at, pattern.no_match(), "no-match"))


def _hashed(files: Iterable[File], there: Mapping[str, Blob]) -> Iterator[tuple[File, Callable[[], str]]]:
    """Each file and what gives its MD5; large ones that have to be read come last, read several at once."""
    from concurrent.futures import ThreadPoolExecutor  # imported late: it loads logging, and `validate` hashes nothing

    later: list[tuple[File, Callable[[], str]]] = []
    with ThreadPoolExecutor(HASHED_AT_ONCE) as readers:
        for file in files:
            path, expected = file.match.path, there[file.blob].md5 if file.blob in there else None
            if file.status.st_size < LARGE:
                yield file, partial(hashes.md5, path, file.status, expected)
            elif known := hashes.known_md5(path, file.status, expected):
                yield file, partial(str, known)
            else:
                # Last of all: by the time that anybody waits for these, the small files are done.
                later.append((file, readers.submit(hashes.read_md5, path, file.status).result))
        yield from later


def _opened(files: Iterable[File]) -> Iterator[tuple[File, Callable[[], str]]]:
    """As `_hashed`, with a look at whether each can be read in place of its MD5."""
    for file in files:
        yield file, partial(_try_to_open, file.match.path)


def _try_to_open(path: str) -> str:
    with open(path, "rb"):  # noqa: PTH123 - as it is read
        return ""


def _refuse(refused: Refused, match: Match, why: str) -> None:
    spec, at, problems = refused
    problems.append(spec.problem(at, f"{_relative(spec, match.path)}: {why}", "bad-file"))


def _for_each_files(spec: Spec, for_each: ForEach, problems: list[Problem]) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for number, text in enumerate(for_each.source):
        at, met = (*for_each.at, "files", number), False
        pattern = _bounded_pattern(text, (spec, at, problems))
        if pattern is None:
            continue
        for match in pattern.matches():
            met = True
            status, why = pattern.look(match, match.name)
            if why:
                problems.append(spec.problem(at, f"{_relative(spec, match.path)}: {why}", "bad-file"))
            elif status and match.name not in seen:
                seen.add(match.name)
                yield match.name, status.st_size
        if not met and not for_each.allow_empty:
            problems.append(spec.problem(at, pattern.no_match(), "no-match"))


def _relative(spec: Spec, path: Path | str) -> str:
    return shown(os.path.relpath(path, spec.folder), limit=200)


def _twice(spec: Spec, met: Sequence[tuple[Upload, Blob, str]]) -> Iterator[Problem]:
    """`met`: what would become a blob that another file becomes, with its path."""
    firsts = _first_files(spec, {blob.name for _, blob, _ in met}) if met else {}
    for upload, blob, path in met:
        files = " and ".join(_relative(spec, one) for one in (firsts.get(blob.name, path), path))
        message = f"{files} would both become the blob {shown(blob.name)}; give one of them a `path`"
        yield spec.problem((*upload.at, "from"), message, "same-blob")


def _first_files(spec: Spec, blobs: Collection[str]) -> dict[str, str]:
    """The first file that becomes each of these: found once more, for a blob that is there already does not say it."""
    found: dict[str, str] = {}
    for upload in spec.uploads:
        refused: Refused = spec, (*upload.at, "from"), []
        pattern = _bounded_pattern(upload.source, refused)
        for file in _usable_files(upload, pattern, refused) if pattern else ():
            if (name := f"{upload.container}/{file.blob}") in blobs:
                found.setdefault(name, file.match.path)
    return found
