"""What docs/performance.md and docs/reliability.md say is what benchmarks/RESULTS.md says, and how it is drawn."""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.figures import Figure, table
from benchmarks.goals import GOALS, goals
from benchmarks.growth import Point, told
from benchmarks.measure import Run
from benchmarks.page import PAGES, RESULTS, picture, written
from benchmarks.plot import Panel, svg
from benchmarks.results import found, read
from benchmarks.survived import KINDS, LEFT, TITLE, survival

SVG = "{http://www.w3.org/2000/svg}"


def point(size: int, cpu: float) -> Point:
    return Point("chunks", "plan, first", size, Run(cpu, cpu, 90), 8)


def results(*points: Point) -> str:
    return f"# Benchmarks\n\n## How cost grows\n\nsaid\n\n{table(told(points))}\n"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_page_says_what_the_results_say(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    again = "run `python -m benchmarks.page`, and commit what it wrote"
    assert page == written(page, read(RESULTS.read_text(encoding="utf-8"))), again


def test_a_marker_that_nobody_knows_is_no_silence() -> None:
    with pytest.raises(KeyError):
        written("<!-- gaols: by whom -->\n<!-- end -->", {})


def test_figures_are_read_back_as_they_were_written() -> None:
    figure = Figure("a: CPU", 1234.5, "ms", "python -c 'import: this'", 2469, "at most 0.6 x")
    row = found(read(f"## Plans\n\n{table([figure])}\n"), "Plans", "a: CPU", "python -c")
    assert row
    assert (row.number, row.ours, row.ratio, row.aim) == (1234, "1,234 ms", "0.50", "at most 0.6 x")
    assert row.beside == "python -c 'import: this': 2,469"


def test_a_goal_says_whether_it_was_reached() -> None:
    goal = GOALS[0]
    one, other = (Figure(goal.what, cpu, "s", "snakemake -n, as many jobs", 10) for cpu in (1.2, 1.3))
    lines = [goals(read(f"## {goal.title}\n\n{table([figure])}\n")).splitlines()[2] for figure in (one, other)]
    assert lines[0].endswith("| snakemake -n, as many jobs: 10 | 0.12 x | ≤ 0.12 x | yes |")
    assert lines[1].endswith("| no |")


def test_what_was_not_measured_is_said() -> None:
    assert all("not measured yet" in line for line in goals({}).splitlines()[2:])
    assert not picture({})


def test_what_one_more_costs_stands_beside_what_it_did_before() -> None:
    read_back = read(results(point(10_000, 2), point(100_000, 11), point(1_000_000, 110)))["How cost grows"]
    more = [row for row in read_back if "more than" in row.what]
    assert [(row.ours, row.beside, row.ratio) for row in more] == [
        ("100 µs", "", ""),
        ("110 µs", "for one more than 10,000: 100", "1.10"),
    ]


def test_the_picture_draws_each_verb_that_was_measured() -> None:
    drawn = ElementTree.fromstring(picture(read(results(point(10_000, 2), point(100_000, 11)))))
    names = [text.text for text in drawn.iter(f"{SVG}text") if (text.get("class") or "").startswith("t0")]
    assert names == ["plan, first"] * 2
    assert len(list(drawn.iter(f"{SVG}circle"))) == 4


def test_names_of_lines_that_end_together_stand_apart() -> None:
    lines = {name: [(10.0, 1.0), (100.0, 5.0)] for name in "abcd"}
    drawn = ElementTree.fromstring(svg("a & b", [Panel("<cpu>", "s", lines)]))
    heights = [float(text.get("y", 0)) for text in drawn.iter(f"{SVG}text") if text.text in lines]
    assert [later - earlier for earlier, later in pairwise(heights)] == [16, 16, 16]


def test_two_clients_stand_side_by_side() -> None:
    assert survival({}) == "Not measured yet: `python -m benchmarks survival`."
    figure = Figure(f"{KINDS['kill']}: {LEFT}", 0, "of 40", "the imperative tutorial, of 38", 7)
    lines = survival(read(f"## {TITLE}\n\n{table([figure])}\n")).splitlines()
    assert lines[2:] == [f"| {KINDS['kill']} | {LEFT} | 0 of 40 | 7 of 38 |"]
