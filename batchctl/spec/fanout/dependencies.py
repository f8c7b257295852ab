"""`dependsOn` between factories, to the ids that each task waits for; barriers where these are too many. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from graphlib import CycleError, TopologicalSorter

from batchctl.configurations import TaskDependencies, padded_numbers
from batchctl.desired import Stage
from batchctl.errors import Problem
from batchctl.frozen import dataclass
from batchctl.resources import Task, task_digest
from batchctl.spec.filling.contents import kept_contents
from batchctl.spec.filling.digests import Digests, short_hash
from batchctl.spec.model import DependsOn, Factory, JobSpec, PoolSpec, Spec
from batchctl.spec.source import shown

MOST_CHARACTERS = 64_000
"""Of all ids in a task's dependencies (REST: TaskDependencies.taskIds)."""

ROOM = MOST_CHARACTERS
"""Of ids that stand for themselves; for more there are barriers, whose own ids are few."""

MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """A task that may still want what it depends on; then `parts` are those of its digest, which is not there yet.

    `key` is its item's. `awaits`: the ids that its `dependsOn: {task: …}` name, by their number.
    """

    task: Task
    parts: dict[str, str]
    key: str
    awaits: Mapping[int, str]

    def finished(self) -> Task:
        return replace(self.task, digest=task_digest(self.parts)) if self.parts else self.task


Drafts = Mapping[str, Sequence[Draft]]
"""By the name of the factory (`factory_name`)."""


def factory_name(factory: Factory) -> str:
    """What a factory is called inside: its name, or its number among those that have none."""
    return factory.name or f"#{factory.at[-1]}"


def written_before(job: JobSpec) -> Mapping[str, frozenset[str]]:
    """For each factory, the containers that those may write which it waits for."""
    writes = {factory_name(f): {o.container for o in f.output_files} for f in job.tasks}
    before = {factory_name(f): _possible_factories(f, job) for f in job.tasks}
    return {name: frozenset(c for other in _all_before(name, before) for c in writes[other]) for name in before}


def factories_in_order(job: JobSpec) -> Sequence[Factory]:
    """Those first that others wait for by name. A circle, which is told elsewhere, is in any order."""
    factories = {factory_name(f): f for f in job.tasks}
    before = {
        n: [other for other in (*_depended_on(f), source_factory(f)) if other in factories]
        for n, f in factories.items()
    }
    try:
        return [factories[name] for name in TopologicalSorter(before).static_order()]
    except CycleError:
        return job.tasks


def source_factory(factory: Factory) -> str:
    """The factory whose outputs it goes over, if any."""
    form = factory.for_each
    return str(form.source) if form and form.form == "outputs" else ""


def factories_in_stages(job: JobSpec) -> Mapping[str, Stage]:
    """The factories that wait for others to be expanded, in their order."""
    found: dict[str, Stage] = {}
    for factory in factories_in_order(job):
        after = tuple(sorted(_depended_on(factory)))
        if source_factory(factory) or any(name in found for name in after):
            name = factory_name(factory)
            found[name] = Stage(
                factory=name, label=factory.name or factory.id, over=source_factory(factory), after=after
            )
    return found


def connected_tasks(
    spec: Spec, job: JobSpec, pool: PoolSpec, drafts: Drafts, digests: Digests, late: frozenset[str]
) -> list[Task]:
    """All tasks with their dependencies and final digests, and the barriers. `late`: the factories that are not here
    yet. Raises ProblemsError."""
    if not any(factory.depends_on for factory in job.tasks):
        return [draft.task for factory in job.tasks for draft in drafts[factory_name(factory)]]
    return _Connector(spec, job, pool, drafts, digests, late).tasks()


