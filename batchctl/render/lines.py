"""What happens as lines, for a log: one for each change that matters, and one at least in half a minute."""

import threading
from collections.abc import Iterator

from batchctl.clock import Clock
from batchctl.cloud_answers import Counts
from batchctl.reconcile.events import Cause, Event, Looked, Progress
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Place
from batchctl.reconcile.plan import Plan
from batchctl.render.live.matters import blocked_words, broken_words, cause_words
from batchctl.render.live.pace import pace, pace_words
from batchctl.render.live.seen import Seen, Step, heard
from batchctl.render.live.shape import clock_words
from batchctl.render.paper import Paper
from batchctl.render.printer import Printer
from batchctl.render.text import shown_span
from batchctl.words import one_line

EVERY = 30.0
"""Seconds: so long tasks that end are told together, and no longer is nothing said."""


class Lines(Printer):
    """A printer that tells counts together, and that never falls silent."""

    def __init__(self, out: Paper, err: Paper, clock: Clock) -> None:
        super().__init__(out, err)
        self._clock, self._start = clock, clock.monotonic()
        self._seen = Seen()
        self._counts, self._counted = Counts(), -EVERY
        self._looked, self._caused = Looked(), -EVERY
        self._spoke = 0.0
        self._over: threading.Event | None = None

    def target(self, name: str, why: str, address: str | None = None) -> None:
        super().target(name, why, address)
        self._begin("opening the account")

    def account(self, place: Place, codec: Codec) -> None:
        super().account(place, codec)
        self._begin("reading what is there")

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        self.end()
        super().plan(plan, full=full)

    def agreed(self) -> None:
        self._begin("beginning")

    def event(self, event: Event) -> None:
        self._seen = heard(self._seen, event, self._now())
        if isinstance(event, Looked):
            for line in self._news(event):
                self.say(line)
        elif not isinstance(event, Progress) or self._is_worth_telling(event.counts):
            super().event(event)

    def say(self, line: str) -> None:
        self._spoke = self._now()
        super().say(line)

    def end(self) -> None:
        if self._over:
            self._over.set()

    def beat(self) -> None:
        """Say how it stands, if nothing was said for long."""
        if self._now() - self._spoke >= EVERY and (line := still_line(self._seen, self._now())):
            self.say(line)

    def _begin(self, says: str) -> None:
        self._seen, self._spoke = Seen(step=Step(says=says, since=self._now())), self._now()
        if self._over is None or self._over.is_set():
            self._over = threading.Event()
            threading.Thread(target=self._go_on, args=(self._over,), daemon=True).start()

    def _go_on(self, over: threading.Event) -> None:
        while not over.wait(1.0):
            self.beat()

    def _is_worth_telling(self, counts: Counts) -> bool:
        """Another state that tasks are in, the end, or half a minute."""
        is_new = states_of(counts) != states_of(self._counts) or not counts.unfinished
        if not is_new and self._now() - self._counted < EVERY:
            return False
        self._counts, self._counted = counts, self._now()
        return True

    def _news(self, found: Looked) -> Iterator[str]:
        """What failed by causes: a new one at once, more of a known one together."""
        before, self._looked = self._looked, found
        if found.causes and (len(found.causes) > len(before.causes) or self._now() - self._caused >= EVERY):
            self._caused = self._now()
            yield from (cause_words(cause) for cause in found.causes if _known(cause, before) != cause)
        else:
            # Told with the next ones.
            self._looked = Looked(causes=before.causes, unread=before.unread, blocked=found.blocked, nodes=found.nodes)
        if found.blocked and (before.blocked is None or found.blocked.count != before.blocked.count):
            yield blocked_words(found.blocked)
        yield from (broken_words(node) for node in found.nodes if node not in before.nodes)

    def _now(self) -> float:
        return self._clock.monotonic() - self._start


def _known(cause: Cause, before: Looked) -> Cause | None:
    return next((one for one in before.causes if one.tasks[0] == cause.tasks[0]), None)


def states_of(counts: Counts) -> tuple[bool, ...]:
    return counts.active > 0, counts.running > 0, counts.succeeded > 0, counts.failed > 0


def still_line(seen: Seen, at: float) -> str:
    """How it stands; "" where nothing is known."""
    if seen.step:
        count = f", {seen.step.done} of {seen.step.ahead}" if seen.step.ahead > 1 else ""
        return f"still {seen.step.says}{count}, for {clock_words(at - seen.step.since)} by now"
    if seen.counts is None:
        return ""
    counts = seen.counts
    words = [
        f"still {counts.active} waiting, {counts.running} running, {counts.succeeded} succeeded, {counts.failed} failed"
    ]
    if seen.pool:
        states = ", ".join(f"{count} {one_line(state)}" for state, count in seen.pool.nodes) or "none yet"
        words.append(f"nodes: {states} of {seen.pool.wanted} wanted")
    if rate := pace(seen.track, at):
        words.append(pace_words(rate))
    if left := seen.left(at):
        words.append(f"{shown_span(left)} left (p90)")
    return "; ".join(words)
