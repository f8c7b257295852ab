"""Nothing of a file that is imported is lost without a word: each of its values was read, or the report has it; and
what is put into it that no tool knows is told of, wherever it stands."""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import yaml

from batchctl.errors import SpecError, UsageError
from batchctl.importing.asked import Asked
from batchctl.importing.found import Found
from batchctl.importing.kinds import imported
from batchctl.importing.reading import found_in
from batchctl.importing.report import UNKNOWN, Line, Report, Verdict
from batchctl.spec.source import Source
from tests.importing.test_cases import cases

READERS = ("text", "whole", "number", "truth", "plain")
INVENTED = "zz_invented"
OF_ADDRESS = ("name", "index", "provider_name", "schema_version", "provider", "index_key", "address", "type", "mode")
"""What the address of a resource of Terraform says."""

NO_FIELDS = ("defaultValue", "settings", "sensitive_values", "sensitive_attributes")
"""Objects that are carried as a whole, and marks."""

Files = dict[str, str]
Path = tuple[Any, ...]
Spot = tuple[str, int, int]


def run(files: Files, asked: Mapping[str, Any]) -> tuple[list[Found], Report]:
    report = Report()
    found = [found_in(Source(name, text), report) for name, text in files.items()]
    imported(found, Asked(**asked))
    return found, report


@pytest.mark.parametrize("case", cases())
def test_each_value_was_read_or_is_told_of(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[Spot] = set()
    for name in READERS:
        monkeypatch.setattr(Found, name, spied(getattr(Found, name), read))
    found, report = run(case["files"], case.get("asked", {}))
    told = {spot_of(line) for line in report.lines if line.verdict is not Verdict.CARRIED}
    itself = {spot_of(line) for line in report.lines}
    lost = [leaf.field for file in found for leaf in leaves(file, told) if spot(leaf) not in read | itself]
    assert lost == []


def spied(reader: Any, read: set[Spot]) -> Any:
    def reads(found: Found) -> Any:
        read.add(spot(found))
        return reader(found)

    return reads


def leaves(found: Found, told: set[Spot]) -> Iterator[Found]:
    """Without what is in something that the report has as not carried, and what is empty."""
    if found.at and (spot(found) in told or found.at[-1] in OF_ADDRESS):
        return
    if found.is_mapping or found.is_list:
        for inner in found.inside():
            yield from leaves(inner, told)
    elif not found.is_nothing and found.node.text:
        yield found


def spot(found: Found) -> Spot:
    return found.source.file, found.node.place.line, found.node.place.column


def spot_of(line: Line) -> Spot:
    return line.file, line.line, line.column


@pytest.mark.parametrize("case", cases())
def test_what_no_tool_knows_is_told_of(case: dict[str, Any]) -> None:
    silent = []
    for name, text in case["files"].items():
        if name.endswith((".yaml", ".json", ".tfstate")):
            document = yaml.safe_load(text)
            paths = list(mappings(document))
            # Into all at once, and one by one where that is an error.
            at_once = takes(case, name, with_invented(document, paths))
            for together in [paths] if at_once else [[path] for path in paths]:
                files = {**case["files"], name: with_invented(document, together)}
                silent += [(name, path) for path in not_named(files, name, together, case.get("asked", {}))]
    assert silent == []


def takes(case: dict[str, Any], name: str, text: str) -> bool:
    try:
        run({**case["files"], name: text}, case.get("asked", {}))
    except (SpecError, UsageError):
        return False
    return True


@pytest.mark.parametrize("table", ["[[task]]", "[array]"])
def test_what_no_tool_knows_is_told_of_in_toml(table: str) -> None:
    text = f'{table}\n{INVENTED} = 1\ncommand = ["a"]\nids = "1-2"\n'
    _, report = run({"job.toml": text.replace('ids = "1-2"\n', "") if "task" in table else text}, {})
    assert [line.why for line in report.lines if INVENTED in line.field] == [UNKNOWN]


def mappings(value: Any, at: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict) and not {*at} & set(NO_FIELDS):
        yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from mappings(inner, (*at, name))


def with_invented(document: Any, paths: Sequence[Path]) -> str:
    """In lines of their own, so that each value has a place of its own; JSON is YAML too."""
    made = copy.deepcopy(document)
    for path in paths:
        inner = made
        for part in path:
            inner = inner[part]
        inner[INVENTED] = "q"
    return json.dumps(made, indent=1)


def not_named(files: Files, name: str, paths: Sequence[Path], asked: Mapping[str, Any]) -> Iterator[Path]:
    """Of which the report has neither it nor something that it is in as not carried; an error is as good."""
    try:
        found, report = run(files, asked)
    except (SpecError, UsageError):
        return
    told = {spot_of(line) for line in report.lines if line.verdict is not Verdict.CARRIED}
    # A map of names that are the user's own has it as one of them.
    named = {spot_of(line) for line in report.lines if INVENTED in line.field}
    top = next(file for file in found if file.source.file == name)
    for path in paths:
        inner, around = top, set()
        for part in (*path, INVENTED):
            inner = next(one for one in inner.inside() if one.at[-1] == part)
            around.add(spot(inner))
        if not around & told and spot(inner) not in named:
            yield path
