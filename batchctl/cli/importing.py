"""The command that makes a spec of other tools' files: import."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batchctl.cli.options import Options, with_options
from batchctl.cli.speaking import open_printer
from batchctl.cli.target import open_account
from batchctl.errors import Refused, UsageError
from batchctl.opening.variables import parse_variables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchctl.importing.report import Line, Report
    from batchctl.render.page import Page
    from batchctl.render.printer import Printer

SCHEMA = "batchctl.schema.json"
"""Where an editor finds it: beside the spec, where `batchctl schema > batchctl.schema.json` puts it."""


@with_options
def import_(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="[SOURCE]...", help="Files, or folders of them.", show_default=False)
    ] = None,
    kind: Annotated[
        str,
        typer.Option("--from", metavar="KIND", help="Whose files these are, if that is not told by what is in them."),
    ] = "",
    job: Annotated[
        str, typer.Option("--job", metavar="ID", help="Which of several jobs; without SOURCE, of the account.")
    ] = "",
    pool: Annotated[
        str, typer.Option("--pool", metavar="ID", help="Which of several pools; without SOURCE, of the account.")
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the spec there, not to standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write there what became of each field, one JSON object a line."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="What became of each field as JSON, one object a line, and then the spec.")
    ] = False,
    *,
    options: Options,
) -> None:
    """Make a spec of files of other tools, or of what an account holds, and tell what becomes of each field."""
    from batchctl.importing.report import Report, Verdict, counts
    from batchctl.importing.written import spec_of

    _require_sense(sources, kind, job, pool)
    if to is not None and to.exists() and not force:
        raise UsageError(f"{to} is there: --force writes over it")
    out, told = open_printer(options.no_color, aside=True), Report()
    if sources:
        document = _of_files(sources, kind, job, pool, options, told)
    else:
        document = _of_account(job, pool, to, options, out, told, force=force)
    text, lines = spec_of(document, told, SCHEMA), told.sorted()
    if report is not None:
        report.write_text(_json_lines(lines), encoding="utf-8")
    _tell(lines, out, as_json=as_json)
    if to is not None:
        to.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(json.dumps({"spec": text}, ensure_ascii=False) + "\n" if as_json else text)
    out.say(f"{', '.join(counts(lines))}{f'; the spec is {to}' if to else ''}")
    if refused := [line for line in lines if line.verdict is Verdict.REFUSED]:
        raise Refused([f"the spec does without what was refused: {', '.join(_fields(refused))}"])


def _require_sense(sources: "list[Path] | None", kind: str, job: str, pool: str) -> None:
    """Raises UsageError."""
    if not sources and not (job or pool):
        raise UsageError("name files, or a job or pool of the account by --job or --pool")
    if kind and not sources:
        raise UsageError("--from says whose the files are, and none is named")


def _of_files(
    sources: "list[Path]", kind: str, job: str, pool: str, options: Options, told: "Report"
) -> dict[str, Any]:
    from batchctl.importing.asked import Asked
    from batchctl.importing.kinds import imported
    from batchctl.importing.reading import read_found, source_files

    files = [read_found(path, told) for path in source_files(sources)]
    return imported(files, Asked(job=job, pool=pool, values=parse_variables(options.var)), kind)


def _of_account(
    job: str, pool: str, to: Path | None, options: Options, out: "Printer", told: "Report", *, force: bool
) -> dict[str, Any]:
    """The files that the spec uploads are brought beside it."""
    from batchctl.importing.live import live_document, made_by

    cloud = open_account(options, out)
    files = f"{to.stem}.files" if to else ""
    folder = to.parent / files if to else Path()
    if to and folder.exists() and not force:
        raise UsageError(f"{folder} is there, where the files that the spec uploads are to go: --force writes over it")
    held = cloud.bodies(job, pool)
    document, brought = live_document(held, cloud.containers(), cloud.blobs, files, told)
    for one in brought if to else ():
        path = folder / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(cloud.read(one.blob))
    if made := made_by(held):
        out.say(
            f"note: it was made by the spec {made}: plan and apply the new one with --adopt, once, or write it there"
        )
    if brought and not to:
        out.say("note: the spec uploads files, which -o FILE brings beside it; without them apply would delete them")
    return document


def _fields(lines: "Sequence[Line]") -> list[str]:
    return list(dict.fromkeys(line.field for line in lines))


def _tell(lines: "Sequence[Line]", out: "Page", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(_json_lines(lines))
        return
    for line in lines:
        place = f"{line.file}:{line.line}:{line.column}"
        there = f" -> {line.to}" if line.to else ""
        # Of a whole file there is no field to name.
        out.say(": ".join(filter(None, (place, line.verdict, f"{line.field}{there}", line.why))))


def _json_lines(lines: "Sequence[Line]") -> str:
    from dataclasses import asdict

    from batchctl.words import shown_json

    return "".join(shown_json(asdict(line)) + "\n" for line in lines)
