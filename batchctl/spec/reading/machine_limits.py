"""What Azure refuses of a pool's machines and network, and no schema can say: rules of the table of `limits`, each a
pure function of the document.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from batchctl.errors import Problem
from batchctl.spec.reading.paths import NODE_TASKS, as_mapping, find_parts, find_texts, get_in
from batchctl.spec.source import At, Source, shown
from batchctl.vm_abilities import (
    FAMILIES,
    SLOTS_OF_A_CORE,
    cache_of_size,
    lacks_accelerated_network,
    lacks_ephemeral_disk,
)
from batchctl.vm_sizes import cores_of_size, parts_of_size

MOST_SLOTS = 256
"""REST: taskSlotsPerNode is at most four times the cores of the size, and at most 256."""
GIB_ON_WINDOWS, GIB_ON_LINUX = 127, 30
"""Learn, "Ephemeral OS disks": so large are the images of the Marketplace."""


def size_is_of_batch(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Choose a VM size for compute nodes": neither Standard_A0 nor a size of the Basic tier."""
    for at, size in _sizes(document):
        if size.lower() == "standard_a0" or size.lower().startswith("basic_"):
            yield source.problem(at, f"Batch has no nodes of the size {shown(size)}", "vm-size")


def size_has_a_name_of_azure(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Azure virtual machine sizes naming conventions"; letters of either case, as the service takes them."""
    for at, size in _sizes(document):
        # Of other characters the schema tells.
        if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", size) and parts_of_size(size) is None:
            near = meant_size(size)
            hint = f"did you mean '{near}'?" if near else "they are named like Standard_D2s_v5"
            yield source.problem(at, f"no VM size has the name {shown(size)}; {hint}", "vm-size")


def mounts_have_places_of_their_own(document: Any, source: Source) -> Iterator[Problem]:
    """Of two file systems in one directory the second hides the first."""
    seen: set[str] = set()
    for at, path in find_parts(document, "pool.mountConfiguration.*.*.relativeMountPath"):
        place = str(path).strip("/")
        if place in seen:
            message = f"{shown(place)} is another mount's directory too: each has one of its own"
            yield source.problem(at, message, "duplicate-name")
        seen.add(place)


def sizes_are_said_once(document: Any, source: Source) -> Iterator[Problem]:
    """By their names or by what is needed; no name twice."""
    pool = as_mapping(get_in(document, "pool"))
    if "vmSize" in pool and "needs" in pool:
        message = "'vmSize' says which size the nodes have: take out 'needs', or 'vmSize' so that batchctl chooses one"
        yield source.problem(("pool", "needs"), message, "two-sizes", at_key=True)
    seen: set[str] = set()
    for at, size in _sizes(document):
        if size.lower() in seen:
            yield source.problem(at, f"{shown(size)} stands twice", "duplicate-name")
        seen.add(size.lower())


def needs_can_be_met(document: Any, source: Source) -> Iterator[Problem]:
    """By a size of the table."""
    pool = as_mapping(get_in(document, "pool"))
    said, slots = as_mapping(pool.get("needs")), pool.get("taskSlotsPerNode", 1)
    if not said or "vmSize" in pool or not isinstance(slots, int):
        return
    from batchctl.spec.filling.sizes import needs_of, sizes_of  # imported late: most pools name their size

    if (needs := needs_of(said)) and not sizes_of(pool, needs):
        each = f" for each of {slots} slots" if slots > 1 else ""
        message = f"batchctl knows no size with {needs}{each}: name one, 'vmSize' instead of 'needs'"
        yield source.problem(("pool", "needs"), message, "no-size", at_key=True)


def meant_size(text: str) -> str | None:
    """`D2s_v5`, `Standard-D2sv5` and `standardD2s_v5` all mean `Standard_D2s_v5`."""
    form = r"(?:standard)?[-_]*([a-z]+)[-_]?([0-9]+(?:-[0-9]+)?)([a-uw-z]*)[-_]*(v[0-9]+)?"
    found = re.fullmatch(form, text.lower())
    if found is None or found[1] not in FAMILIES:
        return None
    return f"Standard_{found[1].upper()}{found[2]}{found[3]}{f'_{found[4]}' if found[4] else ''}"


def slots_fit_the_cores(document: Any, source: Source) -> Iterator[Problem]:
    slots = get_in(document, "pool", "taskSlotsPerNode")
    for _, size in _sizes(document) if isinstance(slots, int) else ():
        cores = cores_of_size(size)
        most = min(SLOTS_OF_A_CORE * cores, MOST_SLOTS) if cores is not None else MOST_SLOTS
        if most < slots <= MOST_SLOTS:
            said = f"{size} has {cores} core{'s' * (cores != 1)}, so a node has at most {most} slots"
            yield source.problem(("pool", "taskSlotsPerNode"), f"{slots} slots are too many: {said}", "too-many-slots")


def size_has_the_network(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Accelerated Networking overview": not every VM size has it."""
    at = ("pool", "networkConfiguration", "enableAcceleratedNetworking")
    for _, size in _sizes(document) if get_in(document, *at) is True else ():
        if lacks_accelerated_network(size):
            yield source.problem(at, f"the size {size} has no accelerated networking: take it out", "vm-size")


def nodes_that_talk_are_of_one_kind(document: Any, source: Source) -> Iterator[Problem]:
    """The service: "Pool cannot have both TargetDedicatedNodes and TargetLowPriorityNodes specified if communication is
    enabled." (its answer in github.com/Azure/aztk/issues/172)."""
    pool = as_mapping(get_in(document, "pool"))
    counts = [pool.get(key) for key in ("targetDedicatedNodes", "targetSpotNodes")]
    if pool.get("enableInterNodeCommunication") is True and all(isinstance(n, int) and n > 0 for n in counts):
        message = "dedicated and spot nodes do not speak to each other: ask for nodes of one kind"
        yield source.problem(("pool", "targetSpotNodes"), message, "mixed-nodes")


EPHEMERAL = ("pool", "osDisk", "ephemeralOSDiskSettings")


def ephemeral_disk_has_no_spot(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Use ephemeral OS disk nodes for Azure Batch pools": not in conjunction with Spot VMs."""
    spot = get_in(document, "pool", "targetSpotNodes")
    formula = str(get_in(document, "pool", "autoScaleFormula") or "")
    if get_in(document, *EPHEMERAL) is not None and ((isinstance(spot, int) and spot > 0) or _asks_for_spot(formula)):
        message = "spot nodes have no ephemeral disk in Batch: take it out, or ask for dedicated nodes alone"
        yield source.problem(EPHEMERAL, message, "ephemeral-disk", at_key=True)


def _asks_for_spot(formula: str) -> bool:
    """A target that is 0 asks for none."""
    return re.search(r"\$TargetLowPriorityNodes\s*=\s*+(?!0\s*(?:;|\Z))", formula) is not None


def ephemeral_disk_has_room(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Ephemeral OS disks": the cache of the size holds the whole disk."""
    for _, size in _sizes(document) if get_in(document, *EPHEMERAL) is not None else ():
        yield from _has_room(document, source, size)


def _has_room(document: Any, source: Source, size: str) -> Iterator[Problem]:
    pool = as_mapping(get_in(document, "pool"))
    asked, cache = get_in(document, "pool", "osDisk", "diskSizeGB"), cache_of_size(size)
    usual = GIB_ON_WINDOWS if "windows" in str(pool.get("image")).lower() else GIB_ON_LINUX
    wanted = asked if isinstance(asked, int) else usual
    if lacks_ephemeral_disk(size):
        message = f"the size {size} has no ephemeral disk: take it out, or a size with a local disk"
        yield source.problem(EPHEMERAL, message, "ephemeral-disk", at_key=True)
    elif cache is not None and wanted > cache:
        message = f"the disk has {wanted} GiB, and the cache of {size} {cache}: take a larger size"
        at = (*EPHEMERAL[:-1], "diskSizeGB") if isinstance(asked, int) else EPHEMERAL
        yield source.problem(at, message, "ephemeral-disk", at_key=at == EPHEMERAL)


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


IMAGE_NAMES = (
    "pool.containerConfiguration.containerImageNames.*",
    *(f"{work}.containerSettings.imageName" for work in (*NODE_TASKS, "job.tasks.*")),
)


def images_have_names(document: Any, source: Source) -> Iterator[Problem]:
    """The grammar of references to images (github.com/distribution/reference); what it refuses, every pull refuses."""
    for place in IMAGE_NAMES:
        for at, name in find_texts(document, place):
            from batchctl.spec.reading.image_names import what_is_wrong  # imported late: few specs have containers

            if name and "{" not in name and (why := what_is_wrong(name)):
                yield source.problem(at, f"{shown(name)} names no container image: {why}", "image-name")


def _sizes(document: Any) -> Iterator[tuple[At, str]]:
    """Each VM size that is said by its name, with its place; without those that nobody knows yet."""
    at, said = ("pool", "vmSize"), get_in(document, "pool", "vmSize")
    sizes = [((*at, n), size) for n, size in enumerate(said)] if isinstance(said, list) else [(at, said)]
    yield from ((place, size) for place, size in sizes if isinstance(size, str) and "{" not in size)


MACHINE_RULES: tuple[Callable[[Any, Source], Iterator[Problem]], ...] = (
    size_is_of_batch,
    size_has_a_name_of_azure,
    sizes_are_said_once,
    mounts_have_places_of_their_own,
    needs_can_be_met,
    slots_fit_the_cores,
    size_has_the_network,
    nodes_that_talk_are_of_one_kind,
    ephemeral_disk_has_no_spot,
    ephemeral_disk_has_room,
    addresses_are_named,
    hidden_nodes_are_in_a_network,
    images_have_names,
)
