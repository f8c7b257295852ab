"""What a command line decides about a plan, beyond what the spec says, and how it names objects. Pure.

A saved plan keeps it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from fnmatch import fnmatchcase

from batchctl.errors import UsageError
from batchctl.frozen import dataclass
from batchctl.resources import KINDS, Blob, Job, Resource, Task, label_of

EVERY = "all"
FAILED = "failed"
TASK = "task."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """`only` and `replace`: names as `named` reads them; nothing but these is done, these are made anew.

    `rerun`: `all`, `failed` or glob patterns of task ids; `prune_outputs`: orphaned outputs go; `reboot_nodes`: a
    changed start task comes to the nodes by rebooting them; `discard_outputs`: what would be lost may be; `force`:
    tasks that run may be ended; `adopt`: what sits at our names becomes ours.
    """

    only: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    rerun: tuple[str, ...] = ()
    prune_outputs: bool = False
    reboot_nodes: bool = False
    discard_outputs: bool = False
    force: bool = False
    adopt: bool = False

    def forces(self, task: str) -> str | None:
        """The option that makes this task run although it is up to date. Failed tasks run anyway."""
        if not self.replace and not self.rerun:
            return None
        replaced = (r for r in self.replace if r.startswith(TASK) and _fits_pattern(task, r.removeprefix(TASK)))
        patterns = (p for p in self.rerun if p == EVERY or (p != FAILED and _fits_pattern(task, p)))
        return next((f"--replace {r}" for r in replaced), None) or next((f"--rerun {p}" for p in patterns), None)

    @property
    def failed_alone(self) -> bool:
        """Do only those tasks run that failed, whatever else changed?"""
        return FAILED in self.rerun

    def unmet(self, tasks: Iterable[str]) -> tuple[str, ...]:
        """Patterns that no task meets: most likely a slip."""
        patterns = [p for p in self.rerun if p not in (EVERY, FAILED)]
        ids = tuple(tasks) if patterns else ()
        return tuple(p for p in patterns if not any(_fits_pattern(i, p) for i in ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn(Choices):
    """What is left of it for the later steps of an apply: nothing is made anew twice. `ran`: ids in lower case."""

    ran: frozenset[str] = frozenset()

    def forces(self, task: str) -> str | None:
        return None if task.lower() in self.ran else Choices.forces(self, task)


def going_on(choices: Choices, ran: Iterable[str]) -> GoingOn:
    """The choices once the tasks with these ids have run. Later steps prune nothing: no plan has shown it."""
    before = choices.ran if isinstance(choices, GoingOn) else frozenset()
    tasks_alone = tuple(name for name in choices.replace if name.startswith(TASK))
    kept = {field.name: getattr(choices, field.name) for field in fields(Choices)}
    shown = kept | {"replace": tasks_alone, "prune_outputs": False}
    return GoingOn(**shown, ran=before | {task.lower() for task in ran})


def _fits_pattern(task: str, pattern: str) -> bool:
    return fnmatchcase(task.lower(), pattern.lower())


@dataclass(frozen=True, slots=True)
class Named:
    """A kind and a pattern of names, compared without regard to case. `text` is how it was given."""

    kind: str
    pattern: str
    text: str

    def meets(self, resource: Resource) -> bool:
        """A job means its tasks too."""
        if self.kind == "job" and isinstance(resource, Task):
            return self._is(resource.job)
        return resource.kind == self.kind and any(map(self._is, _names_of(resource)))

    def brings(self, blob: Blob) -> bool:
        """Does this blob come home with it: itself, its container, or the task that wrote it."""
        if self.kind == "task":
            return blob.task is not None and self._is(blob.task)
        return self.meets(blob) or (self.kind == "container" and self._is(blob.container)) or self.kind == "job"

    def _is(self, name: str) -> bool:
        return fnmatchcase(name.lower(), self.pattern.lower())


def named(text: str) -> Named:
    """Raises UsageError for what is no KIND.NAME."""
    kind, _, pattern = text.partition(".")
    kinds = [known.kind for known in KINDS]
    if kind not in kinds or not pattern:
        raise UsageError(f"{text!r} names nothing: it takes KIND.NAME, where KIND is {', '.join(kinds)}")
    return Named(kind, pattern, text)


def _names_of(resource: Resource) -> Iterator[str]:
    """By its name in the spec, or by what the service calls it."""
    yield resource.name
    if isinstance(resource, Job | Task):
        yield label_of(resource)
    if isinstance(resource, Task):
        yield resource.id
