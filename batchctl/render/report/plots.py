"""The plots of a report as SVG. What a colour says is also said by a pattern, a title or the table beside the plot."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape

from batchctl.reconcile.explain.report import Report
from batchctl.reconcile.explain.timeline import Bar, Lane
from batchctl.render.text import short_ids, shown_span
from batchctl.words import one_line, plural

WIDTH, LEFT, HIGH, ROW = 760, 150, 180, 16
"""Of all plots: how wide they are, where they begin, how high one is, and how high a row of the timeline is."""

MOST_BARS, MOST_LANES, MOST_BANDS, POINTS = 6_000, 400, 300, 120
"""Beyond the first two, tasks are told by bands, one for each node; of a band and a curve there are so many points."""


class Scale:
    """Moments to places on the axis."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start = start
        self.span = max((end - start).total_seconds(), 0.001)

    def at(self, moment: datetime) -> float:
        return self.part(moment) * (WIDTH - LEFT - 8)

    def part(self, moment: datetime) -> float:
        return (moment - self.start).total_seconds() / self.span


def safe(text: str) -> str:
    """Text of others inside markup."""
    return escape(one_line(text))


def scale_of(report: Report) -> Scale:
    bars = [bar for lane in report.lanes for bar in lane.bars]
    return Scale(min(bar.start for bar in bars), max(bar.end for bar in bars))


def is_drawn_whole(report: Report) -> bool:
    return sum(len(lane.bars) for lane in report.lanes) <= MOST_BARS and len(report.lanes) <= MOST_LANES


def timeline(report: Report) -> str:
    """A row for each slot with a bar for each task; of very many tasks a row for each node, as high as it is busy."""
    scale = scale_of(report)
    rows = _lanes(report.lanes, scale) if is_drawn_whole(report) else _bands(by_node(report.lanes), scale)
    drawn = list(rows)
    return _plot("When tasks ran, by node", len(drawn) * ROW, drawn, _time_axis(scale, len(drawn) * ROW))


def by_node(lanes: Sequence[Lane]) -> dict[str, list[Lane]]:
    nodes: dict[str, list[Lane]] = {}
    for lane in lanes:
        nodes.setdefault(lane.node, []).append(lane)
    return nodes


def _lanes(lanes: Sequence[Lane], scale: Scale) -> Iterator[str]:
    for number, lane in enumerate(lanes):
        label = f"{short_ids(lane.node) or 'no node'} {lane.slot}"
        yield _row(number, label, "".join(_bar(bar, scale) for bar in lane.bars))


def _bar(bar: Bar, scale: Scale) -> str:
    start, how = scale.at(bar.start), bar.run.status
    width = max(scale.at(bar.end) - start, 0.8)
    title = f"{safe(bar.run.id)}: {safe(how)}, {shown_span(bar.end - bar.start)}"
    return f"<rect class={_mark(how)} x={start:.1f} width={width:.1f}><title>{title}</title></rect>"


def _mark(status: str) -> str:
    return {"succeeded": "s", "failed": "f"}.get(status, "r")


def _bands(nodes: dict[str, list[Lane]], scale: Scale) -> Iterator[str]:
    for number, (node, lanes) in enumerate(list(nodes.items())[:MOST_BANDS]):
        shares = busy_shares([bar for lane in lanes for bar in lane.bars], scale)
        step = (WIDTH - LEFT - 8) / POINTS
        path = "M0 13" + "".join(f"V{13 - 13 * min(1.0, share / len(lanes)):.1f}h{step:.2f}" for share in shares)
        tasks = sum(len(lane.bars) for lane in lanes)
        title = f"{safe(short_ids(node))}: {plural(tasks, 'task')} in {plural(len(lanes), 'slot')}"
        yield _row(number, short_ids(node) or "no node", f'<path class=s d="{path}V13z"><title>{title}</title></path>')


def busy_shares(bars: Sequence[Bar], scale: Scale) -> list[float]:
    """How many tasks ran on average in each of POINTS parts of the time."""
    edges, whole = [0.0] * (POINTS + 1), [0.0] * (POINTS + 2)
    for bar in bars:
        start, end = scale.part(bar.start) * POINTS, scale.part(bar.end) * POINTS
        first, last = min(int(start), POINTS - 1), min(int(end), POINTS - 1)
        if first == last:
            edges[first] += end - start
            continue
        edges[first] += first + 1 - start
        edges[last] += end - last
        whole[first + 1] += 1
        whole[last] -= 1
    shares, running = [], 0.0
    for number in range(POINTS):
        running += whole[number]
        shares.append(running + edges[number])
    return shares


