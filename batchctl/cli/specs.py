"""The commands that take a spec."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl import __version__
from batchctl.cli.asking import approve, can_ask, printer
from batchctl.cli.options import Discard, NoColor, Prune, Reboot, Rerun, SpecPath, TargetName, Variables, Yes
from batchctl.cli.target import open_spec
from batchctl.errors import Refused, SpecError

if TYPE_CHECKING:
    from batchctl.reconcile.choices import Choices


def plan(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is something to do, 0 if not.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="List every change, however many there are.")] = False,
    rerun: Rerun = None,
    reboot_nodes: Reboot = False,
    prune_outputs: Prune = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl import verbs

    out = printer(no_color)
    loaded, cloud = open_spec(spec, target, var, out)
    decided = verbs.plan(loaded, cloud, _choices(rerun, reboot_nodes, prune_outputs, discard_outputs))
    out.plan(decided, full=full)
    if decided.refusals:
        raise Refused(decided.refusals)
    if detailed_exitcode and decided:
        raise typer.Exit(2)


def apply(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    rerun: Rerun = None,
    reboot_nodes: Reboot = False,
    prune_outputs: Prune = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home."""
    from batchctl import verbs
    from batchctl.clock import SystemClock

    out = printer(no_color)
    can_ask(yes)
    loaded, cloud = open_spec(spec, target, var, out)
    question = "Carry out this plan?"
    events = verbs.apply(
        loaded,
        cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        _choices(rerun, reboot_nodes, prune_outputs, discard_outputs),
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


def _choices(rerun: list[str] | None, reboot_nodes: bool, prune_outputs: bool, discard_outputs: bool) -> "Choices":
    from batchctl.reconcile.choices import Choices

    return Choices(
        rerun=tuple(rerun or ()),
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
    )


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
