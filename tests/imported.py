"""What an import comes to: the spec that it writes, read, and the bodies that apply would send of it."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchctl.clock import SystemClock
from batchctl.cloud.connect import NOWHERE, expansion
from batchctl.importing.asked import Asked
from batchctl.importing.kinds import imported
from batchctl.importing.reading import read_found, source_files
from batchctl.importing.report import Line, Report
from batchctl.importing.written import spec_of
from batchctl.resources import Blob
from batchctl.spec.load import load
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve

OURS = ("BATCHCTL_",)


def import_files(files: Mapping[str, str], folder: Path, **asked: Any) -> tuple[str, tuple[Line, ...]]:
    """(the spec's text, the report) of files with these texts."""
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name, text in files.items():
        (source / name).write_text(text, encoding="utf-8")
    return import_folder(source, **asked)


def import_folder(folder: Path, kind: str = "", **asked: Any) -> tuple[str, tuple[Line, ...]]:
    report = Report()
    found = [read_found(path, report) for path in source_files([folder])]
    document = imported(found, Asked(**asked), kind)
    return spec_of(document, report, "batchctl.schema.json"), report.sorted()


def bodies(
    text: str, folder: Path, blobs: Mapping[str, list[str]] | None = None, environ: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """What apply would send where containers hold these blobs: bodies with `kind`, ours left out."""
    path = folder / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    return [{**body, **_plain(body)} for body in whole_bodies(path, blobs, environ)]


def whole_bodies(
    path: Path, blobs: Mapping[str, list[str]] | None = None, environ: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """What apply would send of a spec, with all that is ours."""
    spec = load(path, {}, environ or {})
    held = {
        container: {name: Blob(container=container, path=name, md5="0" * 32, size=1) for name in sorted(names)}
        for container, names in (blobs or {}).items()
    }
    taken = take_inventory(spec, None)
    inventory = replace(taken, contents={**taken.contents, **held}, known=bool(held))
    desired = resolve(spec, inventory)
    requests = expansion(NOWHERE.storage_url, SystemClock()).requests(desired.resources, desired.owner)
    return [{"kind": request.resource.kind, **request.body} for request in requests if request.method == "POST"]


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    found = dict(body)
    settings = [s for s in body.get("environmentSettings", ()) if not s["name"].startswith(OURS)]
    return {**found, "environmentSettings": settings} if "environmentSettings" in body else found
