"""What stands in RESULTS.md after a part of a section was measured."""

from benchmarks.figures import Figure, table
from benchmarks.kept import WHOLE, put
from benchmarks.results import read

TITLES = ("First", "Second")
SMALL, LARGE = "2026-01-01 10:00 UTC, small\n", "2026-01-02 10:00 UTC, large\n"
OLD = "# Benchmarks\n\n## Second\n\nWhat it is.\n\n2025-12-31 09:00 UTC, all\n"


def test_a_section_without_parts_is_replaced_and_the_others_stay() -> None:
    said = put(put("", TITLES, "Second", "about", {"": LARGE}), TITLES, "First", "it", {"": SMALL})
    assert said.split("\n\n", 2)[2] == f"## First\n\nit\n\n{SMALL}\n## Second\n\nabout\n\n{LARGE}"
    assert put(said, TITLES, "First", "it", {"": SMALL}) == said


def test_a_part_is_replaced_and_the_others_of_its_section_stay_in_their_order() -> None:
    first = put("", TITLES, "First", "about", {"small": None, "large": LARGE})
    both = put(first, TITLES, "First", "about", {"small": SMALL, "large": None})
    assert both.split("\n\n", 2)[2] == f"## First\n\nabout\n\n### small\n\n{SMALL}\n### large\n\n{LARGE}"


def test_what_was_measured_otherwise_stays_until_all_parts_are_there() -> None:
    one = put(OLD, TITLES, "Second", "about", {"small": SMALL, "large": None})
    assert one.endswith(f"## Second\n\nabout\n\n### small\n\n{SMALL}\n### {WHOLE}\n\n2025-12-31 09:00 UTC, all\n")
    assert put(one, TITLES, "Second", "about", {"small": SMALL, "large": None}) == one
    assert WHOLE not in put(one, TITLES, "Second", "about", {"small": None, "large": LARGE})


def test_figures_of_all_parts_are_read_back_those_of_now_first() -> None:
    tables = [table([Figure("a", value, "s")]) for value in (1, 2, 3)]
    whole = put("", TITLES, "First", "about", {"": f"2026-01-01 old\n\n{tables[0]}\n"})
    parts = put(whole, TITLES, "First", "about", {"small": f"2026-01-02 new\n\n{tables[1]}\n", "large": None})
    assert [row.ours for row in read(parts)["First"]] == ["2 s", "1 s"]