class ProblemsError(Exception):
    """What is wrong with the dependencies."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


class _Connector:
    def __init__(
        self, spec: Spec, job: JobSpec, pool: PoolSpec, drafts: Drafts, digests: Digests, late: frozenset[str]
    ) -> None:
        self._spec, self._pool, self._drafts, self._digests, self._late = spec, pool, drafts, digests, late
        self._factories = {factory_name(f): f for f in job.tasks}
        self._home = {d.task.id.lower(): name for name, found in drafts.items() for d in found}
        self._ambiguous = padded_numbers(self._home)
        self._problems: list[Problem] = []
        self._made: dict[str, Task] = {}
        self._barriers: dict[str, tuple[Task, ...]] = {}
        # Once a factory, not once a task that asks.
        self._keys = cache(self._by_key)

    def tasks(self) -> list[Task]:
        before = {name: self._before(factory) for name, factory in self._factories.items()}
        for name in self._in_order(before):
            others = _all_before(name, before)
            written = frozenset(d.task.id.lower() for other in others for d in self._drafts[other])
            for task in self._finished(self._factories[name], written):
                self._made[task.id.lower()] = task
        if self._problems:
            raise ProblemsError(self._problems[:MOST_PROBLEMS])
        made = [self._made[d.task.id.lower()] for name in self._factories for d in self._drafts[name]]
        return made + [task for barriers in self._barriers.values() for task in barriers]

    def _before(self, factory: Factory) -> frozenset[str]:
        """The factories whose tasks it waits for."""
        single = {self._home.get(i.lower()) for d in self._drafts[factory_name(factory)] for i in d.awaits.values()}
        return frozenset({d.factory for d in factory.depends_on if d.factory} | {name for name in single if name})

    def _in_order(self, before: Mapping[str, frozenset[str]]) -> Sequence[str]:
        try:
            return tuple(TopologicalSorter(before).static_order())
        except CycleError as error:
            # graphlib names who comes before whom: turned round below, as people read who waits for whom.
            names = error.args[1]
            raise ProblemsError([self._circle([self._factories[name] for name in reversed(names)])]) from None

    def _circle(self, factories: Sequence[Factory]) -> Problem:
        lines = " -> ".join(f"{shown(f.name or f.id)}" for f in factories)
        return self._spec.problem(
            (*factories[0].at, "dependsOn"), f"these wait for each other: {lines}", "cycle", at_key=True
        )

    def _finished(self, factory: Factory, written: frozenset[str]) -> Iterator[Task]:
        # Asked once for all of them: a thousand tasks that wait for a thousand others are a million ids.
        alike = all(d.factory and not d.same for d in factory.depends_on)
        shared = self._waits(factory, None) if alike and factory.depends_on else None
        for draft in self._drafts[factory_name(factory)]:
            waits = shared if alike else self._waits(factory, draft)
            if waits is None:
                yield draft.finished()
                continue
            on, said = waits
            files = draft.task.all_resource_files
            inputs = [self._digests.content(f, written) for f in files]
            parts = draft.parts | {"inputs": short_hash(inputs), "dependencies": said}
            scripts = draft.task.contents.partition("|")[1:]
            contents = kept_contents(files, self._digests, "".join(scripts), written)
            yield replace(draft.task, digest=task_digest(parts), contents=contents, depends_on=on)

    def _waits(self, factory: Factory, draft: Draft | None) -> tuple[TaskDependencies, str] | None:
        """What a task waits for (all ids), and a hash of what these are."""
        # A share for each, so that all together keep the limit.
        room = ROOM // len(factory.depends_on)
        found: dict[str, None] = {}
        for number, wanted in enumerate(factory.depends_on):
            found |= dict.fromkeys(self._ids(wanted, number, draft, room))
        if not found:
            return None
        if TaskDependencies.on(found, self._ambiguous).characters > MOST_CHARACTERS:
            self._too_long(factory)
        return TaskDependencies(task_ids=tuple(found)), short_hash([self._made[i.lower()].digest for i in found])

    def _too_long(self, factory: Factory) -> None:
        message = (
            f"the ids of all that a task waits for have more than {MOST_CHARACTERS:,} characters: take shorter ids, "
            "or wait for a whole factory"
        )
        problem = self._spec.problem((*factory.at, "dependsOn"), message, "too-long", at_key=True)
        if problem not in self._problems:
            self._problems.append(problem)

    def _ids(self, wanted: DependsOn, number: int, draft: Draft | None, room: int) -> Iterable[str]:
        if wanted.factory and not wanted.same:
            return self._all(wanted.factory, room)
        assert draft is not None  # what differs by task is asked task by task
        if wanted.factory:
            found = self._keys(wanted.factory).get(draft.key, ())
            if wanted.factory in self._late:
                return found
            return found or self._missing(wanted, f"no task of {shown(wanted.factory)} has the key {shown(draft.key)}")
        task_id = draft.awaits[number]
        if task_id.lower() in self._home:
            return (self._made[task_id.lower()].id,)
        return self._missing(wanted, f"there is no task {shown(task_id)}")

    def _missing(self, wanted: DependsOn, message: str) -> Iterable[str]:
        at = (*wanted.at, "task" if wanted.task else "factory")
        problem = self._spec.problem(at, message, "unknown-task")
        if problem not in self._problems:
            self._problems.append(problem)
        return ()

    def _by_key(self, name: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for draft in self._drafts[name]:
            found.setdefault(draft.key, []).append(draft.task.id)
        return found

    def _all(self, name: str, room: int) -> Iterable[str]:
        """All tasks of a factory, or barriers that stand for them."""
        ids = [draft.task.id for draft in self._drafts[name]]
        if TaskDependencies.on(ids, self._ambiguous).characters <= room:
            return ids
        if name not in self._barriers:
            self._barriers[name] = tuple(self._barrier(name, n, part) for n, part in enumerate(_barrier_parts(ids), 1))
            self._made |= {task.id.lower(): task for task in self._barriers[name]}
        return [task.id for task in self._barriers[name]]

    def _barrier(self, name: str, number: int, ids: Sequence[str]) -> Task:
        job = self._drafts[name][0].task.job
        task_id = f"{name}-barrier-{number}"
        if task_id.lower() in self._home:
            at = (*self._factories[self._home[task_id.lower()]].at, "id")
            message = f"{shown(task_id)} is the id of a barrier before those that wait for {shown(name)}: take another"
            self._problems.append(self._spec.problem(at, message, "same-task-id"))
        # It does nothing: that it succeeded says that all did for which it waited.
        line = "cmd.exe /c exit 0" if self._pool.windows else "/bin/true"
        digest = task_digest(
            {"command": short_hash([line]), "dependencies": short_hash([self._made[i.lower()].digest for i in ids])}
        )
        return Task(
            job=job,
            id=task_id,
            command_line=line,
            digest=digest,
            depends_on=TaskDependencies(task_ids=tuple(ids)),
            factory=name,
        )


def _barrier_parts(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in order, as many at once as a list may hold."""
    part: list[str] = []
    size = 0
    for task_id in ids:
        if size + len(task_id) > ROOM:
            yield part
            part, size = [], 0
        part.append(task_id)
        size += len(task_id)
    yield part


def _depended_on(factory: Factory) -> frozenset[str]:
    return frozenset(d.factory for d in factory.depends_on if d.factory)


def _possible_factories(factory: Factory, job: JobSpec) -> frozenset[str]:
    """The factories that it may wait for, as far as can be told before there are tasks."""
    if any(d.task for d in factory.depends_on):
        return frozenset(factory_name(f) for f in job.tasks if f is not factory)
    return _depended_on(factory)


def _all_before(name: str, before: Mapping[str, Iterable[str]]) -> set[str]:
    """All that come before, at any distance."""
    found: set[str] = set()
    left = list(before[name])
    while left:
        other = left.pop()
        if other not in found:
            found.add(other)
            left += before.get(other, ())
    return found - {name}
