"""API 2026-10-01, as it is specified: what it adds, what it takes away, and what older versions see of that.

Azure/azure-rest-api-specs 0c0b1966, specification/batch/data-plane/Batch/models.tsp; no answer of it is on record.
"""

import copy
from collections import Counter
from typing import Any

import pytest

from batchctl.emulator.settings import NEWER_API

from .raw import send
from .stand import Local, until

OLD, NEW = "api-version=2025-06-01", "api-version=2026-10-01"
SIZES = ["Standard_D4s_v5", "Standard_D4as_v5", "Standard_D4ds_v5"]
MACHINE = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
ZONES = {
    "placement": {"zonePlacementPolicy": "Auto"},
    "resiliencyPolicy": {
        "zoneAllocationPolicy": {"maxZoneCount": 2, "maxInstancePercentPerZonePolicy": {"enabled": True, "value": 60}}
    },
    "hardwareProfile": {"vmSizeProperties": {"vCPUsAvailable": 2, "vCPUsPerCore": 1}},
}


def mixed(name: str, **changes: Any) -> dict[str, Any]:
    """A pool of several sizes. `machine` and `profile` are laid over these parts."""
    profile = {"vmSizes": [{"name": size} for size in SIZES], **changes.pop("profile", {})}
    machine = {**copy.deepcopy(MACHINE), **changes.pop("machine", {})}
    body = {"id": name, "vmSize": "Mix", "vmSkuProfile": profile, "virtualMachineConfiguration": machine, **changes}
    return {key: value for key, value in body.items() if value is not None}


def nodes_of(local: Local, name: str, many: int) -> list[dict[str, Any]]:
    def found() -> list[dict[str, Any]]:
        nodes = send(local.url, "GET", f"/pools/{name}/nodes?{NEW}").json["value"]
        return nodes if len(nodes) == many else []

    return until(found, f"{many} nodes")


def test_nodes_take_the_sizes_of_a_mix_in_turn(local: Local, name: str) -> None:
    made = send(local.url, "POST", f"/pools?{NEW}", mixed(name, targetDedicatedNodes=5, taskSlotsPerNode=16))
    assert made.status == 201, made.content
    sizes = Counter(node["vmSize"] for node in nodes_of(local, name, 5))
    assert sizes == dict(zip([size.lower() for size in SIZES], (2, 2, 1), strict=True))
    pool = send(local.url, "GET", f"/pools/{name}?{NEW}").json
    assert pool["vmSize"] == "mix"
    assert pool["vmSkuProfile"] == {"vmSizes": [{"name": size} for size in SIZES], "allocationStrategy": "lowestPrice"}


def test_by_rank_all_nodes_are_of_the_first(local: Local, name: str) -> None:
    ranked = [{"name": size, "rank": 2 - rank} for rank, size in enumerate(SIZES)]
    profile = {"vmSizes": ranked, "allocationStrategy": "Prioritized"}
    made = send(local.url, "POST", f"/pools?{NEW}", mixed(name, profile=profile, targetLowPriorityNodes=2))
    assert made.status == 201, made.content
    assert {node["vmSize"] for node in nodes_of(local, name, 2)} == {SIZES[2].lower()}


def test_zones_and_hardware_are_kept_and_seen_by_this_version_alone(local: Local, name: str) -> None:
    assert send(local.url, "POST", f"/pools?{NEW}", mixed(name, machine=ZONES)).status == 201
    new, old = (send(local.url, "GET", f"/pools/{name}?{version}&$expand=stats").json for version in (NEW, OLD))
    assert {part: new["virtualMachineConfiguration"][part] for part in ZONES} == ZONES
    assert ZONES.keys().isdisjoint(old["virtualMachineConfiguration"])
    assert "vmSkuProfile" not in old
    assert ("usageStats" in old["stats"], "usageStats" in new["stats"]) == (True, False)
    # What a change does not name of the zones stays, and so the two cannot come together by it.
    change = {"virtualMachineConfiguration": MACHINE}
    assert send(local.url, "PATCH", f"/pools/{name}?{NEW}", change).status == 200
    kept = send(local.url, "GET", f"/pools/{name}?{NEW}").json["virtualMachineConfiguration"]
    assert (kept["placement"], kept["resiliencyPolicy"]) == (ZONES["placement"], ZONES["resiliencyPolicy"])
    assert "hardwareProfile" not in kept
    by_policy = {**MACHINE, "nodePlacementConfiguration": {"policy": "zonal"}}
    refused = send(local.url, "PATCH", f"/pools/{name}?{NEW}", {"virtualMachineConfiguration": by_policy})
    assert (refused.status, refused.code) == (400, "InvalidPropertyValue")
    # A size takes the place of the mix.
    assert send(local.url, "PATCH", f"/pools/{name}?{NEW}", {"vmSize": SIZES[0]}).status == 200
    assert "vmSkuProfile" not in send(local.url, "GET", f"/pools/{name}?{NEW}").json


