"""Printers, and the question before anything is changed."""

import sys
from typing import TYPE_CHECKING

from batchctl.errors import UsageError
from batchctl.render import Printer, consoles

if TYPE_CHECKING:
    from batchctl.reconcile.plan import Plan


def approve(to: Printer, decided: "Plan", *, yes: bool, question: str) -> bool:
    to.plan(decided)
    # A plan without changes only waits and fetches: there is nothing to agree to.
    if yes or decided.refusals or not decided.changes:
        return True
    return asked(to, question)


def asked(to: Printer, question: str) -> bool:
    to.say(f"\n{question} Only 'yes' is accepted:")
    return sys.stdin.readline().strip() == "yes"


def can_ask(yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise UsageError("standard input is not a terminal, so nobody can be asked: pass --yes")


def printer(no_color: bool = False) -> Printer:
    return Printer(*consoles(no_color=no_color))
