"""What an apply would send, as files that `az batch` takes and the commands that take them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import Any

from batchctl.desired import Desired
from batchctl.render.expansion import Row
from batchctl.resources import Blob, Container
from batchctl.sensitive import HIDDEN
from batchctl.words import one_line, shown_json

SIGNATURE = re.compile(r"SIGNATURE_([a-z0-9$-]+)_([a-z]+)")
"""Where a signature goes: for which container, and what it lets do."""

SCRIPT = "create.sh"

NOUNS = {"schedule": "job-schedule"}
"""What `az batch` calls a kind, where that is another word."""

HEAD = """\
#!/usr/bin/env bash
# What `batchctl expand {spec}` shows, made by the Azure CLI, with `az login` or AZURE_BATCH_ACCESS_KEY and
# AZURE_STORAGE_KEY (or AZURE_STORAGE_CONNECTION_STRING) set.
# batchctl does more: it waits, brings outputs home, and leaves alone what is up to date.
set -euo pipefail
cd "$(dirname "${{BASH_SOURCE[0]}}")"
: "${{AZURE_BATCH_ACCOUNT:?}}" "${{AZURE_BATCH_ENDPOINT:?}}"
"""

FILLING = """\

# Signatures are made now, and stand only in copies that go again.
filled=$(mktemp -d)
trap 'rm -rf "$filled"' EXIT
expiry=$(date -u -d '+6 days' +%Y-%m-%dT%H:%MZ 2>/dev/null || date -u -v+6d +%Y-%m-%dT%H:%MZ)
replace() { printf 's|%s|%s|g\\n' "$1" "$(printf %s "$2" | sed 's/[&|\\\\]/\\\\&/g')" >> "$filled/filling"; }
signature() { az storage container generate-sas --name "$1" --permissions "$2" --expiry "$expiry" --output tsv; }
sign() { replace "SIGNATURE_$1_$2" "$(signature "$1" "$2")"; }
fill() { sed -f "$filled/filling" "$1" > "$filled/$1"; echo "$filled/$1"; }
"""

NAMED = 'replace //STORAGE_ACCOUNT. "//${AZURE_STORAGE_ACCOUNT:?}."'
"""Where nobody named an account."""


def az_files(rows: Sequence[Row], desired: Desired, spec: str) -> Mapping[str, str]:
    """The text of each file by its name: a pool, a job, all tasks of a job, and the script that hands them over."""
    bodies: dict[str, Any] = {}
    steps: list[str] = []
    for row in rows:
        job = row["path"].split("/")[2] if row["path"].count("/") > 1 else ""
        if row["method"] == "PATCH":
            left = ", ".join(stage.label for stage in desired.stages)
            # An ended job takes no tasks.
            lead = f"# Without these tasks, which are not known before others have run: {one_line(left)}. Then:\n# "
            closing = f"az batch job set --job-id {quote(job)} --on-all-tasks-complete terminatejob"
            steps.append(f"{lead if left else ''}{closing}")
        elif row["kind"] == "task":
            name = f"tasks-{job}.json"
            if name not in bodies:
                steps.append(
                    f'az batch task create --job-id {quote(job)} --json-file "$(fill {quote(name)})" --output none'
                )
            bodies.setdefault(name, []).append(row["body"])
        else:
            name = f"{row['kind']}-{row['name']}.json"
            bodies[name] = row["body"]
            steps.append(f'az batch {NOUNS.get(row["kind"], row["kind"])} create --json-file "$(fill {quote(name)})"')
    texts = {name: shown_json(body, indent=2) + "\n" for name, body in bodies.items()}
    return {**texts, SCRIPT: "\n".join(_script(texts, steps, desired, spec)) + "\n"}


def _script(texts: Mapping[str, str], steps: Iterable[str], desired: Desired, spec: str) -> Iterator[str]:
    yield HEAD.format(spec=quote(spec))
    for name in (name for name, text in texts.items() if HIDDEN in text):
        yield f"# {name}: put the secrets in yourself, where it says {HIDDEN})."
    yield from (
        f"az storage container create --name {quote(r.name)}" for r in desired.resources if isinstance(r, Container)
    )
    yield from (_upload(r) for r in desired.resources if isinstance(r, Blob))
    yield FILLING.rstrip()
    if any("//STORAGE_ACCOUNT." in text for text in texts.values()):
        yield NAMED
    signatures = {found.groups() for text in texts.values() for found in SIGNATURE.finditer(text)}
    yield from (f"sign {quote(container)} {permissions}" for container, permissions in sorted(signatures))
    yield ""
    yield from steps


def _upload(blob: Blob) -> str:
    place = f"--container-name {quote(blob.container)} --name {quote(blob.path)}"
    if blob.source is None:
        return f"# {blob.name}: batchctl writes it from the commands of the spec"
    return f"az storage blob upload {place} --file {quote(str(blob.source))} --overwrite --output none"