def ranked(*ranks: int | None) -> list[dict[str, Any]]:
    return [
        {"name": size, **({} if rank is None else {"rank": rank})} for size, rank in zip(SIZES, ranks, strict=False)
    ]


@pytest.mark.parametrize(
    ("changes", "property_name"),
    [
        ({"vmSize": "Standard_D4s_v5"}, "vmSize"),
        ({"vmSkuProfile": None}, "vmSize"),
        ({"profile": {"vmSizes": None}}, "vmSkuProfile.vmSizes"),
        ({"profile": {"vmSizes": []}}, "vmSkuProfile.vmSizes"),
        ({"profile": {"vmSizes": [{"name": "Standard_D4s_v5"}] * 6}}, "vmSkuProfile.vmSizes"),
        ({"profile": {"vmSizes": [{"name": SIZES[0]}, {"name": "Standard_D8s_v5"}]}}, "vmSkuProfile.vmSizes"),
        ({"profile": {"vmSizes": [{"name": SIZES[0]}, {"name": "Standard_E4s_v5"}]}}, "vmSkuProfile.vmSizes"),
        ({"profile": {"vmSizes": [{"name": "large"}]}}, "vmSkuProfile.vmSizes.name"),
        ({"profile": {"allocationStrategy": "prioritized"}}, "vmSkuProfile.vmSizes.rank"),
        ({"profile": {"allocationStrategy": "prioritized", "vmSizes": ranked(0, None)}}, "vmSkuProfile.vmSizes.rank"),
        ({"profile": {"vmSizes": ranked(0, 1)}}, "vmSkuProfile.vmSizes.rank"),
        ({"profile": {"allocationStrategy": "cheapest"}}, "vmSkuProfile.allocationStrategy"),
        ({"taskSlotsPerNode": 17}, "taskSlotsPerNode"),
        ({"machine": {"resiliencyPolicy": ZONES["resiliencyPolicy"]}}, "resiliencyPolicy"),
        ({"machine": {**ZONES, "nodePlacementConfiguration": {"policy": "zonal"}}}, "placement"),
        (
            {"machine": {"placement": {"zonePlacementPolicy": "Manual"}}},
            "virtualMachineConfiguration.placement.zonePlacementPolicy",
        ),
    ],
)
def test_what_a_mix_may_not_be(local: Local, name: str, changes: dict[str, Any], property_name: str) -> None:
    refused = send(local.url, "POST", f"/pools?{NEW}", mixed(name, **copy.deepcopy(changes)))
    assert (refused.status, refused.code) == (400, "InvalidPropertyValue"), refused.content
    assert refused.json["values"][0]["value"] == property_name
    assert send(local.url, "HEAD", f"/pools/{name}?{NEW}").status == 404


@pytest.mark.parametrize("part", ["vmSkuProfile", *ZONES])
def test_older_versions_do_not_know_them(local: Local, name: str, part: str) -> None:
    body = {"id": name, "vmSize": SIZES[0], "virtualMachineConfiguration": {**MACHINE}}
    place = body if part == "vmSkuProfile" else body["virtualMachineConfiguration"]
    place[part] = {} if part == "vmSkuProfile" else ZONES[part]  # type: ignore[index]  # a dictionary both times
    refused = send(local.url, "POST", f"/pools?{OLD}", body)
    assert (refused.status, refused.code) == (400, "InvalidRequestBody")
    assert f"'{part}' does not exist" in refused.content.decode()
    place[part] = None  # type: ignore[index]  # what is null is absent
    assert send(local.url, "POST", f"/pools?{OLD}", body).status == 201


