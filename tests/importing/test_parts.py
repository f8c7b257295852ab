"""Parts of imports that cases would tell at length: filters, texts as templates, JSON with places, formulas."""

import fnmatch
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchctl.emulator.formula.language import Scope, parse_formula
from batchctl.emulator.formula.values import FormulaError
from batchctl.errors import SpecError, UsageError
from batchctl.globs import chooser
from batchctl.importing.asked import Asked
from batchctl.importing.fnmatched import patterns
from batchctl.importing.formats import positional
from batchctl.importing.found import Found
from batchctl.importing.json_nodes import json_nodes
from batchctl.importing.kinds import imported
from batchctl.importing.reading import found_in, read_found, source_files
from batchctl.importing.report import Report
from batchctl.importing.shipyard.autoscale import formula
from batchctl.importing.sweeps import Sweep
from batchctl.importing.templates import UnsayableError, hole, joined, literal
from batchctl.spec.source import Source
from batchctl.spec.template import fill

PARTS = st.text("ab.", min_size=1, max_size=3).filter(lambda text: set(text) != {"."})
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
FILTERS = st.lists(st.text("ab.*", min_size=1, max_size=5), max_size=2)


@given(prefix=st.text("ab", max_size=2), filters=FILTERS, names=st.lists(NAMES, max_size=20))
def test_filters_choose_what_fnmatch_does(prefix: str, filters: list[str], names: list[str]) -> None:
    found = patterns(prefix, filters)
    assert found is not None
    chosen = chooser(found, []) if found else lambda _name: False
    for name in names:
        meets = not filters or any(fnmatch.fnmatchcase(name, pattern) for pattern in filters)
        assert chosen(name) == (name.startswith(prefix) and meets), (found, name)


@given(st.text("{}$ itemndx.0:v'\"\\\n", max_size=12))
def test_a_literal_stands_for_itself(text: str) -> None:
    try:
        said = literal(text)
    except UnsayableError:
        return
    assert fill(said, {}) == text


@pytest.mark.parametrize(
    "text", ["{item}", "${item}", "{{item}}", "{0}", "{'a':{0}}", "awk '{print $1}'", "${env:X}", "{a,b}"]
)
def test_what_looks_like_a_placeholder_can_be_said(text: str) -> None:
    assert fill(literal(text), {}) == text


def test_braces_around_a_placeholder_cannot() -> None:
    with pytest.raises(UnsayableError):
        joined(["{", hole("item"), "}"])


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, true, null, "x\\u00e9\\"y"], "b": {}}', "[]", '"x"', "-1e3"])
def test_json_is_read_as_json_reads_it(text: str) -> None:
    assert read(text).plain() == json.loads(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('{"a" 1}', (1, 6)),
        ('{\n "a": 1,\n}', (3, 1)),
        ("[1 2]", (1, 4)),
        ('{"a": tru}', (1, 7)),
        ("[1]]", (1, 4)),
        ('["x', (1, 2)),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, at: tuple[int, int]) -> None:
    with pytest.raises(SpecError) as caught:
        json_nodes(Source("a.json", text))
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [at]


POOLS = {
    "format_version": "1.0",
    "terraform_version": "1.11.4",
    "values": {
        "root_module": {
            "resources": [
                {"address": f"azurerm_batch_pool.{name}", "type": "azurerm_batch_pool", "values": {"name": name}}
                for name in ("a", "b")
            ]
        }
    },
}


@pytest.mark.parametrize(("pool", "why"), [("", "name one by --pool, a, b"), ("c", "there are a, b")])
def test_of_several_pools_of_terraform_one_is_named(pool: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        imported([read(json.dumps(POOLS))], Asked(pool=pool))


def test_two_secrets_of_one_name_have_two_variables() -> None:
    report = Report()
    assert [report.variable(of, "KEY") for of in (1, 2, 1, 3)] == ["KEY", "KEY_2", "KEY", "KEY_3"]


@pytest.mark.parametrize("name", ["main.tf", "main.tf.json", "x.tfvars", "plan"])
def test_the_language_of_terraform_is_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match="terraform show -json"):
        read_found(tmp_path / name, Report())
    with pytest.raises(UsageError, match="terraform show -json" if "." in name else "no file to import"):
        source_files([tmp_path])


