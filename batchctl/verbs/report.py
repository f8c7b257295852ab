"""`batchctl report`: all that is seen of a run, in figures. Reads alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from batchctl.reconcile.explain.report import FailureGroup, Report, Sightings, report_of
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.sights import Place, newest_runs
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.verbs.failures import with_last_lines

GROUPS, LINES, TAIL = 10, 10, 4096
"""Causes of which the last words are fetched, how many lines of them, and bytes in which these are looked for."""


def report(spec: Spec, cloud: Cloud, eyes: Eyes, now: datetime) -> Report:
    jobs = eyes.generations(spec.name)
    pools = look.pools_of(spec, jobs)
    runs = [run for job in jobs for run in eyes.runs(job)]
    said = with_last_lines([run for run in newest_runs(runs) if run.status == "failed"], eyes)
    seen = (look.sight_of(spec, eyes, pool) for pool in pools)
    found = report_of(
        Sightings(
            spec=spec.name,
            now=now,
            jobs=jobs,
            runs=runs,
            pools=[pool for pool in seen if pool],
            nodes={pool: eyes.nodes(pool) for pool in pools},
            outputs=look.outputs(spec, cloud),
            last_lines={(one.run.job, one.run.id): one.says for one in said if one.says is not None},
        )
    )
    return replace(found, failures=tuple(_with_last_words(found.failures, eyes)))


def _with_last_words(groups: tuple[FailureGroup, ...], eyes: Eyes) -> Iterator[FailureGroup]:
    for number, group in enumerate(groups):
        yield replace(group, said=_last_words(group, eyes)) if number < GROUPS else group


def _last_words(group: FailureGroup, eyes: Eyes) -> tuple[str, ...]:
    """The end of the first one's stderr; empty where its node is gone."""
    place = Place(above=group.runs[0].job, id=group.runs[0].id)
    state = eyes.file(place, "stderr.txt")
    if state is None or not state.size:
        return ()
    content = eyes.part(place, "stderr.txt", max(0, state.size - TAIL), state.size)
    return tuple(content.decode("utf-8", errors="replace").splitlines()[-LINES:])
