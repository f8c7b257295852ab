"""What a task declared that it would write, and whether it is there. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from posixpath import basename

from batchctl.resources import Blob, Task
from batchctl.work import OutputFile

Written = Mapping[str, Sequence[Blob]]
"""Blobs by the id, in lower case, of the task that wrote them."""

VARIABLE = re.compile(r"\$\{\w+\}|\$\w+|%\w+%")


def by_task(outputs: Iterable[Blob]) -> Written:
    """Sorted out once, so that many tasks do not each look at all blobs."""
    written: dict[str, list[Blob]] = {}
    for blob in outputs:
        if blob.task is not None:
            written.setdefault(blob.task.lower(), []).append(blob)
    return written


def missing_outputs(task: Task, written: Written) -> tuple[OutputFile, ...]:
    """The declared outputs of a task that succeeded and of which no blob bears its mark."""
    blobs = written.get(task.id.lower(), ())
    return tuple(
        output
        for output in task.output_files
        if not output.optional
        and output.upload_condition.lower() != "taskfailure"
        and not any(_is_of(output, blob) for blob in blobs)
    )


def _is_of(output: OutputFile, blob: Blob) -> bool:
    """Can this blob be a file of that declaration? (REST: OutputFileBlobContainerDestination.path.)"""
    if blob.container != output.container:
        return False
    pattern = output.file_pattern.replace("\\", "/")
    if not set("*?[") & set(pattern):
        return blob.path == output.path if output.path else fnmatchcase(blob.path, _any_value(basename(pattern)))
    prefix = f"{output.path.rstrip('/')}/" if output.path else ""
    return blob.path.startswith(prefix) and fnmatchcase(basename(blob.path), _any_value(basename(pattern)))


def _any_value(pattern: str) -> str:
    """Variables are expanded on the node, so any value may stand for them here."""
    return VARIABLE.sub("*", pattern)
