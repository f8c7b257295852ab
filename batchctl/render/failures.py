"""Failures that are alike, told once with how many they are."""

from collections.abc import Iterator, Sequence

from batchctl.reconcile.decide.causes import folded
from batchctl.reconcile.events import NotFetched, TaskFailed
from batchctl.words import one_line, some


def task_failure_lines(failures: Sequence[TaskFailed]) -> Iterator[str]:
    """Why tasks failed, each reason with the tasks that did and what the first of them said last.

    In what they said numbers do not count.
    """
    alike: dict[tuple[str, tuple[str, ...]], list[TaskFailed]] = {}
    for failure in failures:
        alike.setdefault((failure.why, tuple(map(folded, failure.stderr))), []).append(failure)
    for (why, _), kin in alike.items():
        ids, stderr = [failure.task.id for failure in kin], kin[0].stderr
        who = f"task {ids[0]}" if len(ids) == 1 else f"{len(ids)} tasks ({some(ids)})"
        yield one_line(f"{who} {why}")
        # The id in front keeps a task's output from being read as a command by whoever parses our log.
        yield from (f"  [{one_line(ids[0])}] {text}" for text in stderr)


def stranded_lines(failures: Sequence[NotFetched]) -> Iterator[str]:
    """Why blobs did not come home, each reason with the blobs."""
    alike: dict[str, list[str]] = {}
    for failure in failures:
        alike.setdefault(failure.why, []).append(failure.blob.name)
    for why, names in alike.items():
        who = names[0] if len(names) == 1 else f"{len(names)} blobs ({some(names)})"
        yield one_line(f"NOT fetched {who}: {why}")
