"""What is said to people: lines, problems and errors on a terminal or in a log. Decides nothing."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from batchctl.errors import MOST_PROBLEMS, BatchctlError, Problem, Refused, SpecError
from batchctl.render.paper import Paper, Part
from batchctl.render.text import columns_of, disarmed, excerpt, short_ids, visible_text, wrapped_line
from batchctl.sensitive import Veil
from batchctl.words import one_line

if TYPE_CHECKING:
    from batchctl.reconcile.kept.codec import Codec

WRONG: Part = ("error: ", "bold red")


class Page:
    """Results to `out`, progress and errors to `err`; colour only where the stream is a terminal that wants it.

    It knows no plan and no event: commands that read files alone load nothing of these.
    """

    def __init__(self, out: Paper, err: Paper) -> None:
        self.out, self.err = out, err
        self._veil = Veil()
        self._looks_on = False

    def hide(self, codec: "Codec") -> None:
        """Write nothing that its veil hides."""
        self._veil = codec.veil

    def end(self) -> None:
        """The terminal is as it was, however the command ends."""

    def look_on(self) -> None:
        """From here on nothing is under way that Ctrl-C could cut off."""
        self._looks_on = True

    def interrupted(self, *, again: bool) -> bool:
        """A signal came, in the middle of anything; `again`: the process ends at once. True: its reader sees it,
        or need not."""
        return self._looks_on and not again

    def log(self, lead: str, line: str) -> None:
        """A line that a task wrote, to standard output whoever reads it, its tabs kept."""
        said = "\t".join(map(one_line, self._veil(line).split("\t")))
        sys.stdout.write(f"{one_line(short_ids(lead))}{said}\n")

    def line(self, line: str) -> None:
        """A line of a result, broken between words where the terminal is narrow."""
        self._line(line)

    def as_text(self, lines: Iterable[str]) -> str:
        """Lines of a result as they would be written, and not written."""

        def write() -> None:
            for line in lines:
                self.line(line)

        return self.out.captured(write)

    def say(self, line: str) -> None:
        self.err.write((self._broken(self._safe(line)), ""))

    def _safe(self, said: str) -> str:
        return disarmed(short_ids(visible_text(self._veil(said))))

    def _broken(self, said: str, lead: str = "") -> str:
        """Lines on the error stream, broken between words where it is a narrow terminal; `lead`: what stands before."""
        width = self.err.width if self.err.is_terminal else 0
        return "\n".join(wrapped_line(line, width) for line in f"{lead}{said}".split("\n")).removeprefix(lead)

    def result(self, line: str) -> None:
        # A line of somebody's log: its tabs stand for nothing but room.
        self._line("\t".join(map(one_line, self._veil(line).split("\t"))), whole=True)

    def error(self, error: BatchctlError) -> None:
        if isinstance(error, SpecError):
            for problem in error.problems:
                self._problem(problem)
            if len(error.problems) >= MOST_PROBLEMS:
                self.say(f"{len(error.problems)} problems are told; there may be more when these are mended.")
            return
        said = self._refusal(error) if isinstance(error, Refused) else str(error)
        lead, style = WRONG
        self.err.write((lead + self._broken(self._safe(said), lead), style))

    def _refusal(self, error: Refused) -> str:
        return "\n".join(map(one_line, error.reasons))

    def note(self, note: Problem) -> None:
        """What the reader of a spec should know of a place in it; it is valid all the same."""
        self._problem(note, ("note: ", "bold"))

    def _problem(self, problem: Problem, lead: Part = WRONG) -> None:
        place = f"{one_line(problem.file)}:{problem.line}:{problem.column}: "
        said = f"{one_line(self._veil(problem.message))} [{problem.code}]"
        self.err.write((place, ""), lead, (said, ""))
        if problem.source:
            before, rest = excerpt(problem.source, problem.column)
            caret = " " * columns_of(before) + "^" * min(max(1, problem.width), max(1, columns_of(rest)))
            self.err.write((f"{problem.line:>6} | {before}{rest}\n       | {caret}", ""))

    def _line(self, line: str, style: str = "", *, whole: bool = False) -> None:
        """One line, whatever is in it; `whole`: it is known to be one."""
        shown = line if whole else short_ids(one_line(self._veil(line)))
        shown = disarmed(shown)
        width = self.out.width if self.out.is_terminal and not whole else 0
        self.out.write((wrapped_line(shown, width), style))
