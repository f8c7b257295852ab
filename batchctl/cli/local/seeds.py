"""Seeds: files that say what an account is to hold, in Batch's own words, read with the places of all that they say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from batchctl.errors import MOST_PROBLEMS, Problem, SpecError
from batchctl.frozen import dataclass
from batchctl.spec.load import read_source
from batchctl.spec.reading.compose import EXTENSION, compose_nodes
from batchctl.spec.reading.typed import read_document
from batchctl.spec.source import At, Source, nearest_word, shown

Json = dict[str, Any]
_PARTS = ("containers", "pools", "jobs")
_ANYTHING: Json = {"type": ["boolean", "integer", "number"]}
_ANYTHING |= {"items": _ANYTHING, "additionalProperties": _ANYTHING}
"""Bodies are Batch's to read: a plain scalar is what YAML 1.2 has it for."""
_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 1024
_UNKNOWN = re.compile(r"The property '([^']+)' does not exist")


@dataclass(frozen=True, slots=True)
class Seed:
    """Bodies of pools and jobs, each job with the bodies of its tasks; containers with what their blobs are."""

    source: Source
    pools: Sequence[Json]
    jobs: Sequence[tuple[Json, list[Json]]]
    containers: Mapping[str, Mapping[str, bytes | Path]]


def read_seed(path: Path) -> Seed:
    """Raises SpecError with every problem that the file alone tells."""
    source = read_source(path, "the seed")
    root, wrong = compose_nodes(source)
    document, source, twice, _ = read_document(root, source, schema=_ANYTHING)
    problems = [*wrong, *twice, *_shape_problems(document, source)]
    if not problems:
        problems = list(_blob_problems(document.get("containers") or {}, source, path.parent))
    if problems:
        raise SpecError(sorted(problems)[:MOST_PROBLEMS])
    jobs = [
        ({name: part for name, part in job.items() if name != "tasks"}, job.get("tasks") or [])
        for job in document.get("jobs") or []
    ]
    containers = {
        name: {
            blob: _content(said, ("containers", name, blob), source, path.parent) for blob, said in (of or {}).items()
        }
        for name, of in (document.get("containers") or {}).items()
    }
    return Seed(source, document.get("pools") or [], jobs, containers)


def refusal_problem(source: Source, refused: Json) -> Problem:
    """What Batch would refuse, at the property that it names."""
    told = {entry["key"]: entry.get("value", "") for entry in refused.get("values", ())}
    at = tuple(refused["at"])
    message = told.get("Reason") or refused["message"]["value"]
    if name := told.get("PropertyName"):
        message = f"{name}: {message}"
        at += tuple(int(part) if part.isdecimal() else part for part in re.findall(r"[^.\[\]]+", name))
    elif unknown := _UNKNOWN.match(message):
        at = next((one for one in source.keys if one[: len(at)] == at and one[-1] == unknown[1]), at)
    code = re.sub(r"(?<!^)(?=[A-Z])", "-", refused["code"]).lower()
    return source.problem(at, message, code, at_key=bool(told))


def _shape_problems(document: Any, source: Source) -> Iterator[Problem]:
    """What is not a mapping or a list where one is wanted, and keys that mean nothing."""
    if not isinstance(document, dict):
        yield source.problem((), f"a seed is a mapping with {', '.join(_PARTS)}", "shape")
        return
    for name in document:
        if name not in _PARTS and not name.startswith(EXTENSION):
            meant = nearest_word(name, _PARTS)
            hint = f"did you mean {meant!r}?" if meant else f"it has {', '.join(_PARTS)}"
            yield source.problem((name,), f"a seed has no {shown(name)}: {hint}", "unknown-key", at_key=True)
    for part in ("pools", "jobs"):
        yield from _list_problems(document.get(part), source, (part,))
    jobs = document.get("jobs")
    for index, job in enumerate(jobs if isinstance(jobs, list) else ()):
        if isinstance(job, dict):
            yield from _list_problems(job.get("tasks"), source, ("jobs", index, "tasks"))


def _list_problems(found: Any, source: Source, at: At) -> Iterator[Problem]:
    if found is not None and not isinstance(found, list):
        yield source.problem(at, f"{at[-1]} is a list of bodies, as Batch's REST API has them", "shape")
    for index, body in enumerate(found if isinstance(found, list) else ()):
        if not isinstance(body, dict):
            yield source.problem((*at, index), f"each of {at[-1]} is a body, as Batch's REST API has it", "shape")


def _blob_problems(containers: Any, source: Source, folder: Path) -> Iterator[Problem]:
    if not isinstance(containers, dict):
        yield source.problem(("containers",), "containers is a mapping: `name: {blob: text}`", "shape")
        return
    for name, blobs in containers.items():
        at: At = ("containers", name)
        if not _CONTAINER.fullmatch(name):
            why = "3 to 63 lower-case letters, digits and single hyphens are wanted"
            yield source.problem(at, f"{shown(name)} is no name of a container: {why}", "bad-name", at_key=True)
        if not isinstance(blobs, dict | None):
            yield source.problem(at, "a container is a mapping: `blob: text` or `blob: {file: PATH}`", "shape")
            continue
        for blob, said in (blobs or {}).items():
            if not 0 < len(blob) <= _LONGEST_NAME:
                yield source.problem((*at, blob), "a blob's name has 1 to 1024 characters", "bad-name", at_key=True)
            if isinstance(said, dict | list):
                yield from _file_problems(said, source, (*at, blob), folder)


def _file_problems(said: Any, source: Source, at: At, folder: Path) -> Iterator[Problem]:
    if not isinstance(said, dict) or list(said) != ["file"] or not isinstance(said["file"], str):
        yield source.problem(at, "a blob is a text, or `{file: PATH}`", "shape")
    elif not (folder / said["file"]).is_file():
        yield source.problem((*at, "file"), f"there is no file {shown(said['file'])}", "missing-file")


def _content(said: Any, at: At, source: Source, folder: Path) -> bytes | Path:
    """Text is what was written, a number too (design D24)."""
    return folder / said["file"] if isinstance(said, dict) else source.scalars[at].encode()
