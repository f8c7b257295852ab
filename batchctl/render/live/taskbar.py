"""Progress on the bar of windows or tabs, where a terminal shows it (OSC 9;4, first of ConEmu). Values in, text out."""

from collections.abc import Mapping

from batchctl.render.live.seen import Seen

CLEAR = "\x1b]9;4;0;0\x07"

PROGRAMS = ("ghostty", "iTerm.app", "mintty", "WezTerm", "vscode")
"""Terminals by the name that they give themselves, of those that show it; others print what they do not know."""

VTE_SINCE = 8000
"""GNOME's terminals show it since VTE 0.80."""


def shows_progress(environ: Mapping[str, str]) -> bool:
    """Does the terminal know it? What stands between, as tmux does, names itself and does not."""
    if environ.get("TMUX") or environ.get("STY"):
        return False
    vte = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM_PROGRAM") in PROGRAMS
        or bool(environ.get("WT_SESSION"))
        or environ.get("ConEmuANSI") == "ON"
        or (vte.isascii() and vte.isdecimal() and int(vte) >= VTE_SINCE)
    )


def on_the_bar(seen: Seen) -> str:
    """How far it is in percent, red once something failed; that it goes on, where nobody knows how much it is."""
    step, counts = seen.step, seen.counts
    if step and step.ahead > 1:
        return _said(1, step.done, step.ahead)
    if step or counts is None or not seen.total:
        return _said(3, 0, 1)
    return _said(2 if counts.failed else 1, counts.succeeded, seen.total)


def _said(state: int, done: int, whole: int) -> str:
    return f"\x1b]9;4;{state};{done * 100 // whole}\x07"
