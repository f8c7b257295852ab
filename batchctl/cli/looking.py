"""The commands that look at a run: status, logs, tasks, nodes, outputs, report."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from batchctl.cli import completing
from batchctl.cli.again import Shown, show
from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.speaking import open_printer
from batchctl.cli.target import Opened, open_spec
from batchctl.errors import UsageError

those_alone = partial(
    typer.Argument, metavar="[PATTERN]...", help="Those alone that meet one, such as 'map-*'.", show_default=False
)
Patterns = Annotated[list[str] | None, those_alone(autocompletion=completing.tasks)]
Blobs = Annotated[list[str] | None, those_alone(autocompletion=completing.outputs)]


@with_options
def status(spec: SpecPath, *, options: Options) -> None:
    """Show how the run goes, on one screen: its jobs, its pool, and what failed."""
    from batchctl.render.status import status_lines
    from batchctl.verbs import look
    from batchctl.verbs.standstills import standstills

    out = open_printer(options.no_color)
    seen = open_spec(spec, options, out, names_alone=True)
    clock = seen.cloud.clock

    def shown() -> Shown:
        found = look.status(seen.spec, seen.cloud.eyes, clock)
        stuck = standstills(seen.spec, seen.cloud, found, str(spec))
        lines = status_lines(found, str(spec), clock.now(), seen.spec.prices, stuck)
        return Shown(text=out.as_text(lines), means=(replace(found, spent=()), stuck))

    show(shown, seen, clock, again=options.again)


@with_options
def tasks(
    spec: SpecPath,
    patterns: Patterns = None,
    failed: Annotated[bool, typer.Option("--failed", help="Those that failed, numbered by cause.")] = False,
    running: Annotated[bool, typer.Option("--running", help="Those that run.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Those that wait.")] = False,
    *,
    options: Options,
) -> None:
    """List the tasks, each with its newest run: state, exit code, times, tries, node."""
    from batchctl.render.tables import FAILURES, TASKS, tasks_at
    from batchctl.verbs import look
    from batchctl.verbs.failures import numbered_failures

    asked = {"failed": failed, "running": running, "waiting": waiting}
    states = [state for state, wanted in asked.items() if wanted]
    seen = open_for_rows(spec, options)

    def failures() -> Sequence[Any]:
        found = numbered_failures(seen.spec, seen.cloud, seen.cloud.eyes)
        return [one for one in found if look.meets(one.run.id, patterns or ())]

    def columns() -> Sequence[Any]:
        return tasks_at(seen.cloud.clock.now()) if options.form == "table" else TASKS

    if states == ["failed"]:
        _show_rows(failures, lambda: FAILURES, seen, options)
    else:
        _show_rows(lambda: look.tasks(seen.spec, seen.cloud.eyes, patterns or (), states), columns, seen, options)


@with_options
def nodes(spec: SpecPath, patterns: Patterns = None, *, options: Options) -> None:
    """List the nodes of the pool: state, tasks, start task, errors."""
    from batchctl.render.tables import NODES
    from batchctl.verbs import look

    seen = open_for_rows(spec, options)
    _show_rows(lambda: look.nodes(seen.spec, seen.cloud.eyes, patterns or ()), lambda: NODES, seen, options)


@with_options
def outputs(spec: SpecPath, patterns: Blobs = None, *, options: Options) -> None:
    """List what the tasks wrote: blobs with their size, time, and the task that wrote them."""
    from batchctl.render.tables import OUTPUTS
    from batchctl.verbs import look

    seen = open_for_rows(spec, options)
    _show_rows(lambda: look.outputs(seen.spec, seen.cloud, patterns or ()), lambda: OUTPUTS, seen, options)


@with_options
def why(
    spec: SpecPath,
    name: Annotated[
        str,
        typer.Argument(
            metavar="KIND.NAME",
            help="task.ID, pool.ID or node.ID.",
            show_default=False,
            autocompletion=completing.objects,
        ),
    ],
    rerun: Annotated[bool, typer.Option("--rerun", help="Why apply would run the task again.")] = False,
    *,
    options: Options,
) -> None:
    """Say why a task does not run, failed or would run again, why a pool has no nodes, what is wrong with a node."""
    if rerun:
        from batchctl.verbs.rerun import why_again as reasons
    else:
        from batchctl.verbs.why import why as reasons

    out = open_printer(options.no_color)
    seen = open_spec(spec, options, out, names_alone=not rerun)
    for reason in reasons(seen.spec, seen.cloud, seen.cloud.eyes, name, str(spec)):
        for line in (reason.says, f"  -> {reason.remedy}" if reason.remedy else ""):
            if line:
                out.line(line)


@with_options
def logs(
    spec: SpecPath,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="TASK...",
            help="Tasks, subtasks as TASK/1, start tasks as node.NODE, a job's preparation.NODE and release.NODE.",
            show_default=False,
            autocompletion=completing.tasks,
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until they have ended.")] = False,
    stderr: Annotated[bool, typer.Option("--stderr", help="Standard error, instead of standard output.")] = False,
    both: Annotated[bool, typer.Option("--all", help="Both.")] = False,
    *,
    options: Options,
) -> None:
    """Show what tasks wrote, from their nodes, or from the container where it is kept once these are gone."""
    from batchctl.clock import SystemClock
    from batchctl.render.log_lines import LineReader
    from batchctl.verbs.logs import follow_logs, kept_stream, read_logs, streams_of

    out = open_printer(options.no_color, aside=True)
    seen = open_spec(spec, options, out, names_alone=True)
    eyes, cloud = seen.cloud.eyes, seen.cloud
    wanted = ("stdout", "stderr") if both else ("stderr",) if stderr else ("stdout",)
    found = streams_of(seen.spec, eyes, cloud, names, wanted)
    streams = found.streams
    for said in found.lost:
        out.say(said)
    readers = {stream: LineReader() for stream in streams}
    kept = partial(kept_stream, seen.spec, cloud)
    told = follow_logs(streams, eyes, cloud, SystemClock(), kept) if follow else read_logs(streams, eyes, cloud, kept)
    for heard in told:
        lead = f"[{heard.stream.label}] " if len(streams) > 1 else ""
        for line in readers[heard.stream].lines(heard.content, last=heard.last or heard.anew):
            out.log(lead, line)
        sys.stdout.flush()  # whoever follows reads along
        if heard.anew:
            out.say(f"{heard.stream.label} is tried again")


@with_options
def report(
    spec: SpecPath,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the files go.", show_default=False)],
    *,
    options: Options,
) -> None:
    """Write how the run went to a directory: report.html, report.md, report.json and tasks.csv."""
    from batchctl.cli.reporting import found_report, require_folder, write_report
    from batchctl.render.report.figures import verdict

    require_folder(to, "--to")
    out = open_printer(options.no_color)
    found = found_report(open_spec(spec, options, out, names_alone=True))
    wrote = write_report(found, to)
    out.line(verdict(found))
    out.line(wrote)


def open_for_rows(spec: Path, options: Options) -> Opened:
    from batchctl.render.tables import FORMS

    if options.form not in FORMS:
        raise UsageError(f"-o is one of {', '.join(FORMS)}, not {options.form!r}")
    # A program reads standard output: where it comes from is said beside it.
    return open_spec(spec, options, open_printer(options.no_color, aside=options.form != "table"), names_alone=True)


def print_rows(rows: Sequence[Any], columns: Any, options: Options) -> None:
    sys.stdout.write(_rows_text(rows, columns, options))


def _show_rows(
    look: Callable[[], Sequence[Any]], columns: Callable[[], Sequence[Any]], seen: Opened, options: Options
) -> None:
    from batchctl.clock import SystemClock

    def shown() -> Shown:
        rows = look()
        return Shown(text=_rows_text(rows, columns(), options), means=tuple(rows))

    show(shown, seen, SystemClock(), again=options.again)


def _rows_text(rows: Sequence[Any], columns: Any, options: Options) -> str:
    from batchctl.render.tables import table_text

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    return table_text(rows, columns, options.form, width)
