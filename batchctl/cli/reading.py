"""The commands that read files and send no request: validate, show, explain, schema, version."""

import json
import os
import shutil
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from batchctl.cli import completing
from batchctl.cli.options import Options, with_options
from batchctl.cli.plan_files import read_plan
from batchctl.cli.speaking import open_page, open_printer
from batchctl.errors import SpecError, UsageError
from batchctl.opening.variables import parse_variables
from batchctl.version import __version__


class Document(StrEnum):
    """What a schema is about."""

    SPEC = "spec"
    PLAN = "plan"
    EVENTS = "events"
    REPORT = "report"


@with_options
def validate(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", help="YAML specs.", show_default=False)],
    *,
    options: Options,
) -> None:
    """Check specs and report every problem at once. Sends no request."""
    from batchctl.clock import SystemClock
    from batchctl.spec.doubts import doubts
    from batchctl.spec.load import examined
    from batchctl.spec.retiring import retiring

    out, variables = open_page(options.no_color), parse_variables(options.var)
    today = SystemClock().now().date()
    found = [
        examined(path, variables, os.environ, var_files=options.var_file, overlays=options.overlay) for path in specs
    ]
    for note in (note for _, spec in found if spec for note in sorted([*retiring(spec, today), *doubts(spec)])):
        out.note(note)
    if problems := [problem for wrong, _ in found for problem in wrong]:
        raise SpecError(problems)
    out.result(f"{len(specs)} valid." if len(specs) > 1 else f"{specs[0]} is valid.")


@with_options
def show(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that `plan --out` saved.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="The document as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="For a pull request.")] = False,
    *,
    options: Options,
) -> None:
    """Show a saved plan. Sends no request, and does not say whether the plan still stands."""
    from batchctl.reconcile.kept.document import to_document
    from batchctl.render.markdown import as_markdown

    if as_json and markdown:
        raise UsageError("--json or --markdown, not both")
    saved = read_plan(plan)
    if as_json:
        sys.stdout.write(json.dumps(to_document(saved), indent=2) + "\n")
        return
    decided = saved.decoded(Path(saved.header.spec).absolute().parent)
    if markdown:
        sys.stdout.write(as_markdown(saved.header, decided))
        return
    out, header = open_printer(options.no_color), saved.header
    made, until = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (header.made, header.expires))
    over = "".join(f" with {file}" for file, _ in header.overlays)
    out.result(f"Plan of {header.spec}{over}, made {made}, stands until {until}")
    out.result(f"Target: {header.target.batch}, {header.target.storage}")
    out.plan(decided, full=options.full)


def explain(
    word: Annotated[
        str,
        typer.Argument(
            metavar="[WORD]",
            help="Such as pool.startTask or job.tasks.forEach.",
            show_default=False,
            autocompletion=completing.words,
        ),
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="All words below it as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Explain a word of the language: what it holds, what Batch calls it, what a change means."""
    from batchctl.render.explanation import explanation
    from batchctl.spec.reading.explained import explain_word

    found = explain_word(word)
    if as_json:
        sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
        return
    columns = shutil.get_terminal_size().columns
    sys.stdout.write("\n".join(explanation(found, columns, recursive=recursive)) + "\n")


def schema(
    of: Annotated[Document, typer.Argument(metavar="[spec|plan|events|report]", help="Of what.")] = Document.SPEC,
) -> None:
    """Print the JSON schema of specs, for editors, of saved plans, of what --json says, or of reports."""
    from batchctl.spec.reading.schema import schema_text

    sys.stdout.write(schema_text(SCHEMAS[of]))


def version() -> None:
    """Print the version."""
    sys.stdout.write(f"batchctl {__version__}\n")


SCHEMAS = {Document.SPEC: "batchctl", Document.PLAN: "plan", Document.EVENTS: "events", Document.REPORT: "report"}
