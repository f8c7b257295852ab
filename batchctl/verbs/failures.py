"""Tasks that failed, with what they said last: what tells which of them are alike. Reads alone."""

from collections.abc import Iterator, Sequence

from batchctl.frozen import dataclass
from batchctl.reconcile.decide.causes import FailedRun, alike, by_end, last_line
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.resources import Blob
from batchctl.sights import Place, TaskSight
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.words import plain_lines

MOST_READ = 100
"""Tasks whose last line is read; where more failed, most failed alike."""

MOST_KEPT, TAIL = 20, 4096
"""Of these, those whose streams are read from a container, and bytes at the end of one."""

LINES = 10
"""At the end of a stream, of which the last one that is not blank counts."""


def with_last_lines(failed: Sequence[TaskSight], spec: Spec, cloud: Cloud, eyes: Eyes) -> tuple[FailedRun, ...]:
    """Those of which nothing is left said nothing; what those beyond MOST_READ said is not known."""
    asked = sorted(failed, key=by_end)[:MOST_READ]
    said = eyes.last_words([Place(above=run.job, id=run.id) for run in asked], LINES)
    known = {(run.job, run.id): last_line(lines) for run, lines in zip(asked, said, strict=True)}
    silent = [run for run in asked if not known[run.job, run.id]]
    known |= dict(_kept_lines(silent, spec, cloud))
    return tuple(FailedRun(run=run, says=known.get((run.job, run.id))) for run in failed)


def _kept_lines(silent: Sequence[TaskSight], spec: Spec, cloud: Cloud) -> Iterator[tuple[tuple[str, str], str]]:
    """By job and id the last lines of those whose streams are kept (`logs`)."""
    if not (silent and spec.logs):
        return
    kept = look.streams_kept(cloud.blobs(spec.logs.container))
    for run in silent[:MOST_KEPT]:
        blobs = (kept.get((run.id.lower(), name)) for name in ("stderr.txt", "stdout.txt"))
        lines = (_last_line_of(blob, cloud) for blob in blobs if blob)
        if line := next((line for line in lines if line), ""):
            yield (run.job, run.id), line


def _last_line_of(blob: Blob, cloud: Cloud) -> str:
    return last_line(plain_lines(look.end_of(blob, TAIL, cloud)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A task that failed, in a group of those that failed alike: `group` counts from 1, the greatest first."""

    group: int
    run: TaskSight
    says: str


def numbered_failures(spec: Spec, cloud: Cloud, eyes: Eyes) -> Iterator[Numbered]:
    """Of each task whose newest run failed, group by group."""
    failed = look.tasks(spec, eyes, (), ("failed",))
    for number, group in enumerate(alike(with_last_lines(failed, spec, cloud, eyes)), 1):
        for one in group:
            yield Numbered(group=number, run=one.run, says=one.says or "")
