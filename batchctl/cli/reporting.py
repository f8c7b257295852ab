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
    from batchctl.verbs.under_lock import Approve


def require_folder(to: Path, option: str) -> None:
    """Raises UsageError, before anything is begun, where no files could go there."""
    for place in (to, *to.absolute().parents):
        if place.exists():
            if not place.is_dir():
                raise UsageError(f"{option}: {place} is no directory")
            return


class Telling:
    """A report at the end of an apply: it hears the plan that is agreed to, and what happens."""

    def __init__(self, opened: Opened, to: Path, out: Voice) -> None:
        from batchctl.verbs.report import Heard

        self._opened, self._to, self._out, self._heard = opened, to, out, Heard()

    def approve(self, approve: "Approve") -> "Approve":
        from batchctl.verbs.report import heard_plan

        return heard_plan(approve, self._heard)

    def events(self, events: "Generator[Event, None, None]") -> "Generator[Event, None, None]":
        """The same; at their end the report is written, also where tasks failed, but not where nothing was begun."""
        from batchctl.verbs.report import watched

        try:
            cloud = self._opened.cloud
            yield from watched(events, self._opened.spec, cloud.eyes, cloud.clock, self._heard)
        except Refused:
            raise
        except BatchctlError:
            try:
                self._write()
            except BatchctlError as lost:
                self._out.say(f"no report was written: {lost}")
            raise
        self._write()

    def _write(self) -> None:
        self._out.say(write_report(found_report(self._opened, self._heard, now=True), self._to))


def found_report(opened: Opened, heard: "Heard | None" = None, *, now: bool = False) -> "Report":
    """What is seen of the run. `now`: the spec was applied this very moment; `heard`: while it was waited for."""
    from dataclasses import replace

    from batchctl.verbs.report import report

    found = report(opened.spec, opened.cloud, opened.cloud.eyes, opened.cloud.clock, heard)
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
