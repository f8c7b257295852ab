"""What a command line decides about a plan, beyond what the spec says. A saved plan keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase

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
        replaced = (r for r in self.replace if r.startswith(TASK) and _fits_pattern(task, r.removeprefix(TASK)))
        patterns = (p for p in self.rerun if p == EVERY or (p != FAILED and _fits_pattern(task, p)))
        return next((f"--replace {r}" for r in replaced), None) or next((f"--rerun {p}" for p in patterns), None)

    def unmet(self, tasks: Iterable[str]) -> tuple[str, ...]:
        """Patterns that no task meets: most likely a slip."""
        ids = tuple(tasks)
        return tuple(p for p in self.rerun if p not in (EVERY, FAILED) and not any(_fits_pattern(i, p) for i in ids))


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
