"""Rows of what is seen, as a table for people and as JSON, TSV or YAML for programs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from batchctl.frozen import dataclass
from batchctl.render.log_lines import harmless_line
from batchctl.render.text import columns_of, short_ids, shown_moment, shown_size, shown_span
from batchctl.sensitive import masked
from batchctl.words import obeyed, one_line, shown_json

FORMS = ("table", "json", "tsv", "yaml")
"""What `-o` takes. The first is for people, who are told times and sizes in short; the others are told all."""


@dataclass(frozen=True, slots=True)
class Column:
    """`name`: as JSON has it; `of`: its value in a row; `shown`: how people read it. `detail`: not in the table."""

    name: str
    of: Callable[[Any], Any]
    shown: Callable[[Any], str] = str
    detail: bool = False


def as_span(value: timedelta | None) -> str:
    return shown_span(value) if value is not None else ""


def as_moment(value: datetime | None) -> str:
    return shown_moment(value) if value is not None else ""


def as_code(value: int | None) -> str:
    return "" if value is None else str(value)


TASKS: tuple[Column, ...] = (
    Column("task", lambda run: run.id),
    Column("status", lambda run: run.status),
    Column("exitCode", lambda run: run.exit_code, as_code),
    Column("waited", lambda run: run.waited, as_span),
    Column("ran", lambda run: run.ran, as_span),
    Column("retries", lambda run: run.retries, lambda count: str(count or "")),
    Column("ended", lambda run: run.ended, as_moment),
    Column("node", lambda run: run.node, lambda node: node or ""),
    Column("why", lambda run: run.failure and run.failure.code, lambda code: code or ""),
    Column("job", lambda run: run.job, detail=True),
    Column("created", lambda run: run.created, detail=True),
    Column("started", lambda run: run.started, detail=True),
    Column("requeues", lambda run: run.requeues, detail=True),
    Column("lastRetry", lambda run: run.retried, detail=True),
    Column("lastRequeue", lambda run: run.requeued, detail=True),
    Column("slots", lambda run: run.slots, detail=True),
    Column("pool", lambda run: run.pool, detail=True),
    Column("directory", lambda run: run.root, detail=True),
    Column("container", lambda run: run.container, detail=True),
    Column("category", lambda run: run.failure and run.failure.category, detail=True),
    Column("message", lambda run: run.failure and run.failure.message, detail=True),
)


def tasks_at(now: datetime) -> tuple[Column, ...]:
    """TASKS for people, who are told of a task that runs how long it has been at it by `now`."""
    so_far = Column("ran", lambda run: run.ran_by(now), as_span)
    return tuple(so_far if column.name == so_far.name else column for column in TASKS)


LONGEST = 60
"""Columns of what a task said last, for people."""


def of_run(name: str, *, detail: bool = False) -> Column:
    """The column of TASKS in a row that has its run."""
    column = next(column for column in TASKS if column.name == name)
    return Column(name, lambda row: column.of(row.run), column.shown, detail or column.detail)


FAILURES: tuple[Column, ...] = (
    Column("group", lambda failure: failure.group),
    *(of_run(name) for name in ("task", "exitCode", "why")),
    Column(
        "says",
        lambda failure: harmless_line(masked(failure.says)),
        lambda text: text if len(text) < LONGEST else f"{text[:LONGEST]}…",
    ),
    *(of_run(name) for name in ("ran", "retries", "node")),
    *(of_run(name, detail=True) for name in ("status", "waited", "ended")),
    *(of_run(column.name) for column in TASKS if column.detail),
)

NODES: tuple[Column, ...] = (
    Column("node", lambda node: node.id),
    Column("state", lambda node: node.state),
    Column("kind", lambda node: "spot" if node.spot else "dedicated"),
    Column("runningTasks", lambda node: node.running_tasks),
    Column("totalTasks", lambda node: node.total_tasks),
    Column("since", lambda node: node.since, as_moment),
    Column("booted", lambda node: node.booted, as_moment),
    Column("startExitCode", lambda node: node.start_exit_code, as_code),
    Column("ip", lambda node: node.ip, lambda ip: ip or ""),
    Column("errors", lambda node: list(node.errors), "; ".join),
    Column("vmSize", lambda node: node.vm_size, detail=True),
    Column("schedulingState", lambda node: node.scheduling, detail=True),
    Column("runningTaskSlots", lambda node: node.running_slots, detail=True),
    Column("allocated", lambda node: node.allocated, detail=True),
    Column("agentVersion", lambda node: node.agent, detail=True),
    Column("startFailure", lambda node: node.start_failure and node.start_failure.message, detail=True),
)

OUTPUTS: tuple[Column, ...] = (
    Column("blob", lambda blob: blob.name),
    Column("size", lambda blob: blob.size, shown_size),
    Column("modified", lambda blob: blob.modified, as_moment),
    Column("task", lambda blob: blob.task),
    Column("md5", lambda blob: blob.md5, detail=True),
    Column("etag", lambda blob: blob.etag, detail=True),
)

FILES: tuple[Column, ...] = (
    Column("file", lambda held: held.blob.path),
    Column("size", lambda held: held.blob.size, shown_size),
    Column("modified", lambda held: held.blob.modified, as_moment),
    Column("of", lambda held: held.owner),
    Column("from", lambda held: held.source),
)


def table_text(rows: Sequence[Any], columns: Sequence[Column], form: str, width: int = 0) -> str:
    """The rows in one of FORMS, with its last newline. `width`: of the terminal, which the last columns leave if they
    are too many for it; 0: whoever reads takes all."""
    match form:
        case "json":
            return shown_json(told_rows(rows, columns), indent=2) + "\n"
        case "yaml":
            import yaml  # imported late: few ask for it

            told = told_rows(rows, columns)
            text: str = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
            return yaml.safe_dump(told, sort_keys=False) if obeyed(text) else text
        case "tsv":
            heads = "\t".join(column.name for column in columns)
            return "".join(f"{line}\n" for line in (heads, *(_tsv_line(row, columns) for row in rows)))
        case _:
            return _aligned([column for column in columns if not column.detail], rows, width)


def told_rows(rows: Iterable[Any], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The rows as JSON has them, with all that a table leaves out."""
    return [{column.name: plain_value(column.of(row)) for column in columns} for row in rows]


