"""The commands that plan and change: plan, apply, destroy."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli import saving
from batchctl.cli.asking import approve, can_ask, printer
from batchctl.cli.durations import patience
from batchctl.cli.options import (
    Discard,
    Force,
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
from batchctl.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Generator

    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.events import Event
    from batchctl.render import Printer


def plan(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan for `apply FILE`, within 24 hours.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is something to do, 0 if not.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="List every change, however many there are.")] = False,
    rerun: Rerun = None,
    reboot_nodes: Reboot = False,
    prune_outputs: Prune = False,
    force: Force = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl import verbs

    if out:
        saving.can_save(out)
    to = printer(no_color)
    choices = _choices(
        rerun,
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
        force=force,
    )
    opened = open_spec(spec, target, var, to)
    decided = verbs.plan(opened.spec, opened.cloud, choices)
    to.plan(decided, full=full)
    if decided.refusals:
        raise Refused(decided.refusals)
    if out:
        saving.save(out, decided, opened, choices)
        to.say(f"Saved: batchctl apply {out} does exactly this within 24 hours, or refuses.")
    if detailed_exitcode and decided:
        raise typer.Exit(2)


def apply(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC|PLAN", help="The YAML spec, or a saved plan.", show_default=False)
    ],
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    rerun: Rerun = None,
    reboot_nodes: Reboot = False,
    prune_outputs: Prune = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    no_color: NoColor = False,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home.

    A saved plan was agreed to when it was saved: nobody is asked again, and it is refused if anything differs by now.
    """
    from batchctl import verbs
    from batchctl.clock import SystemClock

    out = printer(no_color)
    choices = _choices(
        rerun,
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
        force=force,
    )
    waits = None if no_lock else patience(lock_timeout)
    if saving.is_plan(spec):
        opened, choices, agree = saving.reopen(spec, target, var, choices, out)
    else:
        can_ask(yes)
        opened = open_spec(spec, target, var, out)
        agree = lambda decided: approve(out, decided, yes=yes, question="Carry out this plan?")  # noqa: E731 (the other branch is handed one)
    _follow(verbs.apply(opened.spec, opened.cloud, SystemClock(), agree, choices, waits), out)
    out.complete("Apply")


def destroy(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    no_color: NoColor = False,
) -> None:
    """Show what would go, ask, and take away all that this spec made."""
    from batchctl import verbs
    from batchctl.clock import SystemClock

    out = printer(no_color)
    can_ask(yes)
    waits = None if no_lock else patience(lock_timeout)
    opened = open_spec(spec, target, var, out)
    question = "Destroy all of this? There is no undo."
    events = verbs.destroy(
        opened.spec,
        opened.cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        _choices(discard_outputs=discard_outputs, force=force),
        waits,
    )
    _follow(events, out)
    out.complete("Destroy")


def _follow(events: "Generator[Event, None, None]", out: "Printer") -> None:
    """Print what happens. Closed in any case, so that an interrupted command lets go of its lock."""
    with contextlib.closing(events):
        for event in events:
            out.event(event)


def _choices(rerun: list[str] | None = None, **flags: bool) -> "Choices":
    from batchctl.reconcile.choices import Choices

    return Choices(rerun=tuple(rerun or ()), **flags)