def read(text: str, name: str = "a.json") -> Found:
    source, report = Source(name, text), Report()
    return Found(json_nodes(source), source, report) if name.endswith(".json") else found_in(source, report)


def test_formats_that_no_spec_has_are_written_as_they_come_out() -> None:
    pieces, sweep = positional("{0:.2f} {1:>4}{{x}}", Sweep(axes=([0.5, 2], ["a"])))
    assert [piece if isinstance(piece, str) else piece.name for piece in pieces] == [
        "",
        "item.a",
        " ",
        "item.b",
        "{",
        "x}",
    ]
    assert sweep.for_each() == {"zip": {"a": {"list": ["0.50", "2.00"]}, "b": {"list": ["   a", "   a"]}}}


class Steady:
    """Samples of a variable that has been the same for long."""

    def __init__(self, value: float, percent: float = 100) -> None:
        self._value, self._percent = float(value), float(percent)

    def call(self, method: str, arguments: list[Any]) -> Any:
        if method == "GetSamplePercent":
            return self._percent
        if len(arguments) > 1 and self._percent < arguments[1]:
            raise FormulaError("there are not enough samples")
        return [self._value]


def targets(
    text: str, *, tasks: float = 0, nodes: tuple[int, int] = (0, 0), lost: float = 0, at: str = ""
) -> tuple[int, int]:
    """(dedicated, low priority) that a formula sets; `at`: the moment, Monday noon unless said."""
    now = datetime.fromisoformat(at or "2026-11-30T12:00:00+00:00").timestamp()
    held = {"$CurrentDedicatedNodes": float(nodes[0]), "$CurrentLowPriorityNodes": float(nodes[1])}
    seen = {name: Steady(tasks) for name in ("$PendingTasks", "$ActiveTasks")}
    scope = Scope(now, {**held, **seen, "$PreemptedNodeCount": Steady(lost)})
    parse_formula(text)(scope)
    return int(scope.assigned["$TargetDedicatedNodes"]), int(scope.assigned["$TargetLowPriorityNodes"])


def scenario(minimum: tuple[int, int], slots: int, **said: Any) -> str:
    return formula(read(json.dumps(said)), minimum, slots)


def test_a_scenario_of_tasks_takes_the_minimum_off_what_is_needed() -> None:
    biased = {"bias_node_type": "low_priority", "bias_last_sample": False, "rebalance_preemption_percentage": 25}
    most = {"maximum_vm_count": {"dedicated": 8, "low_priority": -1}}
    step = {"maximum_vm_increment_per_evaluation": {"dedicated": 2}}
    text = scenario((1, 0), 4, name="pending_tasks", **biased, **most, **step)
    assert [targets(text, tasks=n, nodes=(1, 0)) for n in (0, 1, 6, 40)] == [(1, 0), (1, 0), (1, 0), (1, 9)]
    assert targets(text, tasks=40, nodes=(1, 6), lost=3) == (1, 9)


def test_a_scenario_without_a_bias_halves_and_takes_no_more_than_its_steps() -> None:
    most = {"maximum_vm_count": {"dedicated": 10, "low_priority": 3}}
    text = scenario((1, 0), 2, name="active_tasks", **most)
    assert targets(text, tasks=6, nodes=(1, 0)) == (1, 1)
    assert targets(text, tasks=30, nodes=(1, 0)) == (7, 3)
    one_kind = scenario((1, 0), 2, name="active_tasks", maximum_vm_count={"dedicated": 10})
    assert targets(one_kind, tasks=6, nodes=(1, 0)) == (2, 0)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("workday", [(4, 6), (4, 6), (1, 0), (1, 0)]),
        ("weekday", [(4, 6), (4, 6), (4, 6), (1, 0)]),
        ("weekend", [(1, 0), (1, 0), (1, 0), (1, 0)]),
        ("workday_with_offpeak_max_low_priority", [(4, 6), (4, 6), (1, 6), (1, 6)]),
    ],
)
def test_a_scenario_of_days_counts_the_last_hour_to_its_end(name: str, wanted: list[tuple[int, int]]) -> None:
    text = scenario((1, 0), 2, name=name, maximum_vm_count={"dedicated": 4, "low_priority": 6})
    moments = ["2026-11-30T10:00:00", "2026-11-30T17:59:00", "2026-11-30T18:00:00", "2026-11-28T10:00:00"]
    assert [targets(text, at=f"{moment}+00:00") for moment in moments] == wanted
