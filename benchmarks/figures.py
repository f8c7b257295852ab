"""What a benchmark gives back: figures, each with the peer or the limit that it stands beside."""

from collections.abc import Iterable
from dataclasses import dataclass

HEAD = ("| figure | ours | beside it | ratio | aim |", "|---|---|---|---|---|")


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `theirs` are in `unit`; `peer` says what theirs is; `aim` is what ours is held against."""

    what: str
    ours: float
    unit: str
    peer: str = ""
    theirs: float | None = None
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.theirs else None


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [*HEAD]
    for one in figures:
        beside = f"{one.peer}: {_number(one.theirs)}" if one.theirs is not None else one.peer
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        lines.append(f"| {one.what} | {_number(one.ours)} {one.unit} | {beside} | {ratio} | {one.aim} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def rows(block: str) -> list[tuple[str, ...]]:
    """The cells of the rows of all tables in a text, heads left out: (figure, ours, beside, ratio, aim) of `table`."""
    lines = [line for line in block.splitlines() if line.startswith("|") and line not in HEAD]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
