"""Saved plans on the disk: readable by their owner alone, whole or not there."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.cli.asking import Voice, approve
from batchctl.cli.documents import is_plan
from batchctl.cli.target import Opened, open_spec, variables
from batchctl.clock import SystemClock
from batchctl.errors import Refused, UsageError

if TYPE_CHECKING:
    from batchctl.cloud_answers import Ticket
    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.kept.document import Saved
    from batchctl.reconcile.plan import Plan
    from batchctl.verbs import Approve


def can_save(path: Path) -> None:
    """Raises UsageError before anything is asked, rather than after."""
    if not path.parent.is_dir():
        raise UsageError(f"--out: there is no directory {path.parent}")
    if os.path.lexists(path) and not is_plan(path):
        raise UsageError(f"--out: {path} is there and no saved plan; it would be lost")


def save(path: Path, decided: "Plan", opened: Opened, choices: "Choices") -> None:
    """Write the plan that was shown, to be applied by `apply PATH`."""
    from batchctl.reconcile.kept.document import document_text
    from batchctl.verbs import saved

    occasion = saved.Occasion(
        spec=opened.path.as_posix(),
        target=opened.place,
        id=secrets.token_hex(8),
        now=SystemClock().now().replace(microsecond=0),
        variables=tuple(opened.variables.items()),
        choices=choices,
    )
    write_private(path, document_text(saved.save(decided, opened.spec, occasion)))


def read_plan(path: Path) -> "Saved":
    """Raises UsageError for what is no plan, Refused for one that is damaged or was edited."""
    from batchctl.reconcile.kept.document import read_document

    if path.is_file() and not is_plan(path):
        raise UsageError(f"{path} is no saved plan; `batchctl plan SPEC --out FILE` writes one")
    try:
        return read_document(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([f"cannot read the plan {path}: {error}"]) from error


def reopen(
    path: Path,
    target: str | None,
    var: list[str] | None,
    choices: "Choices",
    out: Voice,
    at_once: int | None,
    allow_python: bool,
) -> "tuple[Opened, Choices, Approve, Ticket]":
    """What a saved plan is about, the choices that it was made with, and the test that it still stands.

    Raises Refused for what can be told before the account is asked: expired, edited, another spec, another account.
    """
    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.kept.comparison import why_another_account, why_outdated
    from batchctl.spec.reading.load import fingerprint
    from batchctl.verbs.saved import approve_unchanged, ticket

    if choices != Choices():
        raise UsageError("a saved plan is applied as it was made: give such options to `plan --out`")
    saved = read_plan(path)
    spec = _find_spec(path, saved.header.spec)
    if reasons := why_outdated(saved.header, fingerprint(spec), SystemClock().now()):
        raise Refused(reasons)
    opened = open_spec(spec, target, _variables(saved, var), out, at_once, allow_python)
    if reasons := why_another_account(saved.header.target, opened.place):
        raise Refused(reasons)
    stands = approve_unchanged(saved, opened.spec)
    return (
        opened,
        saved.header.choices,
        lambda decided: stands(decided) and approve(out, decided, yes=True, question=""),
        ticket(saved),
    )


def write_private(path: Path, content: str) -> None:
    """All of it or nothing, for its owner alone; a link in its place is replaced, not followed."""
    draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _find_spec(plan: Path, spec: str) -> Path:
    """From where we stand, as it was when the plan was made, or from where the plan lies."""
    places = [Path(spec), plan.parent / spec]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise Refused([f"the plan's spec {spec!r} is not there: apply the plan from the directory where it was made"])
    return found


def _variables(saved: "Saved", var: list[str] | None) -> list[str]:
    """Those of the plan; a secret one is not in it, and is given again."""
    from batchctl.sensitive import is_sensitive

    given = variables(var)
    asked = [name for name, _ in saved.header.variables if is_sensitive(name)]
    if unasked := sorted(set(given) - set(asked)):
        raise UsageError(f"a saved plan has its variables in it; --var {unasked[0]} cannot change them")
    if missing := [name for name in asked if name not in given]:
        raise UsageError(f"the plan does not hold the secret {missing[0]!r}: pass --var {missing[0]}=VALUE again")
    return [f"{name}={given.get(name, value)}" for name, value in saved.header.variables]
