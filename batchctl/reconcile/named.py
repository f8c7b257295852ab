"""Objects as a command line names them: `pool.count`, `task.top-words-*`, `blob.input/*.txt`. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from batchctl.errors import UsageError
from batchctl.resources import KINDS, Blob, Job, Resource, Task, label_of


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
