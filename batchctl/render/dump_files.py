"""What is handed on of a run that went wrong, as files: every text without its secrets, and a list of what is in it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from batchctl.reconcile.explain.report import Report
from batchctl.render.log_lines import harmless_line
from batchctl.render.report.files import report_files
from batchctl.render.status import status_lines
from batchctl.render.tables import NODES, TASKS, told_rows
from batchctl.render.text import shown_moment, shown_size, visible_text
from batchctl.sensitive import Veil
from batchctl.sights import NodeSight, Status
from batchctl.words import one_line, plural, shown_json

CUT = 1024
"""Characters that are left out where a stream of one endless line was cut: half a secret would not be known for one."""

WHAT = {
    "versions.json": "batchctl, Python and its libraries, this machine's system, the addresses of the account",
    "spec/": "the spec and its overlays, as they are read now",
    "plan.json": "what `batchctl apply` would do now",
    "status.txt": "what `batchctl status` says",
    "errors.txt": "what is wrong with jobs, pools, nodes and tasks, as the service says it",
    "tasks.json": "every task with its newest run: states, times, exit codes",
    "nodes.json": "every node: states, start task, errors",
    "report/": "what `batchctl report` writes; all runs are in its report.json",
    "logs/": "the ends of the standard streams of tasks that failed or run, and of start tasks of nodes in trouble",
}
"""What the files and folders are, in their order."""


def told_log(content: bytes, size: int) -> str:
    """The end of a stream; what was cut off is said, and no line is shown that was cut."""
    text = content.decode("utf-8", errors="replace")
    if size > len(content):
        _, newline, rest = text.partition("\n")
        text = f"[the last {shown_size(len(content))} of {shown_size(size)}]\n{rest if newline else text[CUT:]}"
    return "\n".join(harmless_line(visible_text(line)) for line in text.split("\n"))


def as_json(value: Any) -> str:
    return shown_json(value, indent=1) + "\n"


def state_files(
    status: Status | None, report: Report | None, nodes: Sequence[NodeSight], spec: str, now: datetime
) -> Iterator[tuple[str, str]]:
    """(name, text) of what was seen."""
    if status:
        yield "status.txt", "".join(f"{one_line(line)}\n" for line in status_lines(status, spec, now))
    errors = list(error_lines(status, report, nodes))
    yield "errors.txt", "".join(f"{one_line(line)}\n" for line in errors) or "none\n"
    yield "nodes.json", as_json(told_rows(nodes, NODES))
    if report:
        yield "tasks.json", as_json(told_rows(report.tasks, TASKS))
        yield from ((f"report/{name}", text) for name, text in report_files(report).items())


def error_lines(status: Status | None, report: Report | None, nodes: Sequence[NodeSight]) -> Iterator[str]:
    for job in status.jobs if status else ():
        if job.scheduling_error:
            yield f"job {job.id}: {job.scheduling_error}"
        if job.why_ended:
            yield f"job {job.id} ended: {job.why_ended}"
    for pool in status.pools if status else ():
        yield from (f"pool {pool.id}: {error}" for error in pool.resize_errors)
        if pool.scaling and pool.scaling.error:
            yield f"pool {pool.id}: its formula failed: {pool.scaling.error}"
    for node in nodes:
        yield from (f"node {node.id}: {error}" for error in node.errors)
        if node.start_failure:
            yield f"node {node.id}: its start task failed: {node.start_failure.code}: {node.start_failure.message}"
    for run in report.tasks if report else ():
        if run.failure:
            yield f"task {run.job}/{run.id} ({run.exit_code}): {run.failure.code}: {run.failure.message}"


def dump_files(
    files: Mapping[str, str], veil: Veil, missing: Sequence[tuple[str, str]], now: datetime
) -> dict[str, str]:
    """The same without secrets, and first CONTENTS.txt."""
    told = {name: veil(text) for name, text in files.items()}
    head = [f"A dump of batchctl, made {shown_moment(now)} UTC.", ""]
    for name, what in WHAT.items():
        own = [file for file in told if file == name or (name.endswith("/") and file.startswith(name))]
        if own:
            size = shown_size(sum(len(told[file].encode()) for file in own))
            head += [f"{name}: {what} ({size})", *(f"  {file}" for file in own if file != name)]
    if missing:
        head += ["", "What could not be had:", *(f"  {what}: {one_line(why)}" for what, why in missing)]
    return {"CONTENTS.txt": veil("\n".join([*head, "", *_redaction(veil)]) + "\n"), **told}


def _redaction(veil: Veil) -> Iterator[str]:
    known = plural(len(veil.values), "text")
    yield f"Hidden wherever they occur: the secrets that the spec takes from outside or names as such ({known}),"
    yield "and what has the form of an account key, a shared access signature or a password in an address."
    yield "What a task wrote itself, and a command line, may hold others: look before you hand it on."
