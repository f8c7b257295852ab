"""The voice on a terminal: what happens is a view that is drawn anew, and what is done stands above it for good."""

from dataclasses import replace

from rich.console import Console
from rich.live import Live
from rich.text import Text

from batchctl.clock import Clock
from batchctl.errors import BatchctlError
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
)
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Place
from batchctl.reconcile.plan import Plan
from batchctl.render.events import words_of
from batchctl.render.live.rows import rows
from batchctl.render.live.seen import Seen, Step, heard
from batchctl.render.live.shape import ROWS, cut
from batchctl.render.printer import Printer
from batchctl.words import one_line, plural

FRAMES = 2
"""A second."""

NAMED = 5
"""Objects of one kind that are named one by one as they are done; of more, how many there were."""

ONLY_SEEN = (Awaited, Looked, PoolSeen, Spent, NodesWaiting)
"""What the view shows and no line tells."""


class Screen(Printer):
    """A printer whose progress is a view. `on`: it is drawn just now; lines that are said meanwhile come above it."""

    def __init__(self, out: Console, err: Console, clock: Clock) -> None:
        super().__init__(out, err)
        self._clock, self._start = clock, clock.monotonic()
        self._seen, self._place = Seen(), ""
        self._live: Live | None = None
        self._todo = 0

    def target(self, name: str, why: str, address: str | None = None) -> None:
        super().target(name, why, address)
        self._place = name
        self._show("opening the account")

    def account(self, place: Place, codec: Codec) -> None:
        super().account(place, codec)
        self._show("reading what is there")

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        self.end()
        super().plan(plan, full=full)
        self._seen = replace(self._seen, title=f"{one_line(plan.owner)}, {one_line(self._place)}")

    def agreed(self) -> None:
        self._show("beginning")

    def event(self, event: Event) -> None:
        self._seen = heard(self._seen, event, self._now())
        match event:
            case Begun(names=names):
                self._todo = len(names)
                return
            case ComingHome(blobs=blobs):
                self._todo = blobs
                return
            case Progress(counts=counts) if counts.unfinished or not counts.ended:
                return
            case Applied() | Fetched() if self._todo > NAMED:
                self._count(event)
                return
        if not isinstance(event, ONLY_SEEN):
            super().event(event)

    def _count(self, event: Applied | Fetched) -> None:
        """Of many that are done, one line at the end."""
        self._done[event.verb if isinstance(event, Applied) else Fetched.__name__] += 1
        if (step := self._seen.step) and step.done == step.ahead:
            what = plural(step.ahead, event.kind if isinstance(event, Applied) else "blob")
            self.say(f"{words_of(event)[1]} {what}" if isinstance(event, Applied) else f"brought {what} home")

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def done(self, verb: str, exit_code: int = 0) -> None:
        self.end()
        super().done(verb, exit_code)

    def error(self, error: BatchctlError) -> None:
        self.end()
        super().error(error)

    def _show(self, says: str) -> None:
        self._seen = replace(self._seen, step=Step(says=says, since=self._now()))
        if self._live is None:
            self._live = Live(
                console=self.err,
                refresh_per_second=FRAMES,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
                get_renderable=self._frame,
            )
            self._live.start()

    def _line(self, line: str, style: str = "", *, whole: bool = False) -> None:
        """Above the view, where both streams are the same terminal."""
        out = self.out
        if self._live is not None and self.out.is_terminal:
            self.out = self.err
        super()._line(line, style, whole=whole)
        self.out = out

    def _frame(self) -> Text:
        """Never as high as the terminal: what scrolls away cannot be drawn over."""
        width, height = self.err.width - 1, min(ROWS, self.err.height - 1)
        frame = Text(no_wrap=True, overflow="crop", end="")
        for n, row in enumerate(list(rows(self._seen, self._now(), width))[:height]):
            frame.append(("\n" if n else "") + cut(self._veil(row.text), width), style=row.style)
        return frame

    def _now(self) -> float:
        return self._clock.monotonic() - self._start
