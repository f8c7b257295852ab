"""The commands that plan and change: plan, apply, destroy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli import plan_files
from batchctl.cli.documents import is_plan
from batchctl.cli.durations import patience
from batchctl.cli.following import follow
from batchctl.cli.options import (
    Adopt,
    AllowPython,
    AsJson,
    Discard,
    Force,
    LockTimeout,
    NoColor,
    NoLock,
    Only,
    Parallelism,
    Prune,
    Reboot,
    Replace,
    Rerun,
    SpecPath,
    TargetName,
    Variables,
    Yes,
)
from batchctl.cli.speaking import approve, can_ask, voice
from batchctl.cli.target import open_spec
from batchctl.errors import Refused, UsageError

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
    refresh_only: Annotated[
        bool, typer.Option("--refresh-only", help="Show which settings somebody else changed, and nothing else.")
    ] = False,
    only: Only = None,
    replace: Replace = None,
    rerun: Rerun = None,
    reboot_nodes: Reboot = False,
    prune_outputs: Prune = False,
    adopt: Adopt = False,
    force: Force = False,
    discard_outputs: Discard = False,
    allow_python: AllowPython = False,
    parallelism: Parallelism = None,
    as_json: AsJson = False,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl import verbs

    if out and refresh_only:
        raise UsageError("--refresh-only shows what is: there is nothing to keep with --out")
    if out:
        plan_files.can_save(out)
    to = voice(as_json, no_color)
    to.begin("plan")
    choices = _choices(
        only=only,
        replace=replace,
        rerun=rerun,
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
        force=force,
        adopt=adopt,
    )
    opened = open_spec(spec, target, var, to, parallelism, allow_python)
    decided = verbs.plan(opened.spec, opened.cloud, choices)
    if refresh_only:
        decided = verbs.drifted(decided)
        to.drift(decided)
    else:
        to.plan(decided, full=full)
    if decided.refusals:
        raise Refused(decided.refusals)
    if out:
        plan_files.save(out, decided, opened, choices)
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
    only: Only = None,
    replace: Replace = None,
    rerun: Rerun = None,
    reboot_nodes: Reboot = False,
    prune_outputs: Prune = False,
    adopt: Adopt = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    allow_python: AllowPython = False,
    parallelism: Parallelism = None,
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
        only=only,
        replace=replace,
        rerun=rerun,
        reboot_nodes=reboot_nodes,
        prune_outputs=prune_outputs,
        discard_outputs=discard_outputs,
        force=force,
        adopt=adopt,
    )
    waits = None if no_lock else patience(lock_timeout)
    if is_plan(spec):
        opened, choices, agree, ticket = plan_files.reopen(spec, target, var, choices, out, parallelism, allow_python)
    else:
        can_ask(yes, as_json)
        opened, ticket = open_spec(spec, target, var, out, parallelism, allow_python), None
        agree = lambda decided: approve(out, decided, yes=yes, question="Carry out this plan?")  # noqa: E731 (the other branch is handed one)
    follow(verbs.apply(opened.spec, opened.cloud, SystemClock(), agree, choices, waits, ticket), out)
    out.done("apply")


def destroy(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    only: Only = None,
    adopt: Adopt = False,
    force: Force = False,
    discard_outputs: Discard = False,
    lock_timeout: LockTimeout = "0s",
    no_lock: NoLock = False,
    parallelism: Parallelism = None,
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
    opened = open_spec(spec, target, var, out, parallelism)
    question = "Destroy all of this? There is no undo."
    events = verbs.destroy(
        opened.spec,
        opened.cloud,
        SystemClock(),
        lambda decided: approve(out, decided, yes=yes, question=question),
        _choices(only=only, discard_outputs=discard_outputs, force=force, adopt=adopt),
        waits,
    )
    follow(events, out)
    out.done("destroy")


def _choices(
    *,
    only: list[str] | None = None,
    replace: list[str] | None = None,
    rerun: list[str] | None = None,
    **flags: bool,
) -> "Choices":
    from batchctl.reconcile.choices import Choices
    from batchctl.reconcile.named import named

    for text in (*(only or ()), *(replace or ())):
        named(text)
    return Choices(only=tuple(only or ()), replace=tuple(replace or ()), rerun=tuple(rerun or ()), **flags)
