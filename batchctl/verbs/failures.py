"""Tasks that failed, with what they said last: what tells which of them are alike. Reads alone."""

from collections.abc import Iterator, Sequence

from batchctl.frozen import dataclass
from batchctl.reconcile.decide.causes import FailedRun, alike, by_end, last_line
from batchctl.reconcile.port import Eyes
from batchctl.sights import Place, TaskSight
from batchctl.spec.model import Spec
from batchctl.verbs import look

MOST_READ = 100
"""Tasks whose last line is read; where more failed, most failed alike."""

LINES = 10
"""At the end of a stream, of which the last one that is not blank counts."""


def with_last_lines(failed: Sequence[TaskSight], eyes: Eyes) -> tuple[FailedRun, ...]:
    """Those whose files are gone said nothing; what those beyond MOST_READ said is not known."""
    asked = sorted(failed, key=by_end)[:MOST_READ]
    said = eyes.last_words([Place(above=run.job, id=run.id) for run in asked], LINES)
    known = {(run.job, run.id): last_line(lines) for run, lines in zip(asked, said, strict=True)}
    return tuple(FailedRun(run=run, says=known.get((run.job, run.id))) for run in failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A task that failed, in a group of those that failed alike: `group` counts from 1, the greatest first."""

    group: int
    run: TaskSight
    says: str


def numbered_failures(spec: Spec, eyes: Eyes) -> Iterator[Numbered]:
    """Of each task whose newest run failed, group by group."""
    failed = look.tasks(spec, eyes, (), ("failed",))
    for number, group in enumerate(alike(with_last_lines(failed, eyes)), 1):
        for one in group:
            yield Numbered(group=number, run=one.run, says=one.says or "")
