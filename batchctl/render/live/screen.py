"""The voice on a terminal: what happens is a view that is drawn anew, and what is done stands above it for good."""

from dataclasses import replace

from batchctl.clock import Clock
from batchctl.reconcile.events import (
    Applied,
    Awaited,
    Begun,
    ComingHome,
    Event,
    Fetched,
    Looked,
    NodesWaiting,
    PoolSeen,
    Progress,
    Spent,
    UnderWay,
)
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Place as Account
from batchctl.reconcile.plan import Plan
from batchctl.render.events import words_of
from batchctl.render.live.view import ReadLog, Retry, View
from batchctl.render.paper import Paper
from batchctl.render.printer import Printer
from batchctl.render.terminal import Terminal
from batchctl.words import one_line, plural

INTERRUPTED = "interrupted: what is under way is finished first; Ctrl-C once more leaves at once"

NAMED = 5
"""Objects of one kind that are named one by one as they are done; of more, how many there were."""

ONLY_SEEN = (Awaited, Begun, ComingHome, Looked, NodesWaiting, PoolSeen, Spent)
"""What the view shows and no line tells."""


class Screen(Printer):
    """A printer whose progress is a view; lines that are said while it is drawn come above it."""

    def __init__(self, out: Paper, err: Terminal, clock: Clock, *, on_bar: bool = False) -> None:
        super().__init__(out, err)
        self._view = View(err, clock, lambda text: self._veil(text), on_bar=on_bar)
        self._place = ""

    def target(self, name: str, why: str, address: str | None = None) -> None:
        super().target(name, why, address)
        self._place = name
        self._view.show("opening the account")

    def account(self, place: Account, codec: Codec) -> None:
        super().account(place, codec)
        self._view.show("reading what is there")

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        self._view.hide()
        super().plan(plan, full=full)
        self._view.seen = replace(self._view.seen, title=f"{one_line(plan.owner)}, {one_line(self._place)}")

    def keys_do(self, read: ReadLog, retry: Retry) -> None:
        self._view.read = read
        self._view.retry = lambda place: self.say(retry(place))

    def agreed(self) -> None:
        self._view.show("beginning")

    def event(self, event: Event) -> None:
        self._view.hear(event)
        if isinstance(event, UnderWay) and not self._view.seen.title:
            # Nobody has shown a plan.
            jobs = one_line(", ".join(event.jobs))
            self._view.seen = replace(self._view.seen, title=f"{jobs}, {one_line(self._place)}")
        step = self._view.seen.step
        if isinstance(event, Applied | Fetched) and step and step.ahead > NAMED:
            self._count(event, step.ahead if step.done == step.ahead else 0)
        elif not isinstance(event, ONLY_SEEN) and not _goes_on(event):
            super().event(event)

    def _count(self, event: Applied | Fetched, whole: int) -> None:
        """Of many that are done, one line at the end, when the `whole` is known."""
        self._done[event.verb if isinstance(event, Applied) else Fetched.__name__] += 1
        if whole:
            what = plural(whole, event.kind if isinstance(event, Applied) else "blob")
            self.say(f"{words_of(event)[1]} {what}" if isinstance(event, Applied) else f"brought {what} home")

    def end(self) -> None:
        self._view.hide()

    def interrupted(self, *, again: bool) -> bool:
        if again:
            self._view.give_back()
        elif self._view.is_drawn:
            self._view.say_now(INTERRUPTED)
            return True
        return False

    def _line(self, line: str, style: str = "", *, whole: bool = False) -> None:
        """Above the view, where both streams are the same terminal."""
        out = self.out
        if self._view.is_drawn and self.out.is_terminal:
            self.out = self.err
        super()._line(line, style, whole=whole)
        self.out = out


def _goes_on(event: Event) -> bool:
    """Counts of tasks that move; the last ones are told."""
    return isinstance(event, Progress) and (event.counts.unfinished > 0 or not event.counts.ended)
