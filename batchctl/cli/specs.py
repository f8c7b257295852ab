"""The commands that take a spec."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from batchctl import __version__
from batchctl.cli.asking import approve, can_ask, printer
from batchctl.cli.options import Discard, NoColor, SpecPath, TargetName, Variables, Yes
from batchctl.cli.target import open_spec
from batchctl.errors import Refused, SpecError


def plan(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is something to do, 0 if not.")
    ] = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl import verbs
    from batchctl.reconcile.choices import Choices

    out = printer(no_color)
    loaded, cloud = open_spec(spec, target, var, out)
    decided = verbs.plan(loaded, cloud, Choices(discard_outputs=discard_outputs))
    out.plan(decided)
    if decided.refusals:
        raise Refused(decided.refusals)
    if detailed_exitcode and decided:
        raise typer.Exit(2)


def apply(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home."""
    from batchctl import verbs
    from batchctl.clock import SystemClock
    from batchctl.reconcile.choices import Choices

    out = printer(no_color)
    can_ask(yes)
    loaded, cloud = open_spec(spec, target, var, out)
    question = "Carry out this plan?"
    events = verbs.apply(
        loaded,
        cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        Choices(discard_outputs=discard_outputs),
    )
    for event in events:
        out.event(event)
    out.complete("Apply")


def destroy(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show what would go, ask, and take away all that this spec made."""
    from batchctl import verbs
    from batchctl.reconcile.choices import Choices

    out = printer(no_color)
    can_ask(yes)
    loaded, cloud = open_spec(spec, target, var, out)
    question = "Destroy all of this? There is no undo."
    for event in verbs.destroy(
        loaded,
        cloud,
        lambda decided: approve(out, decided, yes=yes, question=question),
        Choices(discard_outputs=discard_outputs),
    ):
        out.event(event)
    out.complete("Destroy")


def validate(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", help="YAML specs.", show_default=False)],
    no_color: NoColor = False,
) -> None:
    """Check specs and report every problem at once. Sends no request."""
    from batchctl.spec.load import examine

    out = printer(no_color)
    problems = [problem for path in specs for problem in examine(path, {}, os.environ)]
    if problems:
        raise SpecError(problems)
    out.result(f"{len(specs)} valid." if len(specs) > 1 else f"{specs[0]} is valid.")


def schema() -> None:
    """Print the JSON schema of specs, for editors."""
    from batchctl.spec.load import schema_text

    sys.stdout.write(schema_text())


def version() -> None:
    """Print the version."""
    sys.stdout.write(f"batchctl {__version__}\n")