def test_auto_pools_have_no_mix_and_no_sizes_of_their_own(local: Local, name: str) -> None:
    for pool, code in (
        (mixed(name), "InvalidRequestBody"),
        ({"vmSize": SIZES[0], "virtualMachineConfiguration": {**MACHINE, **ZONES}}, "InvalidPropertyValue"),
    ):
        pool.pop("id", None)
        info = {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": pool}}
        refused = send(local.url, "POST", f"/jobs?{NEW}", {"id": name, "poolInfo": info})
        assert (refused.status, refused.code) == (400, code), refused.content


def test_what_is_gone(local: Local, name: str) -> None:
    assert send(local.url, "POST", f"/pools?{NEW}", mixed(name)).status == 201
    for path, option in (
        ("resize", "nodeDeallocationOption"),
        ("removenodes", "nodeDeallocationOption"),
        ("nodes/a/reboot", "nodeRebootOption"),
        ("nodes/a/reimage", "nodeReimageOption"),
        ("nodes/a/deallocate", "nodeDeallocateOption"),
    ):
        body = {option: "RetainedData", **({"targetDedicatedNodes": 0} if path == "resize" else {})}
        refused = send(local.url, "POST", f"/pools/{name}/{path}?{NEW}", body)
        assert refused.status in (400, 404), path
        if path in ("resize", "removenodes"):
            assert refused.json["values"][0]["value"] == option
    assert send(local.url, "POST", f"/pools/{name}/resize?{OLD}", body | {"targetDedicatedNodes": 0}).status == 400
    assert send(local.url, "GET", f"/poolusagemetrics?{OLD}").status == 200
    assert send(local.url, "GET", f"/poolusagemetrics?{NEW}").code == "InvalidUri"
    assert send(local.url, "GET", f"/lifetimepoolstats?{NEW}").code == "InvalidUri"


def test_nodes_tell_the_address_before_them(local: Local, name: str) -> None:
    both = {"publicIPAddressConfiguration": {"ipFamilies": ["IPv4", "IPv6"]}}
    none = {"publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"}}
    for number, (network, seen) in enumerate((({}, {"publicIPAddress"}), (none, set()))):
        body = mixed(f"{name}-{number}", networkConfiguration=network, targetDedicatedNodes=1)
        assert send(local.url, "POST", f"/pools?{NEW}", body).status == 201
        [node] = nodes_of(local, f"{name}-{number}", 1)
        assert {key for key in node if key.startswith("publicIP")} == seen
    body = mixed(f"{name}-both", networkConfiguration=both, targetDedicatedNodes=1)
    assert send(local.url, "POST", f"/pools?{NEW}", body).status == 201
    [node] = nodes_of(local, f"{name}-both", 1)
    assert {"publicIPAddress", "publicIPv6Address"} <= node.keys()
    older = send(local.url, "GET", f"/pools/{name}-both/nodes?{OLD}").json["value"]
    assert "publicIPAddress" not in older[0]


@pytest.mark.parametrize("version", ["2026-11-01", "2027-01-01.30.0", "2031-02-03-preview"])
def test_newer_versions_on_request(local: Local, name: str, version: str) -> None:
    path = f"/pools?api-version={version}"
    refused = send(local.url, "GET", path)
    assert (refused.status, refused.code) == (400, "UnsupportedRequestVersion")
    assert "Warning" not in refused.headers
    wanted = local.home / NEWER_API
    wanted.touch()
    try:
        taken = send(local.url, "POST", path, mixed(name))
        assert taken.status == 201, taken.content
        told = f'299 batchctl-emulator "api-version {version} is not known here and was served as 2026-10-01"'
        assert {key.lower(): value for key, value in taken.headers.items()}["warning"] == told
        missing = send(local.url, "GET", f"/pools/{name}-missing?api-version={version}")
        assert (missing.code, "warning" in {key.lower() for key in missing.headers}) == ("PoolNotFound", True)
        for other in ("2025-07-01", "soon", "2024-07-01"):
            assert send(local.url, "GET", f"/pools?api-version={other}").status == 400
    finally:
        wanted.unlink()
