"""Parts of a document by dotted paths; the document may have any shape. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from batchctl.spec.source import At

NODE_TASKS = ("pool.startTask", "job.jobPreparationTask", "job.jobReleaseTask", "job.jobManagerTask")
"""What nodes run beside tasks."""

FOR_EACH = ("job.tasks.*.forEach", "job.tasks.*.forEach.product.*", "job.tasks.*.forEach.zip.*")
"""Every `forEach`, those of axes included."""


def find_parts(part: Any, pattern: str) -> Iterator[tuple[At, Any]]:
    """(where, what) of all that a dotted pattern meets; `*` is any key or index."""
    found: list[tuple[At, Any]] = [((), part)]
    for word in pattern.split("."):
        found = [(((*at, key)), value) for at, inner in found for key, value in _step(inner, word)]
    yield from found


def _step(part: Any, word: str) -> Iterator[tuple[str | int, Any]]:
    if isinstance(part, dict):
        yield from part.items() if word == "*" else ([(word, part[word])] if word in part else [])
    elif isinstance(part, list) and word == "*":
        yield from enumerate(part)


def find_texts(part: Any, pattern: str) -> Iterator[tuple[At, str]]:
    return ((at, value) for at, value in find_parts(part, pattern) if isinstance(value, str))


def texts_below(part: Any, at: At = ()) -> Iterator[tuple[At, str]]:
    """Every text in a part, however deep."""
    if isinstance(part, str):
        yield at, part
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inner:
        yield from texts_below(value, (*at, key))


def get_in(part: Any, *keys: str) -> Any:
    for key in keys:
        part = part.get(key) if isinstance(part, dict) else None
    return part


def as_mapping(part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, dict) else {}


def part_at(part: Any, at: At) -> Any:
    for key in at:
        part = part[key]
    return part
