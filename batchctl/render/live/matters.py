"""What matters in a run: the factories, who failed and why, who is slow, what is stuck, which nodes are broken."""

from collections.abc import Iterator, Sequence

from batchctl.reconcile.events import Blocked, Broken, Cause, FactorySeen, Laggard, Looked
from batchctl.render.live.seen import Seen, mark_of
from batchctl.render.live.shape import INDENT, Row, bar, cut
from batchctl.render.text import columns_of, shown_span
from batchctl.words import one_line, plural, some

FACTORIES, CAUSES = 5, 5
"""Of more, those that matter most."""

NAMED = 3


def factory_rows(looked: Looked, width: int) -> Iterator[Row]:
    """A row each, where there are several: those that fail, run or wait before those that are done."""
    if len(looked.factories) < 2:
        return
    ordered = sorted(looked.factories, key=_urgency)
    named = ordered if len(ordered) <= FACTORIES else ordered[: FACTORIES - 1]
    room = min(24, max(columns_of(one_line(found.name)) for found in named))
    for found in named:
        yield _factory_row(found, looked.partly, room, width)
    if rest := len(ordered) - len(named):
        done = sum(_is_done(found) for found in ordered[len(named) :])
        yield Row(f"{INDENT}and {plural(rest, 'other factory').replace('factorys', 'factories')}, {done} of them done")


def _is_done(found: FactorySeen) -> bool:
    return found.succeeded + found.failed >= found.tasks


def _urgency(found: FactorySeen) -> tuple[bool, bool, bool, int]:
    return _is_done(found) and not found.failed, not found.failed, not found.running, -found.tasks


def _factory_row(found: FactorySeen, partly: bool, room: int, width: int) -> Row:
    name = cut(one_line(found.name), room)
    pad = " " * (room - columns_of(name))
    states = [f"{count:,} {word}" for count, word in ((found.failed, "failed"), (found.running, "running")) if count]
    about = "at least " if partly else ""
    said = f"{about}{found.succeeded:,} of {found.tasks:,}{''.join(f', {state}' for state in states)}"
    gauge = bar(found.succeeded, found.failed, found.tasks, min(26, max(7, width - len(INDENT) - room - len(said) - 3)))
    return Row(f"{INDENT}{name}{pad} {gauge} {said}")


def matter_rows(seen: Seen) -> Iterator[Row]:
    """`[1]` is the key that shows the log."""
    keys = {log.mark: n for n, log in enumerate(seen.logs, 1)}
    looked = seen.looked
    yield from _cause_rows(looked, keys)
    if looked.blocked:
        yield Row(f"stuck  {blocked_words(looked.blocked)}", "red")
    for node in looked.nodes:
        yield Row(f"{_key(keys, node)}{broken_words(node)}", "red")
    for late in looked.laggards:
        yield Row(f"{_key(keys, late)}{_late_words(late)}", "yellow")


def _cause_rows(looked: Looked, keys: dict[tuple[str, ...], int]) -> Iterator[Row]:
    ordered = sorted(looked.causes, key=lambda cause: -cause.count)
    shown = ordered if len(ordered) <= CAUSES else ordered[: CAUSES - 1]
    for cause in shown:
        yield Row(f"{_key(keys, cause)}{cause_words(cause)}", "red")
    rest = [f"{plural(len(ordered) - len(shown), 'other cause')}"] if len(ordered) > len(shown) else []
    more = [f"{looked.unread:,} more that failed"] if looked.unread else []
    if rest or more:
        yield Row(f"{INDENT}and {', '.join(rest + more)}", "red")


def cause_words(cause: Cause) -> str:
    """`31 failed: exit code 1: Invalid data found (enc-17, enc-44, …)`"""
    return f"{cause.count:,} failed: {_said(cause.why, cause.says)} ({named(cause.tasks, cause.count)})"


def named(tasks: Sequence[str], count: int) -> str:
    """The first of so many."""
    return some(tasks[:NAMED]) + (", …" if count > NAMED else "")


def blocked_words(blocked: Blocked) -> str:
    who = "1 task waits" if blocked.count == 1 else f"{blocked.count:,} tasks wait"
    return f"{who} for {one_line(blocked.culprit)}, which failed: nothing starts {named(blocked.tasks, blocked.count)}"


def broken_words(node: Broken) -> str:
    """`node tvm-12 starttaskfailed, exit code 100: E: no lock`"""
    return f"node {one_line(node.node)} {_said(node.why, node.says)}"


def _late_words(late: Laggard) -> str:
    slow = f"{one_line(late.task)} runs {shown_span(late.ran)}, others {shown_span(late.usual)} at most"
    return f"{slow}: {one_line(late.says)}" if late.says else slow


def _said(why: str, says: str) -> str:
    return f"{one_line(why)}: {one_line(says)}" if says else one_line(why)


def _key(keys: dict[tuple[str, ...], int], one: Cause | Broken | Laggard) -> str:
    key = keys.get(mark_of(one))
    return f"[{key}]    " if key else INDENT
