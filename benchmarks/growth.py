"""How CPU, memory and requests grow, verb by verb, up to a million blobs with a hundred thousand tasks over them.

Against a stub in a process of its own whose tasks have succeeded once they are added: what is seen is the client. Three
kinds of specs: so many blobs of somebody else with a task for each ten (`chunks`), so many tasks of a range, so many
files that are uploaded and have a task each. Beside what an item more costs between two sizes stands what it cost
between the two before; beside the first of them nothing. A hundred thousand items and more are run once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Figure
from benchmarks.lives import VERBS, life
from benchmarks.measure import Run, middle

ROUNDS = 3
SIZES: Mapping[str, Sequence[int]] = {
    "chunks": (10_000, 100_000, 1_000_000),
    "range": (10_000, 100_000),
    "files": (1000, 10_000),
}
ITEMS = {
    "chunks": ("blobs, a task for each ten", "blob"),
    "range": ("tasks of a range", "task"),
    "files": ("files, a task each", "file"),
}
MOST = 600
"""MB that a plan of the million may take."""


@dataclass(frozen=True, slots=True)
class Point:
    """One verb at one size; `requests` are exact."""

    kind: str
    verb: str
    size: int
    run: Run
    requests: int


def measured(kind: str, sizes: Sequence[int], rounds: int) -> list[Point]:
    """Every verb at every size, in interleaved rounds."""
    runs: dict[tuple[str, int], list[Run]] = {}
    asked: dict[tuple[str, int], int] = {}
    for number in range(rounds):
        for size in sizes:
            if number and size >= 100_000:
                continue
            with life(kind, size) as one:
                for verb in VERBS:
                    done, tally = one.verb(verb)
                    runs.setdefault((verb, size), []).append(done)
                    asked[verb, size] = tally.total()
    return [Point(kind, verb, size, middle(done), asked[verb, size]) for (verb, size), done in runs.items()]


def told(points: Sequence[Point]) -> Iterator[Figure]:
    """Each verb by itself, from the smallest size on."""
    for verb in VERBS:
        found = sorted((point for point in points if point.verb == verb), key=lambda point: point.size)
        for at, point in enumerate(found):
            what = f"{verb}: {point.size:,} {ITEMS[point.kind][0]}"
            yield Figure(f"{what}: CPU", point.run.cpu, "s")
            yield Figure(f"{what}: peak memory", point.run.peak, "MB", aim=f"under {MOST} MB")
            yield Figure(f"{what}: requests", point.requests, "")
            if at:
                yield _more(what, found[: at + 1])


def _more(what: str, found: Sequence[Point]) -> Figure:
    """What an item more costs, beside what it did at the sizes before."""
    *_, one, other = found
    item = ITEMS[other.kind][1]
    if len(found) == 2:
        return Figure(f"{what}: CPU for a {item} more than {one.size:,}", _slope(one, other), "µs")
    before, peer = _slope(found[-3], one), f"for one more than {found[-3].size:,}"
    aim = "at most 1.1 x"
    return Figure(f"{what}: CPU for a {item} more than {one.size:,}", _slope(one, other), "µs", peer, before, aim)


def _slope(one: Point, other: Point) -> float:
    return (other.run.cpu - one.run.cpu) / (other.size - one.size) * 1e6


def _grown(kind: str, rounds: int = ROUNDS) -> Iterator[Figure]:
    yield from told(measured(kind, SIZES[kind], rounds))


PARTS: Mapping[str, Callable[..., Iterator[Figure]]] = {
    items: partial(_grown, kind) for kind, (items, _) in ITEMS.items()
}
