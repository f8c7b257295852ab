"""A run as one page that needs nothing else: no request leaves it, and nothing that others wrote is obeyed by it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from batchctl.reconcile.decide.causes import failure_words
from batchctl.reconcile.explain.report import Report
from batchctl.render.report import plots
from batchctl.render.report.document import said_line
from batchctl.render.report.figures import figures, verdict
from batchctl.render.report.plots import safe
from batchctl.render.report.style import HATCH, KEY, script, style
from batchctl.render.tables import as_moment, as_span
from batchctl.render.text import short_ids, shown_moment, shown_size, shown_span
from batchctl.sights import TaskSight
from batchctl.words import some

MOST_TASKS, MOST_OUTPUTS, MOST_NODES, MOST_CAUSES, MOMENTS, NAMED = 1_000, 500, 300, 50, 24, 20
"""Rows of the tables, before one is cut with a note."""

RULES = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""What a browser lets the page do: nothing that leaves it."""

Cell = str | tuple[str, float]
"""A cell's text; with the number by which it is sorted."""


def as_page(report: Report) -> str:
    parts = [part for part in _sections(report) if part[2]]
    links = "".join(f'<a href="#{id}">{title}</a>' for id, title, _ in parts)
    body = "".join(f"<section id={id}><h2>{title}</h2>\n{text}</section>\n" for id, title, text in parts)
    name = safe(report.spec)
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{RULES}">'
        "<meta name=viewport content='width=device-width, initial-scale=1'><link rel=icon href='data:,'>"
        f"<title>{name}: batchctl report</title><style>{style()}</style></head>\n<body>{HATCH}"
        f"<header><h1>{name}</h1><p><strong>{safe(verdict(report))}</strong></p>"
        f"<p class=soft>As the service told it at {shown_moment(report.made)} UTC; all times are its own, in UTC.</p>"
        f"<nav aria-label=Parts>{links}</nav></header>\n<main>{body}</main>\n"
        f"<script>{script()}</script></body></html>\n"
    )


def _sections(report: Report) -> Iterator[tuple[str, str, str]]:
    """(id, title, markup); what there is nothing to say of is empty."""
    yield "figures", "In figures", _figures(report)
    yield "failures", "What failed", "".join(_failures(report))
    if report.lanes:
        yield "timeline", "When tasks ran", _timeline(report)
        yield "running", "Tasks running over time", _pair(plots.running(report), _running_table(report))
    if report.bins:
        bins = ([f"up to {shown_span(bound)}", str(count)] for bound, count in report.bins)
        yield "durations", "How long they ran", _pair(plots.durations(report), _table(("run time", "tasks"), bins))
    yield "tasks", "Tasks", _tasks(report)
    yield "outputs", "Outputs", _outputs(report)


def _figures(report: Report) -> str:
    rows = "".join(f"<tr><th scope=row>{safe(name)}<td>{safe(value)}" for name, value in figures(report))
    return f"<table class=figures><tbody>{rows}</table>"


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


def _running_table(report: Report) -> str:
    points = plots.running_points(report, MOMENTS)
    return _table(("from (UTC)", "tasks at most"), ([_moment(at), str(count)] for at, count in points))


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
    rows: Iterator[Sequence[Cell]] = (
        [blob.name, (shown_size(blob.size), blob.size), blob.task or "", blob.md5 or ""]
        for blob in report.outputs[:MOST_OUTPUTS]
    )
    return note + _table(("blob", "size", "task", "md5"), rows) if report.outputs else ""


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
