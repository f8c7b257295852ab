"""Pools that are made for a job or a job schedule, and go with it unless they are to be kept."""

import uuid
from typing import TYPE_CHECKING

from batchctl.emulator import allocation, pool_admission
from batchctl.emulator.faults import Fault, bad_value
from batchctl.emulator.records import Json, Pool

if TYPE_CHECKING:
    from batchctl.emulator.service import Service


def check(spec: Json) -> None:
    """poolInfo names a pool or describes one, not both."""
    info = spec["poolInfo"]
    auto = info.get("autoPoolSpecification")
    if ("poolId" in info) == (auto is not None):
        raise bad_value("poolInfo", "", "either a poolId or an autoPoolSpecification is wanted")
    if auto and "pool" not in auto:
        raise Fault("MissingRequiredProperty", (("PropertyName", "poolInfo.autoPoolSpecification.pool"),))


def make(service: "Service", spec: Json) -> Pool:
    """The pool that a job's poolInfo describes."""
    auto = spec["poolInfo"]["autoPoolSpecification"]
    name = f"{auto.get('autoPoolIdPrefix', '')}_{str(uuid.uuid4()).upper()}".lstrip("_")
    return pool_admission.admit(service, name, dict(auto["pool"]))


def end(service: "Service", spec: Json, pool_key: str | None) -> None:
    """Its job or schedule has ended: the pool goes, unless it is to be kept or gone already."""
    auto = spec["poolInfo"].get("autoPoolSpecification")
    pool = service.store.pools.get((pool_key or "").lower())
    if auto and not auto["keepAlive"] and pool and pool.state == "active":
        allocation.delete(service, pool)
