"""`pool_specification` of Batch Shipyard, with the images and registries of its `global_resources`."""

import re
from collections.abc import Sequence
from typing import Any

from batchctl.frozen import dataclass
from batchctl.importing.found import Document, Found
from batchctl.importing.images import image_of_today
from batchctl.importing.settings import environment_settings
from batchctl.importing.shipyard.autoscale import formula
from batchctl.importing.shipyard.commands import words
from batchctl.importing.shipyard.data import Storage, fetched, resource_files
from batchctl.importing.shipyard.times import iso
from batchctl.importing.templates import UnsayableError, literal

ADMIN = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """What tasks have to know of their pool."""

    native: bool = False
    windows: bool = False
    gpus: bool = False
    counts: tuple[int, int] = (0, 0)


def legal_id(found: Found, to: str, most: int) -> str:
    """An id as Batch takes it."""
    text = found.text()
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:most] or "imported"
    if re.search(r"-[gG][0-9]+\Z", plain) and to == "job.id":
        plain += "-job"
    if plain == text:
        found.carried(to)
    else:
        found.changed(to, f"{plain}: letters, digits, hyphens and underscores, and -g2 ends what batchctl numbers")
    return plain


NATIVE_OFFERS = (("canonical", "ubuntuserver", "16.04-lts"), ("openlogic", "centos", "7."))
"""Platform images on which `native: true` works; for others the tool ignores it."""


def nodes_of(pool: Found | None) -> Nodes:
    """Read ahead of the pool itself: what its images and counts say of how tasks run."""
    if pool is None:
        return Nodes()
    image = pool.get("vm_configuration", "platform_image")
    names = [part.text().lower() if image and (part := image.get(n)) else "" for n in ("publisher", "offer", "sku")]
    asked = pool.get("vm_configuration", "platform_image" if image else "custom_image", "native")
    windows = "windows" in names[0]
    by_itself = names[0] == "microsoft-azure-batch" or windows
    works = image is None or any(
        (p, o) == (names[0], names[1].split("-")[0]) and names[2].startswith(s) for p, o, s in NATIVE_OFFERS
    )
    size = pool.get("vm_size")
    return Nodes(
        native=by_itself or bool(asked and asked.truth() and works),
        windows=windows,
        gpus=bool(size and size.text().lower().startswith("standard_n") and not windows),
        counts=_counts(pool),
    )


def _counts(pool: Found) -> tuple[int, int]:
    found = [pool.get("vm_count", kind) for kind in ("dedicated", "low_priority")]
    return (found[0].whole() if found[0] else 0, found[1].whole() if found[1] else 0)


def pool_document(pool: Found, images: Sequence[str], storage: Storage, nodes: Nodes) -> Document:
    """What becomes of each of its fields is told. Raises SpecError."""
    said: Document = {"id": legal_id(pool.need("id"), "pool.id", 64)}
    said["vmSize"] = pool.need("vm_size").carried("pool.vmSize").text()
    said |= _image(pool.need("vm_configuration"), native=nodes.native)
    # The tool's nodes all run containers.
    said["containerConfiguration"] = {"containerImageNames": list(images)} if images else {"type": "dockerCompatible"}
    said |= _scale(pool)
    if (slots := pool.get("max_tasks_per_node")) is not None:
        said["taskSlotsPerNode"] = slots.carried("pool.taskSlotsPerNode").whole()
    if (fill := pool.get("node_fill_type")) is not None:
        said["taskSchedulingPolicy"] = {
            "nodeFillType": fill.carried("pool.taskSchedulingPolicy.nodeFillType").text().lower()
        }
    if (reach := pool.get("inter_node_communication_enabled")) is not None:
        said["enableInterNodeCommunication"] = reach.carried("pool.enableInterNodeCommunication").truth()
    said |= _network(pool)
    if start := _start_task(pool, storage):
        said["startTask"] = start
    return said


def _image(found: Found, *, native: bool) -> Document:
    said: Document = {}
    if (own := found.get("custom_image")) is not None:
        if (other := found.get("platform_image")) is not None:
            other.refused("the tool refuses it beside a custom_image, which is taken")
        said["image"] = {
            "virtualMachineImageId": own.need("arm_image_id").carried("pool.image.virtualMachineImageId").text()
        }
        said["nodeAgentSKUId"] = own.need("node_agent").carried("pool.nodeAgentSKUId").text()
        if (asked := own.get("native")) is not None:
            asked.carried("", "commands run without a shell, in the container")
        return said | _license(own)
    platform = found.need("platform_image")
    if (asked := platform.get("native")) is not None:
        if native or not asked.truth():
            asked.carried("", "commands run without a shell, in the container" if native else "")
        else:
            asked.dropped("the tool ignores it for this image")
    parts = [platform.need(name) for name in ("publisher", "offer", "sku")]
    names = [part.text().lower() for part in parts]
    said["image"], why = image_of_today(*names, containers=True)
    for part, key in zip(parts, said["image"], strict=True):
        if why:
            part.changed(f"pool.image.{key}", why)
        else:
            part.carried(f"pool.image.{key}")
    version = platform.get("version")
    if version is not None and version.text().lower() != "latest":
        if why:
            version.dropped("it is a version of the image that is replaced")
        else:
            said["image"]["version"] = version.carried("pool.image.version").text()
    elif version is not None:
        version.carried("pool.image", "the newest, which is the default")
    return said | _license(platform)


