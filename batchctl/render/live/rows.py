"""The run as it is seen, row by row: at most ROWS for any number of tasks. Values in, text out."""

from collections.abc import Iterator
from datetime import timedelta

from batchctl.cloud_answers import Counts
from batchctl.frozen import dataclass
from batchctl.reconcile.events import PoolSeen, Spent
from batchctl.render.live.pace import pace, pace_words, time_left
from batchctl.render.live.seen import Seen, Step
from batchctl.render.text import columns_of, shown_span
from batchctl.words import one_line, plural

ROWS = 24
INDENT = " " * 7
"""Columns of the word in front of a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, of any width; `style` is rich's."""

    text: str
    style: str = ""


def rows(seen: Seen, at: float, width: int) -> Iterator[Row]:
    """What fits a terminal of that width; `at`: seconds since the command began."""
    yield header(seen, at, width)
    if seen.step:
        yield _step_row(seen.step, at, width)
    if seen.pool:
        yield _pool_row(seen.pool)
    for notice in seen.notices:
        yield Row(f"{INDENT}{notice}", "yellow")
    if seen.counts:
        yield _tasks_row(seen, seen.counts, at, width)
        yield from _state_rows(seen, seen.counts, width)


def header(seen: Seen, at: float, width: int) -> Row:
    """`word-count, local      0:41:07   0.52 of 5.00 USD (list price)`"""
    right = f"{clock_words(at)}{_spent_words(seen.spent)}"
    left = cut(seen.title, max(0, width - len(right) - 2))
    return Row(f"{left}{' ' * max(2, width - columns_of(left) - len(right))}{right}", "bold")


def clock_words(seconds: float) -> str:
    """`0:00:07`"""
    return str(timedelta(seconds=int(seconds)))


def _spent_words(spent: Spent | None) -> str:
    if spent is None:
        return ""
    if spent.cost is None:
        limit = f" of {spent.most_node_hours:g}" if spent.most_node_hours is not None else ""
        return f"   {spent.node_hours:g}{limit} node-hours"
    limit = f" of {spent.most_cost:.2f}" if spent.most_cost is not None else ""
    return f"   {spent.cost:.2f}{limit} {spent.currency} (list price)"


def _step_row(step: Step, at: float, width: int) -> Row:
    """`now    uploading 3 blobs  [=====>.....] 1 of 3`, or since when it goes on."""
    since = f"  {clock_words(at - step.since)}" if at - step.since >= 2 else ""
    text = f"now    {step.says}"
    if step.ahead < 2:
        return Row(text + since, "cyan")
    count = f" {step.done:,} of {step.ahead:,}"
    room = width - columns_of(text) - len(count) - len(since) - 4
    gauge = f"  {bar(step.done, 0, step.ahead, min(30, room))}" if room >= 10 else " "
    return Row(f"{text}{gauge}{count}{since}", "cyan")


def _pool_row(pool: PoolSeen) -> Row:
    there = sum(count for _, count in pool.nodes)
    states = ", ".join(f"{count} {one_line(state)}" for state, count in pool.nodes)
    return Row(
        f"pool   {one_line(pool.pool)}: {there} of {plural(pool.wanted, 'node')}{f': {states}' if states else ''}"
    )


def _tasks_row(seen: Seen, counts: Counts, at: float, width: int) -> Row:
    """A bar and a share only of what is certain; what failed is in the bar, and no part of the share."""
    words = [f"{counts.succeeded:,} of {seen.total:,}" if seen.total is not None else f"{counts.ended:,} ended so far"]
    if rate := pace(seen.track, at):
        words.append(pace_words(rate))
    if seen.total is not None and (left := time_left(seen.track, at, seen.total - counts.ended)):
        words.append(f"{shown_span(left)} left (p90)")
    said = "  ".join(words)
    if not seen.total:
        return Row(f"tasks  {said}", "bold")
    room = width - len(INDENT) - len(said) - 8
    gauge = f"{bar(counts.succeeded, counts.failed, seen.total, min(40, room))} " if room >= 10 else ""
    return Row(f"tasks  {gauge}{counts.succeeded * 100 // seen.total:3} %  {said}", "bold")


def _state_rows(seen: Seen, counts: Counts, width: int) -> Iterator[Row]:
    """How many are in which state; nothing of states that none is in."""
    told = (
        (counts.succeeded, "succeeded"),
        (counts.failed, "failed"),
        (counts.running, "running"),
        (counts.active, "waiting"),
        (seen.up_to_date, "up to date"),
    )
    parts = [f"{count:,} {word}" for count, word in told if count]
    yield from (Row(line) for line in flowed(parts, INDENT, width))


def flowed(parts: list[str], lead: str, width: int) -> Iterator[str]:
    """The parts behind one another, on as many rows as it takes; `lead` begins the first, blanks the others."""
    line = lead
    for n, part in enumerate(parts):
        word = part + ("," if n < len(parts) - 1 else "")
        if line.strip() and columns_of(line) + columns_of(word) + 1 > width:
            yield line.rstrip()
            line = " " * len(lead)
        line += word if line.endswith(" ") or not line else f" {word}"
    if line.strip():
        yield line.rstrip()


def bar(done: int, failed: int, whole: int, width: int) -> str:
    """`[=====>xx....]`: done, failed, to come. Never full before all is done, never empty once something is."""
    inside = max(1, width - 2)
    full = inside if done >= whole else min(inside - 1, done * inside // max(1, whole))
    bad = min(inside - full, max(1, failed * inside // max(1, whole))) if failed else 0
    head = "=" * full if not full or done >= whole else "=" * (full - 1) + ">"
    return f"[{head}{'x' * bad}{'.' * (inside - full - bad)}]"


def cut(text: str, width: int) -> str:
    """A row that is not wider than that, in columns."""
    if columns_of(text) <= width:
        return text
    kept = text[:width]
    while columns_of(kept) > max(0, width - 1):
        kept = kept[:-1]
    return f"{kept}…" if width > 0 else ""
