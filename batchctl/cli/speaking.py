"""What a command says and asks: the voice it speaks with, the question before a change, the events of a verb."""

import contextlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import typer

from batchctl.clock import SystemClock
from batchctl.errors import Partial, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from batchctl.cli.options import Options
    from batchctl.reconcile.events import Detached, Event, UnderWay
    from batchctl.reconcile.kept.codec import Codec
    from batchctl.reconcile.plan import Plan
    from batchctl.render.page import Page
    from batchctl.render.printer import Printer
    from batchctl.render.stream import JsonPrinter


Voice: TypeAlias = "Printer | JsonPrinter"
"""What says to people, or to programs, what happens."""


SPEC_CODECS: "list[Codec]" = []
"""Those of the specs that this command has loaded: an error that ends it knows of no spec, and must show none of its
secrets."""


OPENED: "list[Voice | Page]" = []
"""The voices of this command: the last tells the error that ends it, too, for it alone knows what was not told yet."""


VOICES = ("live", "lines", "json")
"""What -o takes where something happens: a view that is drawn anew, a line for each change, JSON."""


def voice_for(options: "Options") -> str:
    """What is said how; what was asked for counts more than what the terminal and the environment suggest.

    Raises UsageError.
    """
    if options.voice and options.voice not in VOICES:
        raise UsageError(f"-o is one of {', '.join(VOICES)}, not {options.voice!r}")
    if options.as_json and options.voice not in ("", "json"):
        raise UsageError(f"--json and -o {options.voice} say two things")
    if options.voice == "live" and not sys.stderr.isatty():
        raise UsageError("-o live draws on a terminal, and standard error is none")
    return "json" if options.as_json else options.voice or ("live" if can_be_live(os.environ) else "lines")


def can_be_live(environ: "Mapping[str, str]") -> bool:
    """Logs of CI are no screens, even where they look like a terminal."""
    return sys.stderr.isatty() and environ.get("TERM", "") not in ("dumb", "unknown") and not environ.get("CI")


def open_telling(how: str, no_color: bool) -> Voice:
    """For commands whose work takes its time: `how` is one of VOICES."""
    if how == "json":
        return open_voice(True, no_color)
    from batchctl.render.paper import papers

    out, err = papers(no_color=no_color)
    voice: Printer
    if how == "live":
        from batchctl.render.live.screen import Screen  # imported late: so much of rich is loaded for nothing else
        from batchctl.render.live.taskbar import shows_progress
        from batchctl.render.terminal import Terminal

        assert isinstance(err, Terminal)  # as `voice_for` has seen to
        voice = Screen(out, err, SystemClock(), on_bar=shows_progress(os.environ))
    else:
        from batchctl.render.lines import Lines

        voice = Lines(out, err, SystemClock())
    OPENED.append(voice)
    return voice


def open_voice(as_json: bool, no_color: bool = False) -> Voice:
    """JSON lines for programs, else text for people."""
    text = open_printer(no_color)
    if not as_json:
        return text
    from batchctl.render.stream import JsonPrinter

    voice = JsonPrinter(sys.stdout, text, SystemClock())
    OPENED.append(voice)
    return voice


def open_printer(no_color: bool = False, *, aside: bool = False) -> "Printer":
    """`aside`: what is no result goes to stderr, for a program reads standard output."""
    from batchctl.render.paper import papers  # imported late: help and completion print nothing of ours
    from batchctl.render.printer import Printer

    out, err = papers(no_color=no_color)
    printer = Printer(err if aside else out, err)
    OPENED.append(printer)
    return printer


def open_page(no_color: bool = False) -> "Page":
    """For commands that know no plan: much less is loaded for it."""
    from batchctl.render.page import Page
    from batchctl.render.paper import papers

    page = Page(*papers(no_color=no_color))
    OPENED.append(page)
    return page


def require_an_answer(yes: bool, as_json: bool = False) -> None:
    """Raises UsageError, before anything is begun, where the question could not be answered."""
    if as_json and not yes:
        raise UsageError("--json asks nobody: pass --yes, or a saved plan")
    if not yes and not sys.stdin.isatty():
        raise UsageError("standard input is not a terminal, so nobody can be asked: pass --yes")


def show_and_ask(out: Voice, decided: "Plan", *, yes: bool, question: str) -> bool:
    """Show the plan; True if it may be carried out."""
    out.plan(decided)
    # A plan without changes only waits and fetches: there is nothing to agree to. One with refusals goes no further.
    is_agreed = bool(yes or decided.refusals or not decided.changes) or ask_for_yes(out, question)
    if is_agreed and decided and not decided.refusals:
        out.agreed()
    return is_agreed


def ask_for_yes(out: "Voice | Page", question: str) -> bool:
    out.say(f"\n{question} Only 'yes' is accepted:")
    return sys.stdin.readline().strip() == "yes"


def print_events(
    events: "Generator[Event, None, None]", out: Voice, leave: "Callable[[UnderWay | Detached], Detached] | None" = None
) -> bool:
    """Print what a verb does while it does it. True: it was interrupted while it waited for tasks, and these go on.

    `leave` says of such jobs how to come back to them and how to end them; None: nothing is left to itself.
    """
    from batchctl.reconcile.events import Detached, Phase, Progress, UnderWay

    going: UnderWay | None = None
    counts = None
    try:
        # An interrupted verb lets go of its lock when it is closed, not when somebody collects it.
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, UnderWay):
                    going, counts = event, None
                elif isinstance(event, Progress):
                    counts = event.counts
                elif isinstance(event, Phase):
                    going = None
                out.event(leave(event) if isinstance(event, Detached) and leave else event)
    except KeyboardInterrupt:
        if going is None or leave is None:
            raise
        out.event(replace(leave(going), counts=counts))
        return True
    return False


def finish(out: Voice, verb: str, *, left: bool) -> None:
    """The last word of a command; `left`: it was interrupted, and what it waited for goes on (design D12)."""
    code = Partial.exit_code if left else 0
    out.done(verb, code)
    raise typer.Exit(code)
