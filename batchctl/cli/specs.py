"""The commands that plan and change: plan, apply, destroy."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from batchctl.cli.desk import log_end, retry_like
from batchctl.cli.leaving import leave
from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.plan_files import is_plan, require_room
from batchctl.cli.reporting import Telling, require_folder
from batchctl.cli.saved_plans import Intent, open_plan, save_plan
from batchctl.cli.speaking import (
    finish,
    open_telling,
    open_voice,
    print_events,
    require_an_answer,
    show_and_ask,
    voice_for,
)
from batchctl.cli.target import open_spec
from batchctl.errors import Refused, UsageError


@with_options
def plan(spec: SpecPath, *, options: Options) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl.verbs import plan as verb

    if options.out and options.refresh_only:
        raise UsageError("--refresh-only shows what is: there is nothing to keep with --out")
    if options.out:
        require_room(options.out)
    out = open_voice(options.as_json, options.no_color)
    out.begin("plan")
    choices = options.choices()
    opened = open_spec(spec, options, out)
    decided = verb.plan(opened.spec, opened.cloud, choices)
    if options.refresh_only:
        decided = verb.drifted(decided)
        out.drift(decided)
    else:
        out.plan(decided, full=options.full)
    if decided.refusals:
        raise Refused(decided.refusals)
    if options.out:
        save_plan(options.out, decided, opened, choices)
        out.say(f"Saved: batchctl apply {options.out} does exactly this within 24 hours, or refuses.")
    code = 2 if options.detailed_exitcode and decided else 0
    out.done("plan", code)
    raise typer.Exit(code)


@with_options
def apply(
    spec: Annotated[
        Path, typer.Argument(metavar="SPEC|PLAN", help="The YAML spec, or a saved plan.", show_default=False)
    ],
    *,
    options: Options,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home.

    A saved plan was agreed to when it was saved: nobody is asked again, and it is refused if anything differs by now.
    Ctrl-C leaves tasks that run to themselves, and says how to come back.
    """
    apply_spec(spec, options)


def apply_spec(spec: Path, options: Options) -> None:
    """Ends, as the command does, by typer.Exit."""
    from batchctl.reconcile.carry_out.lookout import Lookout
    from batchctl.verbs import apply as verb

    told = voice_for(options)
    out = open_telling(told, options.no_color)
    out.begin("apply")
    # Made before an account is opened: what is wrong with the words costs no start of a service.
    choices, patience = options.choices(), options.lock_patience()
    if options.report and options.no_wait:
        raise UsageError("--report tells how it ended, which --no-wait does not wait for: `batchctl report` does later")
    if options.report:
        require_folder(options.report, "--report")
    if is_plan(spec):
        work = open_plan(spec, options, out)
    else:
        require_an_answer(options.yes, told == "json")
        approve = partial(show_and_ask, out, yes=options.yes, question="Carry out this plan?")
        work = Intent(opened=open_spec(spec, options, out), choices=choices, approve=approve, options=options)
    opened, clock = work.opened, work.opened.cloud.clock
    out.keys_do(partial(log_end, opened.cloud.eyes), partial(retry_like, opened))
    lookout = Lookout(clock=clock, eyes=opened.cloud.eyes, close=told == "live")
    telling = Telling(opened, options.report, out) if options.report else None
    agree = telling.approve(work.approve) if telling else work.approve
    does = (opened.spec, opened.cloud, clock, agree, work.choices, patience, work.ticket, lookout)
    events = verb.apply(*does, wait=not options.no_wait)
    heard = telling.events(events) if telling else events
    finish(out, "apply", left=print_events(heard, out, leave(opened.path, work.options)))


@with_options
def destroy(spec: SpecPath, *, options: Options) -> None:
    """Show what would go, ask, and take away all that this spec made."""
    destroy_spec(spec, options)


def destroy_spec(spec: Path, options: Options) -> None:
    from batchctl.verbs import destroy as verb

    told = voice_for(options)
    out = open_telling(told, options.no_color)
    out.begin("destroy")
    require_an_answer(options.yes, told == "json")
    patience = options.lock_patience()
    opened = open_spec(spec, options, out, names_alone=True)
    approve = partial(show_and_ask, out, yes=options.yes, question="Destroy all of this? There is no undo.")
    cloud = opened.cloud
    print_events(verb.destroy(opened.spec, cloud, cloud.clock, approve, options.choices(), patience), out)
    out.done("destroy")
