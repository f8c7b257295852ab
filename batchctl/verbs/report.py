"""`batchctl report`: all that is seen of a run, in figures. Reads alone."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field, replace

from batchctl.clock import Clock
from batchctl.errors import CloudError
from batchctl.frozen import dataclass
from batchctl.reconcile.decide.causes import FailedRun, last_line
from batchctl.reconcile.events import Event, Halted, PoolSeen, Progress, TaskFailed
from batchctl.reconcile.explain.node_time import NodesSeen, Resize
from batchctl.reconcile.explain.ran_why import RunReason, pairs_of
from batchctl.reconcile.explain.report import Applied, FailureGroup, Report, Sightings, report_of
from batchctl.reconcile.explain.rerun import Culprit, RerunFacts, culprits
from batchctl.reconcile.plan import Action, Plan
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.resources import Job, Task, generation_id
from batchctl.sensitive import Veil
from batchctl.sights import JobSight, Place, TaskSight, newest_runs
from batchctl.spec.model import Spec
from batchctl.spec.reading.limits import SIGNED_FOR
from batchctl.spec.reading.variables import text_of
from batchctl.verbs import look
from batchctl.verbs.failures import with_last_lines
from batchctl.verbs.saved import codec_for
from batchctl.verbs.under_lock import Approve
from batchctl.words import plain_lines
from batchctl.work import ResourceFile

GROUPS, LINES, TAIL = 10, 10, 4096
"""Groups of failures whose last words are fetched, how many lines of them, and bytes in which these are looked for."""

MOST_ASKED = 5_000
"""Tasks of which it is asked what they took: that makes a list of them several times as long."""

EXPLAINED = 10
"""Reasons of which it is asked what it was that changed, four requests each."""


@dataclass(slots=True)
class Heard:
    """What a run showed while it was waited for: why the plan had tasks run, nodes as they were before they went, how
    many its pool wanted, and the last words of tasks, by job and task in small letters."""

    looks: list[NodesSeen] = field(default_factory=list)
    planned: dict[str, str] = field(default_factory=dict)
    wanted: list[Resize] = field(default_factory=list)
    said: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def report(spec: Spec, cloud: Cloud, eyes: Eyes, clock: Clock, heard: Heard | None = None) -> Report:
    """`heard`: of a run that was waited for."""
    heard = heard or Heard()
    jobs = eyes.generations(spec.name)
    pools = look.pools_of(spec, jobs)
    runs = [run for job in jobs for run in eyes.runs(job)]
    failed = [run for run in newest_runs(runs) if run.status == "failed"]
    said = _heard_too(with_last_lines(failed, spec, cloud, eyes), heard)
    seen = (look.sight_of(spec, eyes, pool) for pool in pools)
    held = cloud.batch(spec.name, ()) if len(jobs) > 1 else ()
    outputs = look.outputs(spec, cloud)
    found = report_of(
        Sightings(
            spec=spec.name,
            now=clock.now(),
            jobs=jobs,
            runs=runs,
            pools=[pool for pool in seen if pool],
            nodes={pool: eyes.nodes(pool) for pool in pools},
            last_lines={(one.run.job, one.run.id): one.says for one in said if one.says is not None},
            earlier=heard.looks,
            wanted=heard.wanted,
            planned=heard.planned,
            outputs=outputs,
            digests={_key(task): task.digest for task in held if isinstance(task, Task)},
            inputs=_inputs(jobs, eyes) if outputs and len(runs) <= MOST_ASKED else None,
            veil=codec_for(spec).veil,
            uses=[use for job in jobs if (use := eyes.use(job))],
            prices=spec.prices,
            signed=None if spec.identity else SIGNED_FOR,
        )
    )
    return replace(
        found,
        failures=tuple(_with_last_words(found.failures, eyes, heard, codec_for(spec).veil)),
        reasons=tuple(_with_culprits(spec, found.reasons, runs, held, eyes)),
    )


def heard_plan(approve: Approve, heard: Heard) -> Approve:
    """The same, and why the plan that is agreed to has tasks run."""

    def agree(decided: Plan) -> bool:
        added = ((c.after, c.reasons) for c in decided.of(Task, Action.CREATE) if isinstance(c.after, Task))
        heard.planned = {task.id.lower(): "; ".join(reasons) for task, reasons in added if reasons}
        return approve(decided)

    return agree


def watched(
    events: Generator[Event, None, None], spec: Spec, eyes: Eyes, clock: Clock, heard: Heard
) -> Iterator[Event]:
    """The same events; `heard` gets how the nodes are whenever no task is left to wait for: after that they may go."""
    with closing(events):
        for event in events:
            if isinstance(event, Halted) or (isinstance(event, Progress) and not event.counts.unfinished):
                heard.looks += _nodes_now(spec, eyes, clock)
            if isinstance(event, PoolSeen):
                heard.wanted.append(Resize(moment=clock.now(), pool=event.pool, wanted=event.wanted))
            if isinstance(event, TaskFailed):
                heard.said[_key(event.task)] = event.stderr
            yield event


def applied_spec(spec: Spec, commit: str, changed: tuple[str, ...] | None, *, now: bool) -> Applied:
    """The spec by which a report is made, without its secrets. `commit` and `changed`: what git says of its files."""
    veil, source = codec_for(spec).veil, spec.source
    named = ((name.removeprefix("vars."), value) for name, value in spec.values.items() if name.startswith("vars."))
    return Applied(
        file=source.file,
        digest=source.digest,
        text=source.trace,
        commit=commit,
        changed=changed,
        overlays=tuple(f"{overlay.file} (SHA-256 {overlay.digest})" for overlay in source.overlays),
        variables=tuple((name, veil.setting(name, text_of(value))) for name, value in named),
        now=now,
    )


def _nodes_now(spec: Spec, eyes: Eyes, clock: Clock) -> Iterator[NodesSeen]:
    """A run does not fail because it could not be looked at."""
    try:
        pools = look.pools_of(spec, eyes.generations(spec.name))
        yield NodesSeen(at=clock.now(), nodes={pool: eyes.nodes(pool) for pool in pools})
    except CloudError:
        return


def _key(task: Task) -> tuple[str, str]:
    return generation_id(task.job, task.generation or 1).lower(), task.id.lower()


def _inputs(jobs: Sequence[JobSight], eyes: Eyes) -> dict[str, Sequence[ResourceFile]]:
    """Of the newest run of each task."""
    return {task: files for job in jobs for task, files in eyes.inputs(job).items()}


def _heard_too(failed: Sequence[FailedRun], heard: Heard) -> Iterator[FailedRun]:
    """What is gone with its node was told while it was there."""
    for one in failed:
        lines = heard.said.get((one.run.job.lower(), one.run.id.lower()), ())
        yield replace(one, says=one.says or last_line(lines)) if lines else one


def _with_last_words(groups: tuple[FailureGroup, ...], eyes: Eyes, heard: Heard, veil: Veil) -> Iterator[FailureGroup]:
    for number, group in enumerate(groups):
        told = (heard.said.get((run.job.lower(), run.id.lower())) for run in group.runs)
        known = next((said for said in told if said), ())
        said = known[-LINES:] or (_last_words(group, eyes) if number < GROUPS else ())
        yield replace(group, said=tuple(map(veil, said)))


def _last_words(group: FailureGroup, eyes: Eyes) -> tuple[str, ...]:
    """The end of the first one's stderr; empty where its node is gone."""
    place = Place(above=group.runs[0].job, id=group.runs[0].id)
    state = eyes.file(place, "stderr.txt")
    if state is None or not state.size:
        return ()
    content = eyes.part(place, "stderr.txt", max(0, state.size - TAIL), state.size)
    return plain_lines(content)[-LINES:]