def plain_value(value: Any) -> Any:
    """As JSON has it: moments as ISO 8601, spans in seconds."""
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case timedelta():
            return round(value.total_seconds(), 3)
        case _:
            return value


def _tsv_line(row: Any, columns: Sequence[Column]) -> str:
    """Nothing in a cell is a tab or ends a line."""
    cells = (plain_value(column.of(row)) for column in columns)
    return "\t".join("" if cell is None else one_line(_joined(cell)) for cell in cells)


def _joined(cell: Any) -> str:
    return "; ".join(cell) if isinstance(cell, list) else str(cell)


def _aligned(columns: Sequence[Column], rows: Sequence[Any], width: int) -> str:
    """Columns as wide as what is in them, two blanks between; one of which no row has anything is left out."""
    cells = [[short_ids(one_line(_cell(column, row))) for column in columns] for row in rows]
    used = [n for n in range(len(columns)) if n == 0 or any(line[n] for line in cells)]
    lines = [[_title(columns[n].name) for n in used], *([line[n] for n in used] for line in cells)]
    widths = [max(columns_of(line[n]) for line in lines) for n in range(len(used))]
    while width and len(widths) > 1 and sum(widths) + 2 * (len(widths) - 1) > width:
        widths.pop()
    return "".join(f"{'  '.join(map(_padded, line, widths)).rstrip()}\n" for line in lines)


def _cell(column: Column, row: Any) -> str:
    value = column.of(row)
    return "" if value is None else column.shown(value)


def _title(name: str) -> str:
    """`exitCode` as EXIT CODE."""
    return "".join(f" {c}" if c.isupper() else c for c in name).upper()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))
