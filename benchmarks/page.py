"""docs/performance.md and reliability.md say what RESULTS.md says, between markers: `python -m benchmarks.page`."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

from benchmarks.goals import GROWTH, goals
from benchmarks.growth import ITEMS, SIZES
from benchmarks.lives import VERBS
from benchmarks.plot import Panel, svg
from benchmarks.results import Results, found, read
from benchmarks.survived import survival

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
PAGES = (ROOT / "docs" / "performance.md", ROOT / "docs" / "reliability.md")
PICTURE = ROOT / "docs" / "screens" / "growth.svg"
LIMITS = "What the machine can do"
UNMEASURED = "Not measured yet: `python -m benchmarks {}`."


def write() -> None:
    results = read(RESULTS.read_text(encoding="utf-8"))
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8"), results), encoding="utf-8")
    if drawn := picture(results):
        PICTURE.write_text(drawn, encoding="utf-8")


def written(page: str, results: Results) -> str:
    """The page with everything between its markers written anew. A marker that nobody knows raises KeyError."""

    def part(mark: re.Match[str]) -> str:
        return f"{mark['begin']}\n{PARTS[mark['name']](results)}\n{mark['end']}"

    return re.sub(r"(?s)(?P<begin><!-- (?P<name>\w+): [^>]*-->).*?(?P<end><!-- end -->)", part, page)


def limits(results: Results) -> str:
    lines = [f"| {row.what} | {row.ours} |" for row in results.get(LIMITS, ())]
    if not lines:
        return UNMEASURED.format("limits")
    return "\n".join(["| what the machine does, whoever asks | |", "| --- | --- |", *lines])


def growth(results: Results) -> str:
    """A table for each kind of spec: a verb a line, and for each size CPU, peak memory and requests."""
    if GROWTH not in results:
        return UNMEASURED.format("growth")
    seen = f"![CPU and peak memory of each verb against the number of blobs](screens/{PICTURE.name})"
    return "\n\n".join([seen, *(_table(results, kind) for kind in SIZES)])


def _table(results: Results, kind: str) -> str:
    items, item = ITEMS[kind]
    sizes = SIZES[kind]
    head = [items, *(f"{size:,}" for size in sizes), f"CPU a {item} more"]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for verb in VERBS:
        cells = [_cell(results, f"{verb}: {size:,} {items}") for size in sizes]
        more = [_more(results, f"{verb}: {size:,} {items}", item, less) for less, size in pairwise(sizes)]
        lines.append(f"| {verb} | {' | '.join(cells)} | {', '.join(filter(None, more))} |")
    return "\n".join(lines)


def _cell(results: Results, what: str) -> str:
    rows = [found(results, GROWTH, f"{what}: {measure}") for measure in ("CPU", "peak memory", "requests")]
    return ", ".join(f"{row.ours}{' requests' * (at == 2)}" for at, row in enumerate(rows) if row)


def _more(results: Results, what: str, item: str, less: int) -> str:
    row = found(results, GROWTH, f"{what}: CPU for a {item} more than {less:,}")
    return f"{row.ours} ({row.ratio} x)" if row and row.ratio else row.ours if row else ""


def picture(results: Results) -> str:
    """CPU and memory of each verb against the number of blobs; nothing where nothing was measured."""
    items, sizes = ITEMS["chunks"][0], SIZES["chunks"]
    panels = []
    for measure, unit in (("CPU", "s"), ("peak memory", "MB")):
        lines = {
            verb: [
                (size, row.number)
                for size in sizes
                if (row := found(results, GROWTH, f"{verb}: {size:,} {items}: {measure}"))
            ]
            for verb in VERBS
        }
        panels.append(Panel(f"{measure} against {items}", unit, {verb: line for verb, line in lines.items() if line}))
    return svg(f"CPU and peak memory of each verb against the number of {items}", panels) if panels[0].lines else ""


PARTS: Mapping[str, Callable[[Results], str]] = {
    "goals": goals,
    "limits": limits,
    "growth": growth,
    "survival": survival,
}


if __name__ == "__main__":
    write()
