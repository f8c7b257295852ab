"""`batchctl why --rerun`: why apply would run a task again. Reads alone; all that it knows comes from the account."""

import re
from collections.abc import Iterator, Mapping, Sequence

from batchctl.errors import NotThere, UsageError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.decide.standstill import Reason
from batchctl.reconcile.explain.rerun import RerunFacts, culprits, unchanged_parts
from batchctl.reconcile.outputs import newest_runs
from batchctl.reconcile.plan import Action
from batchctl.reconcile.port import Cloud, Eyes
from batchctl.resources import Blob, Job, Task, changed_parts, generation_id
from batchctl.sensitive import is_outside
from batchctl.sights import Place
from batchctl.spec.fanout.dependencies import factory_name
from batchctl.spec.model import Factory, Spec
from batchctl.spec.source import At
from batchctl.verbs.saved import codec_for
from batchctl.verbs.survey import Survey, decide, survey
from batchctl.work import HANDLING

KEYS = {
    "command": ("commands", "commandLine"),
    "environment": ("environmentSettings",),
    "inputs": ("resourceFiles",),
    "container": ("containerSettings",),
    "outputs": ("outputFiles",),
    "dependencies": ("dependsOn",),
}
"""Where a factory says what a part of the digest tells of."""

VARIABLE = r"\{vars\.([A-Za-z_][A-Za-z0-9_]*)"


def why_again(spec: Spec, cloud: Cloud, eyes: Eyes, name: str, path: str) -> Iterator[Reason]:
    """The first says whether it runs, the others what changed. Raises NotThere and UsageError."""
    kind, _, asked = name.partition(".")
    if kind != "task" or not asked:
        raise UsageError(f"--rerun takes task.ID, not {name!r}")
    seen = survey(spec, cloud)
    task = _wanted(seen, asked)
    runs = _newest(seen)
    run = runs.get(task.id.lower())
    if run is None:
        yield Reason(says=f"task {task.id} is new: it never ran")
        return
    planned = decide(seen, cloud, Choices())
    change = next((c for c in planned.changes if isinstance(c.after, Task) and c.after.id == task.id), None)
    again = change is not None and change.action is Action.CREATE
    if again and change:
        yield Reason(says=f"task {task.id} runs again: {'; '.join(change.reasons)}")
    elif changed_parts(run.digest, task.digest):
        yield Reason(says=f"task {task.id} does not run now; its newest run is not what the spec says")
    else:
        yield Reason(says=f"task {task.id} does not run again: it is up to date")
    yield from _culprits(spec, seen, eyes, run, task, runs, path)
    if again and (same := unchanged_parts(run, task)):
        yield Reason(says=f"as it was: {', '.join(same)}")


def _wanted(seen: Survey, asked: str) -> Task:
    for resource in seen.desired.resources:
        if isinstance(resource, Task) and resource.id.lower() == asked.lower():
            return resource
    raise NotThere(f"the spec has no task {asked!r}")


def _newest(seen: Survey) -> dict[str, Task]:
    jobs = {r.name.lower() for r in seen.desired.resources if isinstance(r, Job)}
    return newest_runs(r for r in seen.held if isinstance(r, Task) and r.digest and r.job.lower() in jobs)


def _culprits(
    spec: Spec, seen: Survey, eyes: Eyes, run: Task, task: Task, runs: Mapping[str, Task], path: str
) -> Iterator[Reason]:
    whole = eyes.whole(run)
    if whole is None:
        return
    generation = generation_id(run.job, run.generation or 1)
    sight = eyes.run(Place(above=generation, id=run.id))
    jobs = {r.id: r for r in seen.held if isinstance(r, Job)}
    wanted = next(r for r in seen.desired.resources if isinstance(r, Job))
    facts = RerunFacts(
        run=whole,
        task=task,
        run_common=jobs[generation].environment if generation in jobs else (),
        common=wanted.environment,
        held={blob.name: blob for blob in seen.blobs},
        wanted={r.name: r for r in seen.desired.resources if isinstance(r, Blob)},
        others=_changed_before(seen, task, runs),
        added=sight.created if sight else None,
        veil=codec_for(spec).veil,
    )
    for culprit in culprits(facts):
        yield Reason(says=f"{culprit.part} changed ({path}, {_where(spec, task, culprit.part)})")
        for line in (*culprit.lines, *_variables(spec, task, culprit.part)):
            yield Reason(says=f"  {line}")


def _changed_before(seen: Survey, task: Task, runs: Mapping[str, Task]) -> dict[str, Sequence[str]]:
    """Of the tasks that it depends on, those that changed since they ran."""
    ids = {i.lower() for i in task.depends_on.task_ids} if task.depends_on else set()
    before = (r for r in seen.desired.resources if isinstance(r, Task) and r.id.lower() in ids)
    parts = {t.id: changed_parts(runs[t.id.lower()].digest, t.digest) for t in before if t.id.lower() in runs}
    told = {task_id: [part for part in found if part != HANDLING] for task_id, found in parts.items()}
    return {task_id: found for task_id, found in told.items() if found}


def _factory(spec: Spec, task: Task) -> Factory | None:
    return next((f for f in spec.job.tasks if factory_name(f) == task.factory), None) if spec.job else None


def _where(spec: Spec, task: Task, part: str) -> str:
    """`line 12`: the key that says it, or what that is a part of."""
    for at in _places(spec, task, part):
        if at in spec.source.keys:
            return spec.source.where(spec.source.keys[at])
        if at in spec.source.values:
            return spec.source.where(spec.source.values[at])
    return "line 1"


def _places(spec: Spec, task: Task, part: str) -> Iterator[At]:
    factory = _factory(spec, task)
    if part == "scripts":
        yield from (w.at for w in (spec.pool and spec.pool.start_task, spec.job and spec.job.job_preparation_task) if w)
    if factory:
        yield from ((*factory.at, key) for key in KEYS.get(part, ()))
    if part == "environment" and spec.job:
        yield (*spec.job.at, "commonEnvironmentSettings")
    if factory:
        yield factory.at


def _variables(spec: Spec, task: Task, part: str) -> Iterator[str]:
    """The variables that stand in what changed, as they are now."""
    factory = _factory(spec, task)
    if factory is None or spec.job is None:
        return
    commands = factory.commands
    said = {
        "command": (*commands.lines, *commands.argv, commands.line),
        "environment": [value for _, value in (*factory.wanted.environment, *spec.job.wanted.environment)],
        "inputs": [str(file) for file in factory.resource_files],
        "outputs": [str(output) for output in factory.output_files],
        "container": [str(factory.wanted.container_settings)],
    }
    for name in dict.fromkeys(re.findall(VARIABLE, " ".join(said.get(part, ())))):
        value = spec.values.get(f"vars.{name}")
        yield f"{{vars.{name}}} stands in it, " + (
            "which is not shown" if is_outside(f"vars.{name}") else f"which is {value} now"
        )
