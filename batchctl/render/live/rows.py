"""The run as it is seen, row by row: at most ROWS for any number of tasks. Values in, text out."""

from collections.abc import Iterator

from batchctl.cloud_answers import Counts
from batchctl.reconcile.events import PoolSeen, Spent
from batchctl.render.live.matters import factory_rows, matter_rows
from batchctl.render.live.pace import pace, pace_words
from batchctl.render.live.seen import Seen, Step
from batchctl.render.live.shape import INDENT, Row, bar, clock_words, cut, flowed
from batchctl.render.text import columns_of, shown_span
from batchctl.words import one_line, plural


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
        yield from factory_rows(seen.looked, width)
        yield from matter_rows(seen)


def header(seen: Seen, at: float, width: int) -> Row:
    """`word-count, local      0:41:07   0.52 of 5.00 USD (list price)`"""
    right = f"{clock_words(at)}{_spent_words(seen.spent)}"
    left = cut(seen.title, max(0, width - len(right) - 2))
    return Row(f"{left}{' ' * max(2, width - columns_of(left) - len(right))}{right}", "bold")


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
    if left := seen.left(at):
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
        (counts.active - seen.blocked, "waiting"),
        (seen.blocked, "blocked"),
        (seen.up_to_date, "up to date"),
    )
    parts = [f"{count:,} {word}" for count, word in told if count]
    yield from (Row(line) for line in flowed(parts, INDENT, width))