def _license(image: Found) -> Document:
    found = image.get("license_type")
    if found is None:
        return {}
    found.carried("pool.licenseType")
    return {"licenseType": "Windows_Server"}


def _scale(pool: Found) -> Document:
    counts, scaling, timeout = _counts(pool), pool.get("autoscale"), pool.get("resize_timeout")
    kinds = {"dedicated": "targetDedicatedNodes", "low_priority": "targetSpotNodes"}
    if scaling is None:
        if timeout is not None:
            timeout.carried("pool.resizeTimeout")
        for kind, key in kinds.items():
            if (found := pool.get("vm_count", kind)) is not None:
                found.carried(f"pool.{key}")
        # The tool leaves nodes where they are.
        targets = {key: n for key, n in zip(kinds.values(), counts, strict=True) if n}
        return {**targets, **({"resizeTimeout": iso(timeout)} if timeout else {}), "afterRun": "keep"}
    if timeout is not None:
        timeout.dropped("the tool drops it where a pool scales by itself")
    said_by = scaling.get("formula")
    scenario = scaling.get("scenario")
    for kind in kinds:
        if (found := pool.get("vm_count", kind)) is not None:
            if said_by is not None:
                found.dropped("the formula says how many nodes there are")
            else:
                found.changed("pool.autoScaleFormula", "with autoscale it is the minimum, no target")
    if said_by is not None:
        text = said_by.carried("pool.autoScaleFormula").text()
        if scenario is not None:
            scenario.dropped("the formula wins")
    elif scenario is not None:
        slots = pool.get("max_tasks_per_node")
        text = formula(scenario, counts, slots.whole() if slots else 1)
        scenario.changed("pool.autoScaleFormula", "a formula of our own that sets the same targets")
    else:
        scaling.wrong("autoscale says neither formula nor scenario")
    said = {"autoScaleFormula": text}
    if (interval := scaling.get("evaluation_interval")) is not None:
        said["autoScaleEvaluationInterval"] = iso(interval.carried("pool.autoScaleEvaluationInterval"))
    return said


def _network(pool: Found) -> Document:
    said: Document = {}
    if (subnet := pool.get("virtual_network", "arm_subnet_id")) is not None:
        said["subnetId"] = subnet.carried("pool.networkConfiguration.subnetId").text()
    if (ips := pool.get("public_ips")) is not None:
        said["publicIPAddressConfiguration"] = {
            "provision": "usermanaged",
            "ipAddressIds": ips.carried("pool.networkConfiguration.publicIPAddressConfiguration.ipAddressIds").texts(),
        }
    return {"networkConfiguration": said} if said else {}


def _start_task(pool: Found, storage: Storage) -> Document:
    prep = pool.get("additional_node_prep")
    lines: list[str] = _lines(prep, "pre")
    files: list[Any] = []
    if (data := pool.get("input_data", "azure_storage")) is not None:
        brought, after = fetched(data, storage, "pool.startTask")
        files, lines = [*files, *brought], [*lines, *after]
    lines += _lines(prep, "post")
    if (plain := pool.get("resource_files")) is not None:
        files += resource_files(plain, "pool.startTask.resourceFiles")
    variables = prep.get("environment_variables") if prep else None
    settings = environment_settings(variables, "pool.startTask.environmentSettings") if variables else []
    if not (lines or files or settings):
        return {}
    said: Document = {"commands": lines or ["true"], "userIdentity": ADMIN}
    if files:
        said["resourceFiles"] = files
    if settings:
        said["environmentSettings"] = settings
    return said


def _lines(prep: Found | None, name: str) -> list[str]:
    found = prep.get("commands", name) if prep else None
    if found is None:
        return []
    return [line for member in found.members() for line in shell_line(member, "pool.startTask.commands")]


def shell_line(found: Found, to: str) -> list[str]:
    """The line that the tool puts into `/bin/bash -c '…'` without a word on its quotes; none where it is refused."""
    text = found.text()
    if words(text) is None:
        found.refused("a quote is not closed, so that bash would end with an error")
        return []
    try:
        said = literal(text)
    except UnsayableError:
        found.wrong("no line of a spec stands for this text: put it into a script")
    if "'" in text:
        found.changed(
            to,
            "between the tool's single quotes its own ended them: here it is the line as written",
        )
    else:
        found.carried(to)
    return [said]
