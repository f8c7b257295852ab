"""The command that makes a spec of other tools' files: import."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.options import Options, with_options
from batchctl.cli.speaking import open_page
from batchctl.cli.target import parse_variables
from batchctl.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batchctl.importing.report import Line
    from batchctl.render.page import Page

SCHEMA = "batchctl.schema.json"
"""Where an editor finds it: beside the spec, where `batchctl schema > batchctl.schema.json` puts it."""


@with_options
def import_(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Files, or folders of them.", show_default=False)
    ],
    kind: Annotated[
        str,
        typer.Option("--from", metavar="KIND", help="Whose files these are, if that is not told by what is in them."),
    ] = "",
    job: Annotated[str, typer.Option("--job", metavar="ID", help="Which of several jobs.")] = "",
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
    """Make a spec of files of other tools, and tell what becomes of each of their fields. Sends no request."""
    from batchctl.importing.asked import Asked
    from batchctl.importing.kinds import imported
    from batchctl.importing.reading import read_found, source_files
    from batchctl.importing.report import Report, Verdict, counts
    from batchctl.importing.written import spec_of

    if to is not None and to.exists() and not force:
        raise UsageError(f"{to} is there: --force writes over it")
    out = open_page(options.no_color)
    told = Report()
    files = [read_found(path, told) for path in source_files(sources)]
    document = imported(files, Asked(job=job, values=parse_variables(options.var)), kind)
    text = spec_of(document, told, SCHEMA)
    lines = told.sorted()
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


def _fields(lines: "Sequence[Line]") -> list[str]:
    return list(dict.fromkeys(line.field for line in lines))


def _tell(lines: "Sequence[Line]", out: "Page", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(_json_lines(lines))
        return
    for line in lines:
        place = f"{line.file}:{line.line}:{line.column}"
        there = f" -> {line.to}" if line.to else ""
        out.say(f"{place}: {line.verdict}: {line.field}{there}{f': {line.why}' if line.why else ''}")


def _json_lines(lines: "Sequence[Line]") -> str:
    from dataclasses import asdict

    return "".join(json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in lines)
