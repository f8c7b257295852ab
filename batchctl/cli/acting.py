"""The commands that do something to a run by hand: cancel, retry, pause, resume, reboot."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli import completing
from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.speaking import ask_for_yes, open_printer, require_an_answer
from batchctl.cli.target import Opened, open_spec
from batchctl.errors import Refused, UsageError
from batchctl.words import plural, some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batchctl.render.printer import Printer
    from batchctl.verbs.act import Deed

Tasks = Annotated[
    list[str],
    typer.Argument(
        metavar="TASK...", help="Tasks by id or pattern.", show_default=False, autocompletion=completing.tasks
    ),
]
Nodes = Annotated[
    list[str],
    typer.Argument(metavar="NODE...", help="By the beginning of the id, a pattern, or a state.", show_default=False),
]
Wait = Annotated[bool, typer.Option("--wait", help="Let tasks that run end first, instead of queuing them again.")]


@with_options
def cancel(spec: SpecPath, tasks: Tasks, *, options: Options) -> None:
    """End tasks: those that run are stopped, those that wait never begin. The next apply runs them again."""
    from batchctl.verbs import act

    out, opened = _open(spec, options)
    found = act.going_tasks(opened.spec, opened.cloud.eyes, tasks)
    _ask(out, options, f"End {plural(len(found), 'task')} ({some([run.id for run in found])})?")
    _tell(out, act.cancel(found, opened.cloud.hands), "ended", "had ended already")


@with_options
def retry(
    spec: SpecPath,
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TASK]...",
            help="Failed tasks by id or pattern.",
            show_default=False,
            autocompletion=completing.tasks,
        ),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    group: Annotated[
        list[int] | None,
        typer.Option("--group", metavar="N", help="Those of a group of `tasks --failed`.", show_default=False),
    ] = None,
    *,
    options: Options,
) -> None:
    """Run failed tasks again while their job goes on. What the spec says by now is for apply."""
    from batchctl.verbs import act

    if not (failed or patterns or group):
        raise UsageError("which tasks? Say --failed, --group N, or tasks by id or pattern")
    out, opened = _open(spec, options)
    found, ended = act.failed_tasks(opened.spec, opened.cloud, opened.cloud.eyes, patterns or (), group or ())
    if not found:
        raise Refused([act.too_late(ended, str(spec))])
    _ask(out, options, f"Run {plural(len(found), 'failed task')} again ({some([one.run.id for one in found])})?")
    _tell(out, act.retry(found, opened.cloud.hands), "waits for a node again", "cannot run again now")
    if ended:
        out.say(act.too_late(ended, str(spec)))


@with_options
def pause(spec: SpecPath, wait: Wait = False, *, options: Options) -> None:
    """Start no task any more, until `resume`. The nodes stay, and cost; an `apply` that waits ends (exit code 6)."""
    from batchctl.verbs import act

    out, opened = _open(spec, options)
    jobs = act.live_jobs(opened.spec, opened.cloud.eyes)
    _ask(out, options, f"Pause {', '.join(job.id for job in jobs)}?")
    _tell(out, act.pause(jobs, opened.cloud.hands, wait=wait), "paused", "was paused or had ended already")


@with_options
def resume(spec: SpecPath, *, options: Options) -> None:
    """Go on with what `pause` held."""
    from batchctl.verbs import act

    out, opened = _open(spec, options)
    jobs = act.live_jobs(opened.spec, opened.cloud.eyes)
    _tell(out, act.resume(jobs, opened.cloud.hands), "resumed", "was not paused")


@with_options
def reboot(spec: SpecPath, nodes: Nodes, wait: Wait = False, *, options: Options) -> None:
    """Restart nodes: their start task runs again."""
    from batchctl.verbs import act

    out, opened = _open(spec, options)
    found = act.named_nodes(opened.spec, opened.cloud.eyes, nodes)
    running = sum(node.running_tasks for _, node in found)
    told = f", on which {plural(running, 'task')} {'runs' if running == 1 else 'run'}" if running else ""
    _ask(out, options, f"Restart {plural(len(found), 'node')}{told}?")
    deeds = act.reboot([place for place, _ in found], opened.cloud.hands, wait=wait)
    _tell(out, deeds, "restarts", "cannot restart now")


def _open(spec: Path, options: Options) -> "tuple[Printer, Opened]":
    out = open_printer(options.no_color)
    return out, open_spec(spec, options, out, names_alone=True)


def _ask(out: "Printer", options: Options, question: str) -> None:
    """Raises Refused unless the answer is yes."""
    require_an_answer(options.yes)
    if not options.yes and not ask_for_yes(out, question):
        raise Refused(["not approved"])


def _tell(out: "Printer", deeds: "Iterable[Deed]", done: str, late: str) -> None:
    for deed in deeds:
        out.line(f"{deed.name} {done if deed.done else late}")
