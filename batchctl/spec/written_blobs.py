"""Which blobs a task is sure to write, and what is wrong with them whatever else is written. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from batchctl.output_names import ALWAYS_THERE, BlobNames, blob_names, why_no_name
from batchctl.resources import Task
from batchctl.spec.source import At, shown
from batchctl.work import OutputFile

Place = tuple[str, str]
"""Container and path."""

NODE_VARIABLE = re.compile(r"\$\{?AZ_BATCH_\w+|%AZ_BATCH_\w+%", re.ASCII)


class SureBlob(NamedTuple):
    """`number`: of the declaration that writes it; `file`: what becomes of it."""

    number: int
    place: Place
    file: str


def names_of(task: Task) -> list[BlobNames]:
    """What each of its declarations can make."""
    return [blob_names(output, task) for output in task.output_files]


def sure_blobs(made: Iterable[BlobNames]) -> Iterator[SureBlob]:
    """The blobs whose names are known, and those of files that every task has. Conditions are not asked."""
    for number, names in enumerate(made):
        if names.name is None:
            for file in ALWAYS_THERE:
                if blob := names.blob_of(file):
                    yield SureBlob(number, (names.container, blob), file)
        elif blob := names.shared:
            yield SureBlob(number, (names.container, blob), names.file_of(blob))


def wrong_outputs(task: Task, made: Sequence[BlobNames], uploads: Set[Place]) -> Iterator[tuple[At, str, str]]:
    """(place below `outputFiles`, message, code) of what cannot be, of this task alone. `made`: its `names_of`."""
    for number, (output, names) in enumerate(zip(task.output_files, made, strict=True)):
        if said := _why_no_name(output, names):
            yield (number, "path" if output.path else "filePattern"), said, "blob-name"
    known: dict[Place, SureBlob] = {}
    for blob in sure_blobs(made):
        if blob.place in uploads:
            name = shown("/".join(blob.place))
            yield (blob.number,), f"the blob {name} is among the uploads: the task would overwrite it", "same-output"
        other = known.setdefault(blob.place, blob)
        if other.file != blob.file and not _never_both(task, other, blob):
            name = shown("/".join(blob.place))
            files = " and ".join(shown(task.output_files[n].file_pattern) for n in (other.number, blob.number))
            yield (blob.number,), f"{files} would both become the blob {name}: give each its `path`", "same-output"


def _why_no_name(output: OutputFile, names: BlobNames) -> str | None:
    if output.path and (found := NODE_VARIABLE.search(output.path)):
        return f"{shown(found[0])} stays as it is written: Batch puts variables into `filePattern` alone"
    if names.only:
        why = why_no_name(names.only)
        return f"the blob's name {shown(names.only)} {why}" if why else None
    why = why_no_name(names.prefix.rstrip("/")) if names.prefix else None
    return f"the folder's name {shown(output.path or '')} {why}" if why else None


def _never_both(task: Task, one: SureBlob, other: SureBlob) -> bool:
    conditions = {task.output_files[blob.number].upload_condition.lower() for blob in (one, other)}
    return conditions == {"tasksuccess", "taskfailure"}
