"""Everything that batchctl can tell a user went wrong; each class knows its exit code (design D12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

MOST_PROBLEMS = 50
"""How many problems of a spec are told at once; where there are as many, more may come when they are mended."""


class BatchctlError(Exception):
    """The root. `str(error)` is what the user reads; `exit_code` is what the shell gets.

    `code`: a stable word for it, of a service's refusal the service's; "" where there is none. `file`, `line` and
    `column` (from 1): of the first problem of a spec; "" and 0 where it is about no place.
    """

    exit_code: ClassVar[int] = 70
    code: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        # Raised in another process, it comes back past `__init__`, which takes what the text was made of.
        return _as_raised, (type(self), self.args), vars(self)


def _as_raised(cls: type[BatchctlError], args: tuple[Any, ...]) -> BatchctlError:
    return cls.__new__(cls, *args)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a spec, with its place. `line` and `column` count from 1; `width` is the caret's length.

    `source` is the text of the line as written, without its newline. `code` is a stable kebab-case word.
    """

    file: str
    line: int
    column: int
    message: str
    code: str
    source: str = ""
    width: int = 1


class UsageError(BatchctlError):
    """The command line cannot be obeyed."""

    exit_code = 64


class SpecError(BatchctlError):
    """The spec is invalid; holds every problem that was found, in the order of their places."""

    exit_code = 65

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        if self.problems:
            first = self.problems[0]
            self.code, self.file, self.line, self.column = first.code, first.file, first.line, first.column
        super().__init__("\n".join(f"{p.file}:{p.line}:{p.column}: {p.message} [{p.code}]" for p in self.problems))


class Refused(BatchctlError):
    """What was asked would touch what is not ours, or lose something. Nothing was changed."""

    exit_code = 4

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


class CloudError(BatchctlError):
    """The service refused or could not be reached.

    `status` is the HTTP status (0: no answer), `code` the service's error code ("" where it sent none).
    """

    exit_code = 1

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        self.status, self.code = status, code
        super().__init__(message)


class NotThere(BatchctlError):
    """What was asked for is not there, or nobody can read it any more."""

    exit_code = 1


class TasksFailed(BatchctlError):
    """Everything was applied, but tasks failed or their declared outputs are not there."""

    exit_code = 3


class Partial(BatchctlError):
    """Interrupted, or only a part was done; the same command run again goes on from here."""

    exit_code = 5


class MachineError(BatchctlError):
    """This machine cannot do its part: a disk is full, a file or the output cannot be written; nothing was changed."""

    exit_code = 1


class Stuck(BatchctlError):
    """The wait ended by its deadline or by a limit of the spec, or nothing that is left can run."""

    exit_code = 6
