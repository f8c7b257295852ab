"""batchctl local seed: pools, jobs, tasks and blobs from a file, all of it or nothing as far as can be foreseen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.speaking import open_page
from batchctl.errors import CloudError, Partial, SpecError

if TYPE_CHECKING:
    from batchctl import local
    from batchctl.cli.local.seeds import Seed
    from batchctl.cloud.resources.unmarked import Unmarked


def local_seed(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The seed: YAML or JSON.", dir_okay=False)],
) -> None:
    """Add the pools, jobs, tasks and blobs of FILE, in the words of Batch's REST API.

    All of it is checked by the service before any of it is added.
    """
    from batchctl import local
    from batchctl.cli.local.seeds import read_seed

    out, seed = open_page(), read_seed(file)
    store = _store_of(local.ensure_running(out.say))
    _require_taken(seed, store)
    _add(seed, store)
    out.result(f"Seeded: {_counts(seed)}")


def _require_taken(seed: "Seed", store: "Unmarked") -> None:
    """Raises SpecError with what would be refused, and with blobs that are there already."""
    from batchctl.cli.local.seeds import refusal_problem
    from batchctl.local.seeding import refused_bodies

    problems = [refusal_problem(seed.source, one) for one in refused_bodies(seed.pools, seed.jobs)]
    for name, blobs in seed.containers.items():
        for blob in sorted(blobs.keys() & store.blob_names(name)):
            problems.append(
                seed.source.problem(("containers", name, blob), "the blob is there already", "exists", at_key=True)
            )
    if problems:
        raise SpecError(problems)


def _add(seed: "Seed", store: "Unmarked") -> None:
    """Blobs first, for tasks may begin at once. Raises Partial where something is refused all the same."""
    from batchctl.local.seeding import add_bodies

    made: list[str] = []
    try:
        for name, blobs in seed.containers.items():
            store.put_blobs(name, blobs)
            made.append(f"container {name}")
        made.extend(add_bodies(seed.pools, seed.jobs))
    except CloudError as error:
        there = f"; what was made before it stays: {', '.join(made)}" if made else ""
        raise Partial(f"{error}{there}") from error


def _store_of(services: "local.Services") -> "Unmarked":
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import unmarked
    from batchctl.opening.target import target_of

    return unmarked(target_of(services), SystemClock())


def _counts(seed: "Seed") -> str:
    from batchctl.words import plural

    counts = {
        "pool": len(seed.pools),
        "job": len(seed.jobs),
        "task": sum(len(tasks) for _, tasks in seed.jobs),
        "container": len(seed.containers),
        "blob": sum(map(len, seed.containers.values())),
    }
    return ", ".join(plural(number, kind) for kind, number in counts.items() if number) or "nothing"
