"""What the figures are to reach, each beside its peer."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.results import Results, Row, found

UPS = ("up", "down")


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of RESULTS.md by its section, its name and how its peer begins; `most` is what its ratio may be, or with
    `unit` what the figure itself may be."""

    work: str
    title: str
    what: str
    beside: str
    most: float
    unit: str = ""


def _both(work: str, title: str, what: str, beside: str, most: tuple[float, float]) -> Iterator[Goal]:
    for measure, limit in zip(("CPU", "peak memory"), most, strict=True):
        yield Goal(f"{work}: {measure}", title, f"{what}: {measure}", beside, limit)


def _moves(name: str, up: float, down: float, *, bare: float = 0) -> Iterator[Goal]:
    """`bare`: what is to be reached without our start."""
    for way, most in (("up", up), ("down", down)):
        what = f"{name} {way}, 20 ms: seconds"
        yield Goal(f"{name} {way} at 20 ms, whole process", MOVES, what, "rclone", most)
        if bare:
            without = f"{what} without our start and imports"
            yield Goal(f"{name} {way} at 20 ms, without our start", MOVES, without, "rclone", bare)


def _moves_here(name: str) -> Iterator[Goal]:
    for way in UPS:
        for peer in ("rclone", "azcopy"):
            yield Goal(f"{name} {way} at 0 ms", MOVES, f"{name} {way}, 0 ms: seconds", peer, 1.0)


PLANS, MOVES, START, TASKS = "Plans", "Uploads and downloads", "Start-up", "Plans of tasks"
GROWTH, WORDS = "How cost grows", "The word count, whole"
BARE, SDKS = "a bare typer program's --help", "python -c"
MILLION = "1,000,000 blobs, a task for each ten"
AGAIN = "word count applied again: seconds"
GOALS = (
    Goal(
        "first plan of 10,000 blobs, a task each: CPU",
        TASKS,
        "first plan of 10,000 files, a task each: CPU",
        "snakemake",
        0.12,
    ),
    *_both("plan of 100,000 tasks of a range", TASKS, "plan, first, 100,000 tasks of a range", "build", (0.35, 0.6)),
    *_both("plan of nothing after them", TASKS, "plan of nothing, 100,000 tasks of a range", "build", (0.35, 0.6)),
    Goal("no-op plan of 100,000 files: CPU", PLANS, "no-op plan, 100,000 files, 0 ms: CPU", "list_blobs", 0.10),
    Goal(
        "no-op plan of 100,000 files: peak memory",
        PLANS,
        "no-op plan, 100,000 files, 0 ms: peak memory",
        "list_blobs",
        150,
        "MB",
    ),
    Goal("no-op plan of 10 files, whole process: CPU", START, "no-op `plan`, 10 files: CPU", SDKS, 1.0),
    Goal("the same without aiohttp: CPU", START, "no-op `plan`, 10 files, without aiohttp: CPU", SDKS, 1.0),
    Goal("`validate` of 10 files: CPU", START, "`validate`, 10 files: CPU", BARE, 1.1),
    *_moves("2,000 x 4 KiB", 0.6, 1.0, bare=0.6),
    *_moves("200 x 1 MiB", 1.0, 1.0, bare=0.6),
    *_moves("4 x 256 MiB", 0.85, 0.85),
    *_moves_here("2,000 x 4 KiB"),
    *_moves_here("200 x 1 MiB"),
    *_moves_here("4 x 256 MiB"),
    Goal("word-count, whole (apply)", WORDS, "word count: seconds", "the imperative tutorial", 0.85),
    Goal("word-count applied again", WORDS, AGAIN, "the imperative tutorial", 0.25),
    *(
        Goal(
            f"{verb}, {MILLION}: CPU a blob more",
            GROWTH,
            f"{verb}: {MILLION}: CPU for a blob more than 100,000",
            "for one more",
            1.1,
        )
        for verb in ("plan, first", "plan of nothing")
    ),
    *(
        Goal(f"{verb}, {MILLION}: peak memory", GROWTH, f"{verb}: {MILLION}: peak memory", "", 600, "MB")
        for verb in ("plan, first", "plan of nothing")
    ),
)


def goals(results: Results) -> str:
    """A line for each goal, with the figure that RESULTS.md has of it."""
    lines = ["| work | ours | beside | came out | to reach | |", "| --- | --- | --- | --- | --- | --- |"]
    for goal in GOALS:
        row = found(results, goal.title, goal.what, goal.beside)
        lines.append(f"| {goal.work} | {_came_out(goal, row)} |")
    return "\n".join(lines)


def _came_out(goal: Goal, row: Row | None) -> str:
    most = f"≤ {goal.most:g} {goal.unit or 'x'}"
    if row is None:
        return f"not measured yet | {goal.beside} | | {most} | "
    value = row.number if goal.unit else float(row.ratio)
    said = row.ours if goal.unit else f"{value:.2f} x"
    return f"{row.ours} | {row.beside} | {said} | {most} | {'yes' if value <= goal.most else 'no'}"
