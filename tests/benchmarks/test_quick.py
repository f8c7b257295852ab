"""What `python -m benchmarks quick` says of two countings."""

from benchmarks.quick import compared, each


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_what_has_not_changed_is_told_without_a_change() -> None:
    assert rows(compared({"requests": 8, "calls": 100_400}, {"requests": 8, "calls": 100_000})) == [
        ["requests", "8", "8", ""],
        ["calls", "100,400", "100,000", ""],
    ]


def test_a_change_is_told_in_per_cent_of_what_was_before() -> None:
    told = rows(compared({"requests": 9, "calls": 90_000}, {"requests": 8, "calls": 100_000}))
    assert [row[3] for row in told] == ["+12.5%", "-10.0%"]


def test_what_was_not_counted_before_or_was_nothing_is_told_as_it_is() -> None:
    assert rows(compared({"a": 5, "b": 5, "c": 0}, {"b": 0, "c": 0, "gone": 1})) == [
        ["a", "5", "", ""],
        ["b", "5", "0", "new"],
        ["c", "0", "0", ""],
    ]


def test_small_numbers_keep_a_decimal() -> None:
    assert rows(compared({"million instructions": 45.67}, {}))[0][1] == "45.7"


def test_what_a_file_more_costs_is_the_difference_of_two_sizes() -> None:
    few = {"validate, 100 files: calls": 7, "plan, first, 100 files: calls": 1000, "only here, 100 files": 1}
    more = {"validate, 600 files: calls": 7, "plan, first, 600 files: calls": 26_000}
    assert dict(each(few, more)) == {"plan, first, a file more: calls": 50}
