"""A plan that is kept and carried out later: saved with what it was made from, and opened again."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.cli.options import Options
from batchctl.cli.plan_files import read_plan, write_private
from batchctl.cli.speaking import Voice, show_and_ask
from batchctl.cli.target import Opened, open_spec
from batchctl.clock import SystemClock
from batchctl.errors import Refused, UsageError
from batchctl.frozen import dataclass
from batchctl.opening.variables import parse_variables

if TYPE_CHECKING:
    from batchctl.cloud_answers import Ticket
    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.kept.document import Saved
    from batchctl.reconcile.plan import Plan
    from batchctl.verbs.under_lock import Approve


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What an apply carries out, with which choices, and by whose leave. `ticket`: of a saved plan; `options`: those by
    which its spec is what it was."""

    opened: Opened
    choices: "Choices"
    approve: "Approve"
    options: Options
    ticket: "Ticket | None" = None


def save_plan(path: Path, decided: "Plan", opened: Opened, choices: "Choices") -> None:
    """Write the plan that was shown, to be applied by `apply PATH`."""
    from batchctl.reconcile.kept.document import document_text
    from batchctl.verbs import saved

    occasion = saved.occasion_of(opened.path, opened.spec, opened.place, choices, SystemClock())
    write_private(path, document_text(saved.save(decided, opened.spec, occasion)))


def open_plan(path: Path, options: Options, out: Voice) -> Intent:
    """What a saved plan is about; it is approved if it still stands, and nobody is asked.

    Raises Refused for what can be told before the account is asked: expired, edited, another spec, another account.
    """
    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.kept.comparison import why_another_account, why_outdated
    from batchctl.spec.load import fingerprint
    from batchctl.spec.reading.variables import IN_ENVIRONMENT
    from batchctl.verbs.saved import approve_unchanged, ticket

    if options.choices() != Choices():
        raise UsageError("a saved plan is applied as it was made: give such options to `plan --out`")
    saved = read_plan(path)
    spec = _find_spec(path, saved.header.spec)
    if options.overlay:
        raise UsageError("a saved plan has its overlays in it; --overlay cannot change them")
    overlays = tuple(_find_spec(path, file, "overlay") for file, _ in saved.header.overlays)
    if reasons := why_outdated(
        saved.header, fingerprint(spec), SystemClock().now(), [fingerprint(overlay) for overlay in overlays]
    ):
        raise Refused(reasons)
    again = replace(options, var=_variables_again(saved, options), overlay=overlays)
    # What has come into the environment since is none of this plan's business.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(IN_ENVIRONMENT)}
    opened = open_spec(spec, again, out, environ=environ)
    if reasons := why_another_account(saved.header.target, opened.place):
        raise Refused(reasons)
    return Intent(
        opened=opened,
        choices=saved.header.choices,
        approve=partial(_show_if_it_stands, approve_unchanged(saved, opened.spec), out),
        ticket=ticket(saved),
        options=replace(again, only=saved.header.choices.only),
    )


def _show_if_it_stands(stands: "Approve", out: Voice, decided: "Plan") -> bool:
    """The judgement first: what is shown is what is carried out."""
    return stands(decided) and show_and_ask(out, decided, yes=True, question="")


def _find_spec(plan: Path, spec: str, what: str = "spec") -> Path:
    """From where we stand, as it was when the plan was made, or from where the plan lies."""
    places = [Path(spec), plan.parent / spec]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise Refused([f"the plan's {what} {spec!r} is not there: apply the plan from the directory where it was made"])
    return found


def _variables_again(saved: "Saved", options: Options) -> tuple[str, ...]:
    """Those of the plan; a secret one is not in it, and is given again, by the environment or the command line."""
    from batchctl.sensitive import HIDDEN, is_sensitive
    from batchctl.spec.reading.variables import in_environment

    if options.var_file:
        raise UsageError("a saved plan has its variables in it; --var-file cannot change them")
    given = parse_variables(options.var)
    # One whose name tells nothing may have the value of a secret.
    secret = [name for name, value in saved.header.variables if is_sensitive(name) or HIDDEN in value]
    if unasked := sorted(set(given) - set(secret)):
        raise UsageError(f"a saved plan has its variables in it; --var {unasked[0]} cannot change them")
    names = [name for name, _ in saved.header.variables]
    for name in secret:
        if name not in given and (found := in_environment(name, os.environ, dict.fromkeys(names))):
            given[name] = (os.environ[found],)
    if missing := [name for name in secret if name not in given]:
        raise UsageError(f"the plan does not hold the secret {missing[0]!r}: pass --var {missing[0]}=VALUE again")
    return tuple(f"{name}={text}" for name, value in saved.header.variables for text in given.get(name, (value,)))
