"""What Batch refuses of a pool, a job or a task, and no schema can say: a table of rules, each a pure function of the
document. They run on what has its shape: anything else the schema has told of.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from batchctl.durations import parse_duration
from batchctl.errors import Problem
from batchctl.spec.reading.formula import what_is_wrong
from batchctl.spec.reading.paths import as_mapping, find_parts, get_in
from batchctl.spec.source import Source, shown
from batchctl.vm_sizes import cores_of_size

MOST_SLOTS, SLOTS_OF_A_CORE = 256, 4
"""REST: taskSlotsPerNode is at most four times the cores of the size, and at most 256."""
LONGEST_FORMULA = 8192


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


def some_tasks_may_run(document: Any, source: Source) -> Iterator[Problem]:
    """REST: maxParallelTasks is -1, for any number, or greater than 0."""
    if get_in(document, "job", "maxParallelTasks") == 0:
        message = "no task could run: -1 is for any number of them, else it is 1 or more"
        yield source.problem(("job", "maxParallelTasks"), message, "range")


def exit_codes_are_told_apart(document: Any, source: Source) -> Iterator[Problem]:
    """A code has one answer, and a range has codes in it."""
    for at, conditions in find_parts(document, "job.tasks.*.exitConditions"):
        seen: set[int] = set()
        for here, code in find_parts(conditions, "exitCodes.*.code"):
            if not isinstance(code, int):
                continue
            if code in seen:
                yield source.problem((*at, *here), f"the exit code {code} is there twice", "duplicate-code")
            seen.add(code)
        for here, span in find_parts(conditions, "exitCodeRanges.*"):
            start, end = get_in(span, "start"), get_in(span, "end")
            if isinstance(start, int) and isinstance(end, int) and start > end:
                message = f"no exit code is from {start} to {end}: a range goes upwards"
                yield source.problem((*at, *here, "end"), message, "empty-range")


SIGNED_FOR = timedelta(days=7)
"""How long what batchctl signs can be used: the longest of a user delegation key."""


def signatures_outlive_tasks(document: Any, source: Source) -> Iterator[Problem]:
    """What a task writes at its end is uploaded with a signature that was made before it."""
    for at, task in find_parts(document, "job.tasks.*"):
        constraints, retries = as_mapping(get_in(task, "constraints")), 0
        text, asked = constraints.get("maxWallClockTime"), constraints.get("maxTaskRetryCount")
        length = parse_duration(text) if isinstance(text, str) else None
        if length is None or not get_in(task, "outputFiles"):
            continue
        if isinstance(asked, int) and 0 < asked < 1000:
            retries = asked
        if length * (retries + 1) > SIGNED_FOR:
            all_runs = f" and {retries} retries" if retries else ""
            message = f"{text}{all_runs} is longer than 7 days, after which outputs can no longer be uploaded"
            yield source.problem((*at, "constraints", "maxWallClockTime"), message, "signature-too-short")


def addresses_are_named(document: Any, source: Source) -> Iterator[Problem]:
    """REST: with usermanaged, ipAddressIds has the addresses; nowhere else."""
    at = ("pool", "networkConfiguration", "publicIPAddressConfiguration")
    addresses = as_mapping(get_in(document, *at))
    managed = str(addresses.get("provision")).lower() == "usermanaged"
    if managed and "ipAddressIds" not in addresses:
        yield source.problem((*at, "provision"), "'usermanaged' needs 'ipAddressIds' beside it", "missing-key")
    if not managed and "ipAddressIds" in addresses:
        message = "they are used only with 'provision: usermanaged'"
        yield source.problem((*at, "ipAddressIds"), message, "unused-addresses", at_key=True)


def hidden_nodes_are_in_a_network(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Create a simplified node communication pool without public IP addresses": a subnet is a prerequisite,
    endpoints do not work. With a scope of `job` the job brings the subnet."""
    network = as_mapping(get_in(document, "pool", "networkConfiguration"))
    at = ("pool", "networkConfiguration", "publicIPAddressConfiguration", "provision")
    if str(get_in(document, *at)).lower() != "nopublicipaddresses":
        return
    from_job = str(network.get("dynamicVNetAssignmentScope")).lower() == "job"
    if "subnetId" not in network and not from_job and "subnetId" not in str(get_in(document, "pool", "raw")):
        message = (
            "without public addresses nodes reach Batch only from a subnet: give 'networkConfiguration' a 'subnetId'"
        )
        yield source.problem(at, message, "missing-key")
    if "endpointConfiguration" in network:
        message = "nodes without public addresses have no endpoints"
        yield source.problem((*at[:2], "endpointConfiguration"), message, "unused-endpoints", at_key=True)


def formula_gives_nodes(document: Any, source: Source) -> Iterator[Problem]:
    """Learn: AutoScalingFormulaSyntaxError when a pool is made, and formulas that are never evaluated to a target."""
    text = get_in(document, "pool", "autoScaleFormula")
    if isinstance(text, str) and len(text) <= LONGEST_FORMULA and "{" not in text and (why := what_is_wrong(text)):
        yield source.problem(
            ("pool", "autoScaleFormula"), f"the formula gives no nodes: {shown(why, 200)[1:-1]}", "formula"
        )


RULES: tuple[Callable[[Any, Source], Iterator[Problem]], ...] = (
    size_is_of_batch,
    slots_fit_the_cores,
    some_tasks_may_run,
    exit_codes_are_told_apart,
    signatures_outlive_tasks,
    addresses_are_named,
    hidden_nodes_are_in_a_network,
    formula_gives_nodes,
)
