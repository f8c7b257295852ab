"""A run as one page that needs nothing else: no request leaves it, and nothing that others wrote is obeyed by it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from batchctl.reconcile.decide.causes import failure_words
from batchctl.reconcile.explain.report import Report
from batchctl.render.report import plots
from batchctl.render.report.document import said_line
from batchctl.render.report.figures import applied_rows, figures, verdict, waste_rows
from batchctl.render.report.plots import safe
from batchctl.render.report.style import HATCH, KEY, script, style
from batchctl.render.tables import as_moment, as_span
from batchctl.render.text import short_ids, shown_moment, shown_size
from batchctl.sights import TaskSight
from batchctl.words import plural, some

MOST_TASKS, MOST_OUTPUTS, MOST_NODES, MOST_CAUSES, MOMENTS, NAMED, FEW = 1_000, 500, 300, 50, 24, 20, 3
"""Rows of the tables, before one is cut with a note; and names in a row."""

RULES = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""What a browser lets the page do: nothing that leaves it."""

FROM_SERVER = RULES + "; connect-src 'self'"
"""The same of a page that is served, and asks whoever serves it for the newest one."""

STATE = "<p id=live class=soft role=status></p>"
"""Where it says what becomes of it."""

AGAIN = "<noscript><meta http-equiv=refresh content=5></noscript>"
"""How it stays new where no script may run."""

Cell = str | tuple[str, float]
"""A cell's text; with the number by which it is sorted."""


def as_page(report: Report, *, live: bool = False) -> str:
    """`live`: it is served while the run goes on, and asks for the newest one."""
    report, earlier = _of_newest(report)
    parts = [part for part in _sections(report, earlier) if part[2]]
    links = "".join(f'<a href="#{id}">{title}</a>' for id, title, _ in parts)
    body = "".join(f"<section id={id}><h2>{title}</h2>\n{text}</section>\n" for id, title, text in parts)
    name = safe(report.spec)
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{FROM_SERVER if live else RULES}">'
        "<meta name=viewport content='width=device-width, initial-scale=1'><link rel=icon href='data:,'>"
        f"{AGAIN if live else ''}<title>{name}: batchctl report</title><style>{style()}</style></head>\n<body>{HATCH}"
        f"{STATE if live else ''}<header><h1>{name}</h1><p><strong>{safe(verdict(report))}</strong></p>"
        f"<p class=soft>As the service told it at {shown_moment(report.made)} UTC; all times are its own, in UTC.</p>"
        f"<nav aria-label=Parts>{links}</nav></header>\n<main>{body}</main>\n"
        f"<script>{script(live=live)}</script></body></html>\n"
    )


def _of_newest(report: Report) -> tuple[Report, int]:
    """With lanes and steps of the newest stretch alone: what ran days before would be all that the plots have room for.
    Returns how many runs are left out, too."""
    since = report.newest
    if since is None:
        return report, 0
    lanes = [replace(lane, bars=tuple(bar for bar in lane.bars if bar.start >= since)) for lane in report.lanes]
    left = sum(len(lane.bars) for lane in report.lanes) - sum(len(lane.bars) for lane in lanes)
    steps = tuple(step for step in report.steps if step.moment >= since)
    return replace(report, lanes=tuple(lane for lane in lanes if lane.bars), steps=steps), left


def _sections(report: Report, earlier: int) -> Iterator[tuple[str, str, str]]:
    """(id, title, markup); what there is nothing to say of is empty. `earlier`: how many runs are not drawn."""
    yield "figures", "In figures", _figures(report)
    yield "applied", "What was applied", _rows(applied_rows(report))
    yield "failures", "What failed", "".join(_failures(report))
    if report.lanes:
        left = f"<p class=soft>{plural(earlier, 'run')} before that: report.json has them.</p>" if earlier else ""
        yield "timeline", "When tasks ran", left + _timeline(report)
        yield "running", "Tasks and nodes over time", _running(report)
    if report.bins:
        bins = ([f"up to {plots.bound_words(bound, report)}", str(count)] for bound, count in report.bins if count)
        yield "durations", "How long they ran", _pair(plots.durations(report), _table(("run time", "tasks"), bins))
    yield "why", "Why each ran", "".join(_reasons(report))
    yield "waste", "Waste", _waste(report)
    yield "next", "Next time", _advice(report)
    yield "unknown", "What is not known", _unknown(report)
    yield "tasks", "Tasks", _tasks(report)
    yield "outputs", "Outputs", _outputs(report)


