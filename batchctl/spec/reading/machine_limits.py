"""What Azure refuses of a pool's machines and network, and no schema can say: rules of the table of `limits`, each a
pure function of the document.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from batchctl.errors import Problem
from batchctl.spec.reading.paths import NODE_TASKS, as_mapping, find_texts, get_in
from batchctl.spec.source import Source, shown
from batchctl.vm_abilities import FAMILIES, cache_of_size, lacks_accelerated_network, lacks_ephemeral_disk
from batchctl.vm_sizes import cores_of_size, parts_of_size

MOST_SLOTS, SLOTS_OF_A_CORE = 256, 4
"""REST: taskSlotsPerNode is at most four times the cores of the size, and at most 256."""
GIB_ON_WINDOWS, GIB_ON_LINUX = 127, 30
"""Learn, "Ephemeral OS disks": so large are the images of the Marketplace."""


def size_is_of_batch(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Choose a VM size for compute nodes": neither Standard_A0 nor a size of the Basic tier."""
    size = _size(document)
    if size.lower() == "standard_a0" or size.lower().startswith("basic_"):
        yield source.problem(("pool", "vmSize"), f"Batch has no nodes of the size {shown(size)}", "vm-size")


def size_has_a_name_of_azure(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Azure virtual machine sizes naming conventions"; letters of either case, as the service takes them."""
    size = _size(document)
    # Of other characters the schema tells.
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", size) and parts_of_size(size) is None:
        near = meant_size(size)
        hint = f"did you mean '{near}'?" if near else "they are named like Standard_D2s_v5"
        yield source.problem(("pool", "vmSize"), f"no VM size has the name {shown(size)}; {hint}", "vm-size")


def meant_size(text: str) -> str | None:
    """`D2s_v5`, `Standard-D2sv5` and `standardD2s_v5` all mean `Standard_D2s_v5`."""
    form = r"(?:standard)?[-_]*([a-z]+)[-_]?([0-9]+(?:-[0-9]+)?)([a-uw-z]*)[-_]*(v[0-9]+)?"
    found = re.fullmatch(form, text.lower())
    if found is None or found[1] not in FAMILIES:
        return None
    return f"Standard_{found[1].upper()}{found[2]}{found[3]}{f'_{found[4]}' if found[4] else ''}"


def slots_fit_the_cores(document: Any, source: Source) -> Iterator[Problem]:
    slots, size = get_in(document, "pool", "taskSlotsPerNode"), _size(document)
    cores = cores_of_size(size)
    if cores is None or not isinstance(slots, int):
        return
    most = min(SLOTS_OF_A_CORE * cores, MOST_SLOTS)
    if most < slots <= MOST_SLOTS:
        said = f"{size} has {cores} core{'s' * (cores > 1)}, so a node has at most {most} slots"
        yield source.problem(("pool", "taskSlotsPerNode"), f"{slots} slots are too many: {said}", "too-many-slots")


def size_has_the_network(document: Any, source: Source) -> Iterator[Problem]:
    """Learn, "Accelerated Networking overview": not every VM size has it."""
    at, size = ("pool", "networkConfiguration", "enableAcceleratedNetworking"), _size(document)
    if get_in(document, *at) is True and lacks_accelerated_network(size):
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
    pool, size = as_mapping(get_in(document, "pool")), _size(document)
    if get_in(document, *EPHEMERAL) is None:
        return
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


def _size(document: Any) -> str:
    """The VM size; empty where nobody knows it yet."""
    size = get_in(document, "pool", "vmSize")
    return size if isinstance(size, str) and "{" not in size else ""


MACHINE_RULES: tuple[Callable[[Any, Source], Iterator[Problem]], ...] = (
    size_is_of_batch,
    size_has_a_name_of_azure,
    slots_fit_the_cores,
    size_has_the_network,
    nodes_that_talk_are_of_one_kind,
    ephemeral_disk_has_no_spot,
    ephemeral_disk_has_room,
    addresses_are_named,
    hidden_nodes_are_in_a_network,
    images_have_names,
)
