"""The quotas of an account and the VM sizes of its region, which Azure Resource Manager tells; what there is, Batch."""

from typing import Any

from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.nodes import iso_moment
from batchctl.cloud_answers import OfferedSize, PoolThere, Quotas
from batchctl.errors import CloudError

CAPABILITIES = {
    "LowPriorityCapable": "spot",
    "EphemeralOSDiskSupported": "ephemeral",
    "AcceleratedNetworkingEnabled": "accelerated",
}
"""Names of Resource SKUs and what we call them."""

THERE = "id,vmSize,targetDedicatedNodes,targetLowPriorityNodes,currentDedicatedNodes,currentLowPriorityNodes"
ACTIVE = {"filter": "state eq 'active'", "select": "id"}


def account_quotas(session: Session) -> Quotas | None:
    """None where nobody may ask the manager: no resource id, no extra, no sign-in, no rights. What it did not answer
    is in `untold`."""
    if (arm := session.arm) is None:
        return None
    try:
        account = session.ask(lambda: arm.account_as_told)
    except CloudError as error:
        return Quotas(region="", untold=(f"the account's quotas and sizes could not be looked at: {error}",))
    if account is None:
        return None
    region = str(account.get("location", ""))
    try:
        sizes, untold = session.ask(lambda: arm.sizes_as_told), tuple[str, ...]()
    except CloudError as error:
        sizes, untold = [], (f"the sizes of {region} could not be looked at: {error}",)
    said = account.get("properties", {})
    by_service = str(said.get("poolAllocationMode")).lower() != "usersubscription"
    families = said.get("dedicatedCoreQuotaPerVMFamily") if said.get("dedicatedCoreQuotaPerVMFamilyEnforced") else None
    pools = session.ask(lambda: list(session.batch.pages("/pools", select=THERE)))
    return Quotas(
        region=region,
        # In a user's own subscription that counts the cores, and Batch tells none.
        dedicated_cores=said.get("dedicatedCoreQuota") if by_service else None,
        cores_by_family=_by_family(families) if by_service and families is not None else None,
        spot_cores=said.get("lowPriorityCoreQuota") if by_service else None,
        pools=said.get("poolQuota"),
        jobs=said.get("activeJobAndJobScheduleQuota"),
        sizes={item["name"].lower(): _size(item) for item in sizes},
        untold=untold,
        pools_there=tuple(map(_there, pools)),
        active_jobs=sum(_active(session, path) for path in ("/jobs", "/jobschedules")),
    )


def _active(session: Session, path: str) -> int:
    return len(session.ask(lambda: list(session.batch.pages(path, **ACTIVE))))


def _by_family(families: list[Json]) -> dict[str, int]:
    return {_plain(item["name"]): item.get("coreQuota", 0) for item in families}


def _plain(family: str) -> str:
    """`Standard NCASv3_T4 Family` and its like are spelt in several ways."""
    return family.replace(" ", "").lower()


def _size(item: Json) -> OfferedSize:
    told: dict[str, Any] = {one["name"]: one.get("value") for one in item.get("capabilities", ())}
    end, cores = item.get("batchSupportEndOfLife"), str(told.get("vCPUs", ""))
    return OfferedSize(
        family=_plain(item.get("familyName", "")),
        cores=int(cores) if cores.isdecimal() else None,
        generation={"V1": 1, "V2": 2}.get(str(told.get("HyperVGenerations"))),
        lacks=frozenset(ours for name, ours in CAPABILITIES.items() if str(told.get(name)).lower() == "false"),
        until=iso_moment(end) if end else None,
    )


def _there(item: Json) -> PoolThere:
    def most(*names: str) -> int:
        return max(item.get(name) or 0 for name in names)

    return PoolThere(
        name=item["id"],
        vm_size=item.get("vmSize", ""),
        dedicated=most("targetDedicatedNodes", "currentDedicatedNodes"),
        spot=most("targetLowPriorityNodes", "currentLowPriorityNodes"),
    )
