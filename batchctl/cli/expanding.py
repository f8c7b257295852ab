"""The command that shows what a spec comes to: expand."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.speaking import SPEC_CODECS, open_printer
from batchctl.cli.target import named_storage, open_spec, read_spec
from batchctl.errors import UsageError
from batchctl.words import some

if TYPE_CHECKING:
    from batchctl.render.expansion import Row

FORMS = ("json", "az")


@with_options
def expand(
    spec: SpecPath,
    form: Annotated[
        str, typer.Option("-o", "--output", metavar="json|az", help="az: files that `az batch … --json-file` takes.")
    ] = "json",
    output_dir: Annotated[
        Path | None, typer.Option("--output-dir", metavar="DIR", help="Where those go, with the commands.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One request a line.")] = False,
    *,
    options: Options,
) -> None:
    """Show what apply would send to Batch: each body as REST has it, with its line in the spec.

    Sends no request itself, unless --target names an account whose containers are to be listed.
    """
    _require_sense(form, output_dir, as_json)
    from batchctl.render.az_files import az_files
    from batchctl.render.expansion import document, lines
    from batchctl.render.text import shown_path

    out = open_printer(options.no_color, aside=True)
    rows, desired = _expanded(spec, options, out)
    if output_dir is None:
        sys.stdout.write(lines(rows) if as_json else document(rows))
        return
    files = az_files(rows, desired, str(spec))
    output_dir.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = output_dir / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    first = next(name for name in files if name.endswith(".sh"))
    out.say(
        f"Wrote {len(files)} files to {shown_path(output_dir.absolute())}; {first} says how the Azure CLI takes them."
    )


def _require_sense(form: str, output_dir: Path | None, as_json: bool) -> None:
    """Raises UsageError."""
    if form not in FORMS:
        raise UsageError(f"-o is json or az, not {form!r}")
    if form == "az" and output_dir is None:
        raise UsageError("-o az writes files: name a directory with --output-dir DIR")
    if output_dir is not None and form != "az":
        raise UsageError("--output-dir is for the files of -o az")
    if as_json and form == "az":
        raise UsageError("--json or -o az, not both")
    if output_dir is not None and output_dir.exists() and (not output_dir.is_dir() or any(output_dir.iterdir())):
        raise UsageError(f"--output-dir: {output_dir} is there and not empty; name a new directory")


def _expanded(path: Path, options: Options, out: Any) -> "tuple[list[Row], Any]":
    from batchctl.clock import SystemClock
    from batchctl.render.expansion import request_row
    from batchctl.verbs.expand import expand as expanded
    from batchctl.verbs.expand import left_out, places

    if options.target:
        opened = open_spec(path, options, out)
        spec, cloud, storage = opened.spec, opened.cloud, opened.place.storage
    else:
        from batchctl.spec.load import with_stand_ins

        environ, unset = with_stand_ins(path, os.environ, overlays=options.overlay)
        spec, cloud = read_spec(path, options, out, environ=environ, asks=False), None
        if unset:
            are = "is not set, and stands" if len(unset) == 1 else "are not set, and stand"
            out.say(f"note: {some(unset, 5)} of the environment {are} as (sensitive) here; `apply` needs what is meant")
        storage = named_storage(spec)
    desired = expanded(spec, cloud)
    for note in left_out(spec, desired, listed=cloud is not None):
        out.say(f"note: {note}")
    from batchctl.cloud.connect import expansion

    found, veil = places(spec, desired), SPEC_CODECS[-1].veil
    requests = expansion(storage, SystemClock()).requests(desired.resources, desired.owner)
    places_of = ((request, found[id(request.resource)]) for request in requests)
    rows = [request_row(request, spec.source.said_by(at).file, at.line, veil) for request, at in places_of]
    return rows, desired
