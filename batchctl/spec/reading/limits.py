"""What Batch refuses of a pool, a job or a task, and no schema can say: a table of rules, each a pure function of the
document. They run on what has its shape: anything else the schema has told of.
"""

from collections.abc import Callable, Iterator
from typing import Any

from batchctl.errors import Problem
from batchctl.spec.reading.paths import as_mapping, get_in
from batchctl.spec.source import Source, shown
from batchctl.vm_sizes import cores_of_size

MOST_SLOTS, SLOTS_OF_A_CORE = 256, 4
"""REST: taskSlotsPerNode is at most four times the cores of the size, and at most 256."""


def check_limits(document: Any, source: Source) -> Iterator[Problem]:
    """Every breach of RULES."""
    for rule in RULES:
        yield from rule(document, source)


def size_is_of_batch(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Choose a VM size for compute nodes": neither Standard_A0 nor a size of the Basic tier."""
    size = get_in(document, "pool", "vmSize")
    if isinstance(size, str) and (size.lower() == "standard_a0" or size.lower().startswith("basic_")):
        yield source.problem(("pool", "vmSize"), f"Batch has no nodes of the size {shown(size)}", "vm-size")


def slots_fit_the_cores(document: Any, source: Source) -> Iterator[Problem]:
    pool = as_mapping(get_in(document, "pool"))
    slots, size = pool.get("taskSlotsPerNode"), pool.get("vmSize")
    cores = cores_of_size(size) if isinstance(size, str) else None
    if cores is None or not isinstance(slots, int):
        return
    most = min(SLOTS_OF_A_CORE * cores, MOST_SLOTS)
    if most < slots <= MOST_SLOTS:
        said = f"{size} has {cores} core{'s' * (cores > 1)}, so a node has at most {most} slots"
        yield source.problem(("pool", "taskSlotsPerNode"), f"{slots} slots are too many: {said}", "too-many-slots")


RULES: tuple[Callable[[Any, Source], Iterator[Problem]], ...] = (size_is_of_batch, slots_fit_the_cores)