def _with_culprits(
    spec: Spec, reasons: Sequence[RunReason], runs: Sequence[TaskSight], held: Sequence[object], eyes: Eyes
) -> Iterator[RunReason]:
    """What it was that changed, of the first task of each reason."""
    before = {run.id.lower(): older for older, run in pairs_of(runs)}
    tasks = {_key(task): task for task in held if isinstance(task, Task)}
    jobs = {job.id.lower(): job for job in held if isinstance(job, Job)}
    for number, reason in enumerate(reasons):
        run, older = reason.runs[0], before[reason.runs[0].id.lower()]
        if older and number < EXPLAINED and "changed" in reason.why:
            pair = [tasks.get((one.job.lower(), one.id.lower())) for one in (older, run)]
            yield replace(reason, culprits=_culprits(spec, pair, jobs, eyes, older))
        else:
            yield reason


def _culprits(
    spec: Spec, pair: Sequence[Task | None], jobs: Mapping[str, Job], eyes: Eyes, older: TaskSight
) -> tuple[Culprit, ...]:
    wholes = [eyes.whole(task) if task else None for task in pair]
    if not (wholes[0] and wholes[1]):
        return ()
    then, now = (jobs.get(_key(whole)[0]) for whole in wholes if whole)
    found = culprits(
        RerunFacts(
            run=wholes[0],
            task=wholes[1],
            run_common=then.environment if then else (),
            common=now.environment if now else (),
            held={},
            wanted={},
            others={},
            is_past=True,
            added=older.created,
            veil=codec_for(spec).veil,
        )
    )
    # Which of the others had changed by then nobody knows now.
    return tuple(culprit for culprit in found if culprit.part != "dependencies")