def _figures(report: Report) -> str:
    return _rows(figures(report))


def _rows(told: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><th scope=row>{safe(name)}<td>{safe(said_line(value))}" for name, value in told)
    return f"<table class=figures><tbody>{rows}</table>" if rows else ""


def _failures(report: Report) -> Iterator[str]:
    for group in report.failures[:MOST_CAUSES]:
        names = some([run.id for run in group.runs], NAMED)
        why = safe(said_line(failure_words(group.runs[0])))
        yield f"<h3><span class=bad>{len(group.runs)} failed</span>: {why}</h3><p>{safe(names)}</p>"
        message = group.runs[0].failure and group.runs[0].failure.message
        said = [said_line(line)[:500] for line in group.said] or ([said_line(message)[:500]] if message else [])
        if said:
            yield "<pre>" + "\n".join(map(safe, said)) + "</pre>"
    if len(report.failures) > MOST_CAUSES:
        yield f"<p>And {len(report.failures) - MOST_CAUSES} other causes; report.json has them all.</p>"


def _timeline(report: Report) -> str:
    nodes, note = plots.by_node(report.lanes), KEY
    if not plots.is_drawn_whole(report):
        note = "<p>Too many tasks for a bar each: a band for each node, as high as its slots were in use."
        note += f" The first {plots.MOST_BANDS} of {len(nodes)} nodes.</p>" if len(nodes) > plots.MOST_BANDS else "</p>"
    rows = (
        [
            short_ids(node) or "no node",
            str(len(lanes)),
            str(sum(len(lane.bars) for lane in lanes)),
            str(sum(bar.run.status == "failed" for lane in lanes for bar in lane.bars)),
            _span(sum((bar.end - bar.start for lane in lanes for bar in lane.bars), timedelta())),
        ]
        for node, lanes in list(nodes.items())[:MOST_NODES]
    )
    table = _table(("node", "slots used", "tasks", "failed", "task time"), rows)
    return note + _pair(plots.timeline(report), table)


def _running(report: Report) -> str:
    """Tasks above nodes, over the same time."""
    points = _changes(plots.running_points(report, MOMENTS))
    tasks = _table(("from (UTC)", "tasks at most"), ([_moment(at), str(count)] for at, count in points))
    if not report.nodes:
        return _pair(plots.running(report), tasks)
    steps = _changes(plots.node_points(report, MOMENTS))
    nodes = _table(("from (UTC)", "nodes"), ([_moment(at), str(count)] for at, count in steps))
    resized = [f"pool {pool.id}: {shown_moment(pool.resized)}" for pool in report.pools if pool.resized]
    wanted = [f"{resize.wanted} from {shown_moment(resize.moment)}" for resize in report.resizes[-MOMENTS:]]
    told = [f"Nodes that were wanted, as far as it was looked at (UTC): {', '.join(wanted)}."] if wanted else []
    told += [f"The last resize began or ended (UTC): {'; '.join(resized)}."] if resized else []
    note = f"<p class=soft>{safe(' '.join(told))}</p>" if told else ""
    return _pair(plots.running(report), tasks) + note + _pair(plots.nodes(report), nodes)


def _changes(points: Iterable[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """Without those that say what the one before says."""
    found: list[tuple[datetime, int]] = []
    for moment, count in points:
        if not found or found[-1][1] != count:
            found.append((moment, count))
    return found


def _reasons(report: Report) -> Iterator[str]:
    for reason in report.reasons[:MOST_CAUSES]:
        names = some([run.id for run in reason.runs], NAMED)
        yield f"<h3>{plural(len(reason.runs), 'task')}: {safe(said_line(reason.why))}</h3><p>{safe(names)}</p>"
        lines = [f"{culprit.part}: {line}" for culprit in reason.culprits for line in culprit.lines]
        if lines:
            first = f"<p>What changed of {safe(reason.runs[0].id)}:</p>"
            yield first + "<ul>" + "".join(f"<li>{safe(said_line(line)[:500])}" for line in lines) + "</ul>"
    if len(report.reasons) > MOST_CAUSES:
        yield f"<p>And {len(report.reasons) - MOST_CAUSES} other reasons; report.json has them all.</p>"


def _waste(report: Report) -> str:
    rows = list(waste_rows(report))
    if not rows:
        return ""
    note = "<p class=soft>Of the nodes that were seen; what is idle now keeps costing.</p>"
    return note + _table(("what", "node time", "money", "of"), rows)


def _advice(report: Report) -> str:
    rows = [(advice.about, advice.says, advice.numbers) for advice in report.advice]
    return _table(("about", "advice", "by these numbers"), rows) if rows else ""


def _unknown(report: Report) -> str:
    lines = "".join(f"<li>{safe(said_line(line))}" for line in report.unknown)
    return f"<ul>{lines}</ul>" if lines else ""


def _tasks(report: Report) -> str:
    """Where there are too many, those that failed and those that took longest."""
    runs = list(report.tasks)
    note = ""
    if len(runs) > MOST_TASKS:
        runs = sorted(runs, key=lambda run: (run.status != "failed", -(run.ran or timedelta()).total_seconds()))
        runs = runs[:MOST_TASKS]
        note = f"<p>{MOST_TASKS} of {len(report.tasks)}: those that failed, then the longest; tasks.csv has all.</p>"
    names = ("task", "status", "exit code", "waited", "ran", "tries", "ended (UTC)", "node")
    search = (
        "<p class=filter hidden><label for=filter>Show those with</label> <input id=filter type=search> "
        "<span id=shown role=status></span></p>"
    )
    return note + search + _table(names, map(_task_cells, runs)) if runs else ""


def _task_cells(run: TaskSight) -> Sequence[Cell]:
    code = "" if run.exit_code is None else str(run.exit_code)
    tries, node = str(run.retries + 1), short_ids(run.node or "")
    return run.id, run.status, code, _span(run.waited), _span(run.ran), tries, as_moment(run.ended), node


def _outputs(report: Report) -> str:
    note = ""
    if len(report.outputs) > MOST_OUTPUTS:
        note = f"<p>The first {MOST_OUTPUTS} of {len(report.outputs)}; report.json has all.</p>"
    told = report.inputs is not None
    rows: Iterator[Sequence[Cell]] = (
        [
            blob.name,
            (shown_size(blob.size), blob.size),
            blob.task or "",
            *([some(report.inputs.get((blob.task or "").lower(), ()), FEW)] if report.inputs is not None else []),
            blob.md5 or "",
        ]
        for blob in report.outputs[:MOST_OUTPUTS]
    )
    names = ("blob", "size", "task", *(("made from",) if told else ()), "md5")
    return note + _table(names, rows) if report.outputs else ""


def _span(span: timedelta | None) -> Cell:
    return ("", -1) if span is None else (as_span(span), round(span.total_seconds(), 3))


def _moment(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"


def _pair(plot: str, table: str) -> str:
    return f"<div class=pair>{plot}{table}</div>"


def _table(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    heads = "".join(f"<th scope=col>{name}" for name in names)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}\n" for row in rows)
    return (
        f'<div class=rows tabindex=0 role=region aria-label="table by {names[0]}">'
        f"<table class=sorted><thead><tr>{heads}</thead><tbody>{lines}</table></div>"
    )


def _cell(cell: Cell) -> str:
    return f"<td>{safe(cell)}" if isinstance(cell, str) else f"<td data-v={cell[1]}>{safe(cell[0])}"
