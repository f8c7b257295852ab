"""How commands end, from the classes of errors; and what is found wrong with a spec, from the cases that tests run."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from batchctl import errors
from batchctl.errors import BatchctlError, Problem
from tests.documents.tables import cell, code, row, table
from tests.examine import examine
from tests.spec.test_problems import cases, make, text

ENDS = """# Exit codes

What the shell gets from each command; with `--json` the last line has it as `exitCode` ([events](events.md)).
"""
NO_ERRORS = (
    (0, "-", "Done, or nothing to do."),
    (2, "-", "Changes are pending: `plan --detailed-exitcode` alone."),
)
CODES = """# Error codes

What `validate`, `plan` and `apply` find wrong with a spec ends in a code: `spec.yaml:6:38: … [reserved-name]`; with
`--json` it is the `code` of a [`problem`](events.md#problem). Codes stay; sentences may become better. Each with a
sentence that a test asks for:
"""
LEARN = "https://learn.microsoft.com/rest/api/batchservice/batch-status-and-error-codes"
SERVICE = f"""
What the service refuses has the code of Azure Batch or Storage, as [Microsoft lists them]({LEARN}); the local service
uses [the same](../local-service.md).
"""


def exit_codes_page() -> str:
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, BatchctlError)]
    told = [(one.exit_code, one.__name__, _first(one)) for one in found if one is not BatchctlError]
    told.append((BatchctlError.exit_code, "-", "A bug in batchctl: please report it."))
    rows = [
        row(f"`{number}`", code(name) if name != "-" else "", cell(says))
        for number, name, says in sorted([*NO_ERRORS, *told])
    ]
    return "\n".join([ENDS, *table(("exit code", "error", "when"), rows), ""])


def error_codes_page() -> str:
    said: dict[str, str] = {}
    for problem in _found():
        said.setdefault(problem.code, problem.message)
    rows = [row(f"`{one}`", cell(_plain(said[one]))) for one in sorted(said)]
    return "\n".join([CODES, *table(("code", "such as"), rows), SERVICE.rstrip("\n"), ""])


def _first(one: type) -> str:
    return " ".join((one.__doc__ or "").partition("\n\n")[0].split())


def _found() -> Iterator[Problem]:
    """The problems of the first case of each code."""
    seen: set[str] = set()
    for [case] in (param.values for param in cases()):
        codes = {one["code"] for one in case.get("problems", ())}
        if codes <= seen:
            continue
        seen |= codes
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            for name, content in case.get("files", {}).items():
                make(folder / name, content)
            (folder / "spec.yaml").write_bytes(text(case))
            for problem in examine(folder / "spec.yaml", {}, {"SET": "here", **case.get("environ", {})}):
                yield problem if made not in problem.message else _without(problem, made)


def _without(problem: Problem, folder: str) -> Problem:
    message = problem.message.replace(f"{folder}{os.sep}", "").replace(folder, ".")
    return Problem(problem.file, problem.line, problem.column, message, problem.code)


def _plain(message: str) -> str:
    return re.sub(r"\s+", " ", message)
