"""What an editor makes of a spec by its schema is what batchctl makes of it: `check-jsonschema` reads both."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from batchctl.errors import SpecError
from batchctl.spec.reading.check import check_schema
from batchctl.spec.reading.compose import compose_nodes
from batchctl.spec.reading.schema import schema_text
from batchctl.spec.reading.typed import read_document
from batchctl.spec.source import Source

ROOT = Path(__file__).parents[2]
HEAD = "version: 1\nname: a\n"
SCALARS = (
    *("1.0", "0x2", "1e0", "0o2", "1_0", "012", "+1", ".5", ".inf", "1:30", "123", "-0", "2.5", "1e2", "1e-1", "1."),
    *("0X2", "-0x2", "0b1", "0x", "++1", "\uff11", "true", "True", "FALSE", "tRue", "yes", "'2'", "~", "2026-01-01"),
)
"""What YAML 1.1, YAML 1.2 and JSON read differently."""
OTHERWISE = {"1_0", "0b1"}
"""Whole numbers to `check-jsonschema`; text to YAML 1.2, to yaml-language-server and to batchctl."""
NO_NAMES = {"1.0", "+1", ".5", ".inf", "2.5", "1.", "-0", "-0x2"}
"""Numbers that are no name as they are spelt: of a number no schema can say how it is spelt."""


def texts() -> dict[str, str]:
    """Every spec of the cases and of the examples, and every scalar where a number, a text and a boolean are wanted."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "specs").glob("*.yaml")}
    for path in sorted((ROOT / "tests" / "cases").glob("*/*.yaml")):
        cases: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in cases if isinstance(cases, list) else []:
            if isinstance(case, dict) and isinstance(case.get("spec"), str) and "version" in case["spec"]:
                found[f"{path.stem}: {case['name']}"] = case["spec"]
    job, extension = "job: {id: j", "name: a, publisher: b, type: c"
    pool = "id: p, vmSize: Standard_D2s_v5, image: {publisher: a, offer: b, sku: c}"
    for value in SCALARS:
        found[f"number {value}"] = f"{HEAD}pool: {{{pool}, targetDedicatedNodes: {value}}}\n"
        found[f"name {value}"] = f"version: 1\nname: {value}\n"
        found[f"text {value}"] = f"{HEAD}pool: {{{pool}, metadata: [{{name: {value}, value: {value}}}]}}\n"
        found[f"item {value}"] = f"{HEAD}vars: {{a: {{type: list, default: [{value}]}}}}\n"
        found[f"share {value}"] = f"{HEAD}{job}, maxFailures: {value}, tasks: [{{id: {value}, command: [{value}]}}]}}\n"
        found[f"money {value}"] = f"{HEAD}limits: {{maxCost: {value}, maxNodeHours: {value}}}\n"
        found[f"json {value}"] = f"{HEAD}pool: {{{pool}, extensions: [{{{extension}, settings: {{a: {value}}}}}]}}\n"
        found[f"boolean {value}"] = f"{HEAD}storage: {{containers: {{abc: {{keep: {value}}}}}}}\n"
        found[f"version {value}"] = f"version: {value}\nname: a\n"
    return found


def refused_by_us(text: str) -> bool | None:
    """None: it is refused before anybody asks the schema."""
    source = Source("spec.yaml", text)
    try:
        root, wrong = compose_nodes(source)
    except SpecError:
        return None
    document, source, twice, quoted = read_document(root, source)
    return None if wrong or twice else bool(check_schema(document, source, quoted))


def refused_by_an_editor(folder: Path, names: list[str]) -> set[str]:
    (folder / "schema.json").write_text(schema_text(), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", "schema.json", "--output-format", "json"]
    said = subprocess.run([*command, *names], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    report = json.loads(said.stdout)
    found = (*report.get("errors", ()), *report.get("parse_errors", ()))
    return {Path(error["filename"]).name for error in found}


def test_editors_and_batchctl_agree(tmp_path: Path) -> None:
    written = texts()
    ours = {name: refused for name, text in written.items() if (refused := refused_by_us(text)) is not None}
    files = {name: f"{number}.yaml" for number, name in enumerate(ours)}
    for name, file in files.items():
        (tmp_path / file).write_text(written[name], encoding="utf-8")
    theirs = refused_by_an_editor(tmp_path, list(files.values()))
    assert len(ours) > 150
    stricter = {name for name, refused in ours.items() if refused and files[name] not in theirs}
    milder = {name for name, refused in ours.items() if not refused and files[name] in theirs}
    otherwise = {f"{kind} {value}" for kind in ("number", "version", "share", "money") for value in OTHERWISE}
    assert stricter - otherwise == {f"name {value}" for value in NO_NAMES}
    assert not milder
