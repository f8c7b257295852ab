"""The command that gathers what somebody else needs to see of a run that went wrong: debug-dump."""

import os
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.speaking import open_printer
from batchctl.cli.target import Opened, open_spec
from batchctl.errors import MachineError, SpecError, UsageError
from batchctl.version import __version__

if TYPE_CHECKING:
    from batchctl.cli.speaking import Voice
    from batchctl.spec.model import Spec

LIBRARIES = (
    *("azure-batch", "azure-core", "azure-identity", "azure-storage-blob", "azure-mgmt-batch"),
    *("pycurl", "urllib3", "pyyaml", "jsonschema", "rich", "typer", "starlette", "uvicorn"),
)


@with_options
def debug_dump(
    spec: SpecPath,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="The zip; else one named by spec and time.", show_default=False),
    ] = None,
    *,
    options: Options,
) -> None:
    """Gather what others need to see of a run that went wrong, in one zip without secrets: look at it all the same."""
    from batchctl.clock import SystemClock
    from batchctl.render.dump_files import as_json, dump_files, state_files, told_log
    from batchctl.render.text import shown_path, shown_size
    from batchctl.verbs.dump import gather, veil_of

    if to is not None and (to.exists() or not to.parent.is_dir()):
        raise UsageError(f"--to: {to} is there" if to.exists() else f"--to: there is no directory {to.parent}")
    out = open_printer(options.no_color)
    opened, why_no_plan = _opened(spec, options, out)
    now = SystemClock().now()
    found = gather(opened.spec, opened.cloud, opened.cloud.eyes, opened.cloud.clock, why_no_plan)
    files = {"versions.json": as_json(_versions(opened, now)), **_spec_files(opened.spec)}
    if found.plan is not None:
        files["plan.json"] = as_json(found.plan)
    files |= dict(state_files(found.status, found.report, found.nodes, str(spec), opened.cloud.clock.now()))
    files |= {f"logs/{_plain(log.owner)}.{log.stream}": told_log(log.content, log.size) for log in found.logs}
    path = to or Path(f"batchctl-{opened.spec.name}-{now:%Y%m%dT%H%M%SZ}.zip")
    told = dump_files(files, veil_of(opened.spec), found.missing, now)
    _write_zip(path, told, now)
    for line in told["CONTENTS.txt"].splitlines():
        out.line(line)
    out.line(f"Wrote {len(told)} files, {shown_size(path.stat().st_size)}, to {shown_path(path.absolute())}")


def _opened(spec: Path, options: Options, out: "Voice") -> tuple[Opened, str]:
    """The spec as far as it can be read, and why there is no plan of it. Raises SpecError where not even names can."""
    try:
        return open_spec(spec, options, out), ""
    except SpecError as error:
        problems = "; ".join(f"{one.file}:{one.line}:{one.column}: {one.message}" for one in error.problems)
        return open_spec(spec, options, out, names_alone=True), problems


def _versions(opened: Opened, now: datetime) -> dict[str, Any]:
    import platform

    libraries = {name: found for name in LIBRARIES if (found := _version(name))}
    return {
        "made": now.isoformat(timespec="seconds"),
        "batchctl": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "libraries": libraries,
        "batch": opened.place.batch,
        "storage": opened.place.storage,
    }


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # imported late: half of what a command's start takes

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _spec_files(spec: "Spec") -> dict[str, str]:
    """Numbered in the order in which they are laid over one another: two may have one name."""
    sources = (spec.source, *spec.source.overlays)
    return {f"spec/{number}-{_plain(Path(one.file).name)}": one.text for number, one in enumerate(sources)}


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)[:120]


def _write_zip(path: Path, files: Mapping[str, str], now: datetime) -> None:
    """For its owner alone: what a task wrote nobody has looked through. Whole, or not there. Raises MachineError."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            try:
                _fill(stream, files, now)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}") from error


def _fill(stream: BinaryIO, files: Mapping[str, str], now: datetime) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            archive.writestr(entry, text)
    stream.flush()
