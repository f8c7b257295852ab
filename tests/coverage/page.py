"""docs/coverage.md: every property of pools, jobs, tasks and schedules that Azure Batch takes, and how it is said."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.coverage.models import OBJECTS, leaves
from tests.coverage.tree import AUTO_POOL, raw_definitions, said_by_words
from tests.coverage.tree import RAW as DEFINITIONS

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"

WORD, ITSELF, RAW, NOT = "a word", "batchctl says it", "`raw`", "cannot be said"

FORMED = (
    "metadata",
    "environmentSettings",
    "commonEnvironmentSettings",
    "resourceFiles",
    "outputFiles",
    "dependsOn",
    "commonResourceFiles",
)
"""Lists whose items a spec writes in a form of its own: which of their properties it reaches."""

UNREACHED = (
    "containerSettings.registry.username",
    "containerSettings.registry.password",
)
"""What the items of these lists, and containers, have and a spec does not."""

ITSELF_SAID = {
    "pool": {"enableAutoScale"},
    "job": {
        "usesTaskDependencies",
        "onAllTasksComplete",
        "poolInfo.poolId",
        "jobManagerTask.outputFiles.destination.container.uploadHeaders",
    },
    "task": {"outputFiles.destination.container.uploadHeaders"},
    "schedule": {
        f"jobSpecification.{path}" for path in ("onAllTasksComplete", "usesTaskDependencies", "poolInfo.poolId")
    },
}


def how_said(kind: str, path: str) -> str:
    """How a spec says a property."""
    if path.startswith(f"{AUTO_POOL}pool."):
        return how_said("pool", path.removeprefix(f"{AUTO_POOL}pool."))
    if any(path == own or path.startswith(f"{own}.") for own in ITSELF_SAID[kind]):
        return ITSELF
    if kind == "schedule" and path.startswith(OF_ITS_JOB):
        return how_said("job", path.removeprefix(OF_ITS_JOB))
    if path in said_by_words(kind):
        return WORD
    if _in_raw(kind, path):
        return RAW
    if any(f".{unreached}." in f".{path}." for unreached in UNREACHED):
        return NOT
    if any(f".{form}." in f".{path}" for form in FORMED):
        return WORD
    return NOT


OF_ITS_JOB = "jobSpecification."


def _in_raw(kind: str, path: str) -> bool:
    schema = raw_definitions()[DEFINITIONS[kind]] if kind in DEFINITIONS else {}
    for name in path.split("."):
        schema = schema.get("items", schema).get("properties", {}).get(name)
        if schema is None:
            return False
    return True


def rows() -> Iterator[tuple[str, str, str]]:
    """Kind, path in REST, how a spec says it."""
    for kind, model in OBJECTS.items():
        for path in leaves(model):
            if not path.startswith(f"{OF_ITS_JOB}poolInfo.autoPool"):
                yield kind, path, how_said(kind, path)


def page() -> str:
    found = list(rows())
    ways = (WORD, ITSELF, RAW, NOT)
    counts = {kind: Counter(how for k, _, how in found if k == kind) for kind in OBJECTS}
    table = [
        f"| {kind} | {sum(c.values())} | " + " | ".join(str(c[w]) for w in ways) + " |" for kind, c in counts.items()
    ]
    listed = [f"| {kind} | `{path}` | {how} |" for kind, path, how in found]
    return "\n".join(
        [
            "# What of Azure Batch a spec can say",
            "",
            "Every property that azure-batch, the SDK, has for making pools, jobs, tasks and schedules (REST",
            "2025-06-01), and how a spec says it: by a word of its own (`batchctl explain` has REST's name for",
            "each), because batchctl says it itself, or under `raw`. Written by `python -m tests.coverage`, and",
            "held true by a test. The job of a schedule runs on a pool that stays: what an auto pool may be told",
            "is not in the table again.",
            "",
            "| | properties | " + " | ".join(ways) + " |",
            "| --- | --- | " + " | ".join("---" for _ in ways) + " |",
            *table,
            "",
            "| object | property | how |",
            "| --- | --- | --- |",
            *listed,
            "",
        ]
    )
