"""Reports: of a run as it is seen now, and at the end of an apply."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.cli.speaking import Voice
from batchctl.cli.target import Opened
from batchctl.errors import BatchctlError, MachineError, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from batchctl.reconcile.events import Event
    from batchctl.reconcile.explain.report import Applied, Report
    from batchctl.verbs.report import Heard


def require_folder(to: Path, option: str) -> None:
    """Raises UsageError, before anything is begun, where no files could go there."""
    for place in (to, *to.absolute().parents):
        if place.exists():
            if not place.is_dir():
                raise UsageError(f"{option}: {place} is no directory")
            return


def reported(
    events: "Generator[Event, None, None]", opened: Opened, to: Path, out: Voice
) -> "Generator[Event, None, None]":
    """The same events; at their end a report is written, also where tasks failed, but not where nothing was begun."""
    from batchctl.clock import SystemClock
    from batchctl.verbs.report import Heard, watched

    heard = Heard()
    try:
        yield from watched(events, opened.spec, opened.cloud.eyes, SystemClock(), heard)
    except Refused:
        raise
    except BatchctlError:
        try:
            out.say(_written(opened, to, heard))
        except BatchctlError as lost:
            out.say(f"no report was written: {lost}")
        raise
    out.say(_written(opened, to, heard))


def _written(opened: Opened, to: Path, heard: "Heard") -> str:
    return write_report(found_report(opened, heard, now=True), to)


def found_report(opened: Opened, heard: "Heard | None" = None, *, now: bool = False) -> "Report":
    """What is seen of the run. `now`: the spec was applied this very moment; `heard`: while it was waited for."""
    from dataclasses import replace

    from batchctl.clock import SystemClock
    from batchctl.verbs.report import report

    found = report(opened.spec, opened.cloud, opened.cloud.eyes, SystemClock().now(), heard)
    return replace(found, applied=_applied(opened, now=now))


def _applied(opened: Opened, *, now: bool) -> "Applied":
    from batchctl.cli.checkout import changed_files, commit_of
    from batchctl.verbs.report import applied_spec

    overlays = [Path(overlay.file) for overlay in opened.spec.source.overlays]
    file = Path(opened.spec.source.file)
    folder = file.absolute().parent
    commit = commit_of(folder)
    changed = changed_files(folder, (file, *overlays)) if commit else None
    return applied_spec(opened.spec, commit, changed, now=now)


@contextmanager
def web_page(opened: Opened, out: Voice) -> "Iterator[None]":
    """The report, served on loopback as long as this goes on, and anew whenever it is read."""
    from batchctl.cli.speaking import SPEC_CODECS
    from batchctl.cli.web_server import PageServer
    from batchctl.clock import SystemClock
    from batchctl.render.report.web_page import as_page

    def page() -> str:
        return as_page(found_report(opened), live=True)

    with PageServer(page, SystemClock(), SPEC_CODECS[-1].veil) as server:
        out.say(f"The page of this run, for one browser on this machine: {server.address}")
        yield


def write_report(found: "Report", to: Path) -> str:
    """Returns what was written where. Raises MachineError."""
    from batchctl.render.report.files import report_files
    from batchctl.render.text import shown_path

    files = report_files(found)
    try:
        to.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (to / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise MachineError(f"cannot write the report to {to}: {error.strerror}") from error
    return f"Wrote {', '.join(files)} to {shown_path(to.absolute())}"
