"""Rows for people and for programs."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from batchctl.render.tables import NODES, OUTPUTS, TASKS, table_text, tasks_at
from batchctl.render.text import shown_span
from batchctl.resources import Blob
from batchctl.sights import FailureInfo, NodeSight, TaskSight, newest_runs
from batchctl.words import obeyed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ODD = FailureInfo(category="usererror", code="AccessDenied", message="a\tb\nc\u2028d")
RUNS = (
    TaskSight(job="j", generation=1, id="a", state="active", created=NOON),
    TaskSight(
        job="j-g2",
        generation=2,
        id="b",
        state="completed",
        result="failure",
        failure=ODD,
        created=NOON,
        started=NOON + timedelta(seconds=5),
        ended=NOON + timedelta(minutes=41, seconds=12),
        retries=2,
        node="tvmps_" + "0" * 64 + "_d",
    ),
)


def test_people_are_told_in_short_and_nothing_that_no_row_has() -> None:
    assert table_text(RUNS, TASKS, "table") == (
        "TASK  STATUS   WAITED  RAN         RETRIES  ENDED                NODE               WHY\n"
        "a     waiting\n"
        "b     failed   5.0 s   41 min 7 s  2        2026-01-01 12:41:12  tvmps_00000000…_d  AccessDenied\n"
    )


@pytest.mark.parametrize(("ahead", "shown"), [(185, "3 min 5 s"), (-1, "0.0 s")])
def test_a_task_that_runs_says_how_long_by_now(ahead: int, shown: str) -> None:
    run = TaskSight(job="j", generation=1, id="c", state="running", created=NOON, started=NOON)
    columns = tasks_at(NOON + timedelta(seconds=ahead))
    assert table_text([run, RUNS[1]], columns, "table").splitlines()[1] == f"c     running  0.0 s   {shown}"
    assert table_text(RUNS, columns, "table") == table_text(RUNS, TASKS, "table")


@pytest.mark.parametrize(("width", "titles"), [(40, 4), (80, 6), (200, 8), (1, 1)])
def test_a_narrow_terminal_lacks_the_last_columns(width: int, titles: int) -> None:
    lines = table_text(RUNS, TASKS, "table", width).splitlines()
    assert len(lines[0].split()) == titles
    assert all(len(line) <= max(width, 4) for line in lines)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_programs_are_told_all(form: str) -> None:
    text = table_text(RUNS, TASKS, form)
    assert obeyed(text) == []
    found = json.loads(text) if form == "json" else yaml.safe_load(text)
    assert [list(row) for row in found] == [[column.name for column in TASKS]] * 2
    assert (found[0]["ran"], found[0]["exitCode"], found[0]["created"]) == (None, None, "2026-01-01T12:00:00.000+00:00")
    assert (found[1]["ran"], found[1]["waited"], found[1]["message"]) == (2467.0, 5.0, ODD.message)


def test_a_cell_of_tsv_ends_no_line_and_begins_no_cell() -> None:
    rows = list(csv.reader(table_text(RUNS, TASKS, "tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [len(row) for row in rows] == [len(TASKS)] * 3
    assert rows[2][-1] == r"a\u0009b\u000ac\u2028d"


def test_no_rows() -> None:
    assert table_text((), OUTPUTS, "table") == "BLOB\n"
    assert table_text((), NODES, "json") == "[]\n"


def test_nodes_and_outputs() -> None:
    node = NodeSight(id="n", state="starttaskfailed", spot=True, start_exit_code=3, errors=("A: x", "B: y"))
    shown = table_text((node,), NODES, "table").splitlines()[1]
    assert shown.split() == ["n", "starttaskfailed", "spot", "0", "0", "3", "A:", "x;", "B:", "y"]
    blob = Blob(container="c", path="p", size=2048, task="t", modified=NOON)
    assert table_text((blob,), OUTPUTS, "table").splitlines()[1] == "c/p   2.0 KB  2026-01-01 12:00:00  t"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (38.4, "38 s"),
        (59.6, "1 min"),
        (2467, "41 min 7 s"),
        (12000, "3 h 20 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_spans(seconds: float, shown: str) -> None:
    assert shown_span(timedelta(seconds=seconds)) == shown


def test_of_each_task_the_newest_run_counts() -> None:
    first = TaskSight(job="j", generation=1, id="B", state="completed", result="success")
    assert [(run.id, run.generation) for run in newest_runs([*RUNS, first])] == [("a", 1), ("b", 2)]
