"""The commands that take a spec."""

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl import __version__
from batchctl.cli.asking import approve, can_ask, printer
from batchctl.cli.durations import patience
from batchctl.cli.options import (
    Discard,
    LockTimeout,
    NoColor,
    NoLock,
    Prune,
    Reboot,
    Rerun,
    SpecPath,
    TargetName,
    Variables,
    Yes,
)
from batchctl.cli.target import open_spec
from batchctl.errors import Refused, SpecError

if TYPE_CHECKING:
    from collections.abc import Generator

    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.events import Event
    from batchctl.render import Printer


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
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    no_color: NoColor = False,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home."""
    from batchctl import verbs
    from batchctl.clock import SystemClock

    out = printer(no_color)
    can_ask(yes)
    waits = None if no_lock else patience(lock_timeout)
    loaded, cloud = open_spec(spec, target, var, out)
    question = "Carry out this plan?"
    events = verbs.apply(
        loaded,
        cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        _choices(rerun, reboot_nodes, prune_outputs, discard_outputs),
        waits,
    )
    _follow(events, out)
    out.complete("Apply")


def destroy(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    no_color: NoColor = False,
) -> None:
    """Show what would go, ask, and take away all that this spec made."""
    from batchctl import verbs
    from batchctl.clock import SystemClock
    from batchctl.reconcile.choices import Choices

    out = printer(no_color)
    can_ask(yes)
    waits = None if no_lock else patience(lock_timeout)
    loaded, cloud = open_spec(spec, target, var, out)
    question = "Destroy all of this? There is no undo."
    events = verbs.destroy(
        loaded,
        cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        Choices(discard_outputs=discard_outputs),
        waits,
    )
    _follow(events, out)
    out.complete("Destroy")


def _follow(events: "Generator[Event, None, None]", out: "Printer") -> None:
    """Print what happens. Closed in any case, so that an interrupted command lets go of its lock."""
    with contextlib.closing(events):
        for event in events:
            out.event(event)


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
