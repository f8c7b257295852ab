"""Printers, and the question before anything is changed."""

import sys
from typing import TYPE_CHECKING, TypeAlias

from batchctl.clock import SystemClock
from batchctl.errors import UsageError

if TYPE_CHECKING:
    from batchctl.reconcile.plan import Plan
    from batchctl.render.printer import Printer
    from batchctl.render.stream import JsonPrinter


Voice: TypeAlias = "Printer | JsonPrinter"
"""What says to people, or to programs, what happens."""


def approve(to: Voice, decided: "Plan", *, yes: bool, question: str) -> bool:
    to.plan(decided)
    # A plan without changes only waits and fetches: there is nothing to agree to.
    if yes or decided.refusals or not decided.changes:
        return True
    return asked(to, question)


def asked(to: Voice, question: str) -> bool:
    to.say(f"\n{question} Only 'yes' is accepted:")
    return sys.stdin.readline().strip() == "yes"


def can_ask(yes: bool, as_json: bool = False) -> None:
    if as_json and not yes:
        raise UsageError("--json asks nobody: pass --yes, or a saved plan")
    if not yes and not sys.stdin.isatty():
        raise UsageError("standard input is not a terminal, so nobody can be asked: pass --yes")


def printer(no_color: bool = False) -> "Printer":
    from batchctl.render.printer import Printer, consoles  # imported late: help and completion print nothing of ours

    return Printer(*consoles(no_color=no_color))


def voice(as_json: bool, no_color: bool = False) -> Voice:
    text = printer(no_color)
    if not as_json:
        return text
    from batchctl.render.stream import JsonPrinter

    return JsonPrinter(sys.stdout, text, SystemClock())
