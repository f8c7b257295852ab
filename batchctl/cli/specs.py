"""The commands that plan and change: plan, apply, destroy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli import saving
from batchctl.cli.asking import approve, can_ask, voice
from batchctl.cli.durations import patience
from batchctl.cli.following import follow
from batchctl.cli.options import (
    Adopt,
    AsJson,
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
    from batchctl.reconcile.choices import Choices


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
    adopt: Adopt = False,
    force: Force = False,
    discard_outputs: Discard = False,
    as_json: AsJson = False,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl import verbs

    if out:
        saving.can_save(out)
    to = voice(as_json, no_color)
    to.begin("plan")
    choices = _choices(
        rerun,
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
        force=force,
        adopt=adopt,
    )
    opened = open_spec(spec, target, var, to)
    decided = verbs.plan(opened.spec, opened.cloud, choices)
    to.plan(decided, full=full)
    if decided.refusals:
        raise Refused(decided.refusals)
    if out:
        saving.save(out, decided, opened, choices)
        to.say(f"Saved: batchctl apply {out} does exactly this within 24 hours, or refuses.")
    code = 2 if detailed_exitcode and decided else 0
    to.done("plan", code)
    raise typer.Exit(code)


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
    adopt: Adopt = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    as_json: AsJson = False,
    no_color: NoColor = False,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home.

    A saved plan was agreed to when it was saved: nobody is asked again, and it is refused if anything differs by now.
    """
    from batchctl import verbs
    from batchctl.clock import SystemClock

    out = voice(as_json, no_color)
    out.begin("apply")
    choices = _choices(
        rerun,
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
        force=force,
        adopt=adopt,
    )
    waits = None if no_lock else patience(lock_timeout)
    if saving.is_plan(spec):
        opened, choices, agree = saving.reopen(spec, target, var, choices, out)
    else:
        can_ask(yes, as_json)
        opened = open_spec(spec, target, var, out)
        agree = lambda decided: approve(out, decided, yes=yes, question="Carry out this plan?")  # noqa: E731 (the other branch is handed one)
    follow(verbs.apply(opened.spec, opened.cloud, SystemClock(), agree, choices, waits), out)
    out.done("apply")


def destroy(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    adopt: Adopt = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    as_json: AsJson = False,
    no_color: NoColor = False,
) -> None:
    """Show what would go, ask, and take away all that this spec made."""
    from batchctl import verbs
    from batchctl.clock import SystemClock

    out = voice(as_json, no_color)
    out.begin("destroy")
    can_ask(yes, as_json)
    waits = None if no_lock else patience(lock_timeout)
    opened = open_spec(spec, target, var, out)
    question = "Destroy all of this? There is no undo."
    events = verbs.destroy(
        opened.spec,
        opened.cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        _choices(discard_outputs=discard_outputs, force=force, adopt=adopt),
        waits,
    )
    follow(events, out)
    out.done("destroy")


def _choices(rerun: list[str] | None = None, **flags: bool) -> "Choices":
    from batchctl.reconcile.choices import Choices

    return Choices(rerun=tuple(rerun or ()), **flags)