def _row(number: int, label: str, inside: str) -> str:
    shown = label if len(label) <= 20 else f"{label[:10]}…{label[-9:]}"
    name = f"<text class=l x=-6 y=11>{safe(shown)}</text>"
    return f'<g transform="translate({LEFT} {number * ROW})" class=b>{name}{inside}</g>\n'


def running(report: Report) -> str:
    """How many tasks ran at a time."""
    return _curve("Tasks running over time", "task", running_points(report, POINTS * 2), scale_of(report))


def _curve(name: str, what: str, points: Sequence[tuple[datetime, int]], scale: Scale) -> str:
    most = max((count for _, count in points), default=0) or 1
    path = f"M0 {HIGH}"
    for moment, count in points:
        path += f"H{scale.at(moment):.1f}V{HIGH - HIGH * count / most:.1f}"
    shape = f'<path class=s d="{path}H{WIDTH - LEFT - 8}V{HIGH}z"/>'
    return _plot(name, HIGH, [_upward(most, shape, what)], _time_axis(scale, HIGH))


def nodes(report: Report) -> str:
    """How many nodes were there at a time, over the time of the tasks."""
    scale, points = scale_of(report), node_points(report, POINTS * 2)
    return _curve("Nodes over time", "node", points, scale)


def node_points(report: Report, most: int) -> list[tuple[datetime, int]]:
    """From what was there when the first task began on; of very many changes the last in each part of the time."""
    scale = scale_of(report)
    before = [step.nodes for step in report.nodes if step.moment <= scale.start]
    parts = {0: (scale.start, before[-1] if before else 0)}
    for step in report.nodes:
        if 0 < (part := scale.part(step.moment)) <= 1:
            parts[int(part * most) + 1] = (step.moment, step.nodes)
    return list(parts.values())


def running_points(report: Report, most: int) -> list[tuple[datetime, int]]:
    """(moment, tasks); of very many changes the greatest number in each part of the time."""
    steps = report.steps
    if len(steps) <= most:
        return [(step.moment, step.running) for step in steps]
    scale, parts = scale_of(report), [0] * most
    before = part = 0
    for step in steps:
        here = min(int(scale.part(step.moment) * most), most - 1)
        for passed in range(part + 1, here + 1):
            parts[passed] = before
        parts[here] = max(parts[here], step.running)
        before, part = step.running, here
    for passed in range(part + 1, most):
        parts[passed] = before
    return [(scale.start + timedelta(seconds=scale.span * number / most), count) for number, count in enumerate(parts)]


def durations(report: Report) -> str:
    """How long tasks ran."""
    most, width = max(count for _, count in report.bins), (WIDTH - LEFT - 8) / len(report.bins)
    bars = "".join(
        f"<rect class=s x={number * width:.1f} y={HIGH - HIGH * count / most:.1f} width={width - 2:.1f} "
        f"height={HIGH * count / most:.1f}><title>up to {bound_words(bound, report)}: {plural(count, 'task')}"
        "</title></rect>"
        for number, (bound, count) in enumerate(report.bins)
    )
    longest = report.bins[-1][0]
    return _plot("How long tasks ran", HIGH, [_upward(most, bars)], _axis(longest, HIGH))


def bound_words(bound: timedelta, report: Report) -> str:
    """With as many digits as tell the bars apart."""
    is_fine = report.bins[0][0] < timedelta(seconds=0.1)
    return f"{bound.total_seconds():.3f} s" if is_fine else shown_span(bound)


def _upward(most: int, inside: str, what: str = "task") -> str:
    """With what its height means at the left."""
    return (
        f'<g transform="translate({LEFT} 0)"><text class=l x=-6 y=11>{plural(most, what)}</text>'
        f"<text class=l x=-6 y={HIGH}>0</text>{inside}</g>"
    )


def _time_axis(scale: Scale, height: int) -> str:
    return _axis(timedelta(seconds=scale.span), height)


def _axis(whole: timedelta, height: int) -> str:
    """Five marks from 0 on."""
    marks = ""
    for number in range(5):
        at = LEFT + (WIDTH - LEFT - 8) * number / 4
        anchor = "end" if number == 4 else "middle" if number else "start"
        marks += f'<path class=a d="M{at:.0f} 0V{height + 4}"/>'
        marks += f"<text x={at:.0f} y={height + 18} text-anchor={anchor}>{shown_span(whole * number / 4)}</text>"
    return marks


def _plot(name: str, height: int, drawn: Sequence[str], axis: str) -> str:
    return (
        f'<div class=plot tabindex=0 role=region aria-label="{name}">'
        f'<svg viewBox="0 -6 {WIDTH} {height + 32}" role=img aria-label="{name}; the table has the same">'
        f"{axis}{''.join(drawn)}</svg></div>\n"
    )
