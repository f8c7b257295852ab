"""Outputs that another task overwrote: seen when both have run, remembered on their container. Pure.

The mark of what was written (`output_names.written_mark`) tells declaration and run. Later nobody could tell an output
that was overwritten from one that somebody took away: the node, and the task's files with it, has gone by then.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace

from batchctl.output_names import blob_names, file_on_node, written_mark
from batchctl.reconcile.outputs import Written, missing_outputs, newest_runs
from batchctl.resources import Blob, Resource, Task
from batchctl.work import OutputFile

REMEDY = "give each task's output a name of its own, such as `path: '{item.stem}'` or the task's id"


def overwritten_marks(
    task: Task, run: Task, written: Written, files: Callable[[], Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """(mark, container) of each output that this run wrote, and another task after it. `files` asks what the run left
    on its node: only where a blob of another task has a name that the output can have."""
    met = [(output, paths) for output in missing_outputs(task, written, run) if (paths := _met(output, task, written))]
    left = [file_on_node(name) for name in files()] if met else []
    for output, paths in met:
        names = blob_names(output, task)
        if any(names.blob_of(file) in paths for file in left):
            yield mark_of_run(output, task, run), output.container


def taken_since(
    before: Sequence[Resource], now: Iterable[Blob], wanted: Iterable[Task], due: Set[str]
) -> Iterator[tuple[Task, Blob, Blob]]:
    """(the run, its output as it was before, the blob of another task there now) of each task that was not `due`.

    It needs no files of the run: this is how those are seen whose node had gone before anybody looked.
    """
    theirs = {blob.name: blob for blob in before if isinstance(blob, Blob) and blob.task and blob.output}
    tasks, runs = {task.id.lower(): task for task in wanted if task.id not in due}, newest_runs(before)
    for blob in now:
        was = theirs.get(blob.name)
        key = (was.task or "").lower() if was else ""
        if was is None or key == (blob.task or "").lower() or key not in tasks or key not in runs:
            continue
        task, run = tasks[key], runs[key]
        if any(mark_of_run(o, task, run) == was.output for o in task.output_files if not o.optional):
            yield run, was, blob


def mark_of_run(output: OutputFile, task: Task, run: Task) -> str:
    return written_mark(output, replace(task, digest=run.digest, generation=run.generation))


def _met(output: OutputFile, task: Task, written: Written) -> set[str]:
    names = blob_names(output, task)
    return {
        blob.path for blob in _of_others(task, written) if blob.container == names.container and names.fits(blob.path)
    }


def _of_others(task: Task, written: Written) -> Iterable[Blob]:
    return (blob for key, blobs in written.items() if key != task.id.lower() for blob in blobs)
