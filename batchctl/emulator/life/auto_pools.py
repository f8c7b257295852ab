"""Pools that are made for a job or a job schedule, and go with it unless they are to be kept."""

import uuid
from dataclasses import dataclass

from batchctl.emulator.admission import pools
from batchctl.emulator.life import pool_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Json, Pool
from batchctl.emulator.refusals import Fault, bad_value

SCHEDULING_ERRORS = {
    "PoolQuotaReached": "AutoPoolCreationFailedWithQuotaReached",
    "AutoScalingFormulaSyntaxError": "InvalidAutoScaleFormulaInAutoPool",
    "InvalidCertificateReferences": "InvalidCertificatesInAutoPool",
}
"""What refuses a pool, and how a job says it that was to have that pool (.NET: JobSchedulingErrorCodes)."""


def check(spec: Json) -> None:
    """poolInfo names a pool or describes one, not both."""
    info = spec["poolInfo"]
    auto = info.get("autoPoolSpecification")
    if ("poolId" in info) == (auto is not None):
        raise bad_value("poolInfo", "", "either a poolId or an autoPoolSpecification is wanted")
    if auto and "pool" not in auto:
        raise Fault("MissingRequiredProperty", (("PropertyName", "poolInfo.autoPoolSpecification.pool"),))


@dataclass(frozen=True, slots=True)
class Made:
    """The id of a pool that was to be made, and why it was not if it was not (a schedulingError)."""

    pool_id: str
    error: Json | None = None


def make(service: Service, spec: Json) -> Made:
    """The pool that a job's poolInfo describes. What the account refuses is told by the job, not by the request."""
    auto = spec["poolInfo"]["autoPoolSpecification"]
    name = f"{auto.get('autoPoolIdPrefix', '')}_{str(uuid.uuid4()).upper()}".lstrip("_")
    try:
        pools.admit(service, name, dict(auto["pool"]))
    except Fault as fault:
        if fault.code not in SCHEDULING_ERRORS:
            raise
        details = [{"name": key, "value": value} for key, value in fault.values]
        error = {"category": "usererror", "code": SCHEDULING_ERRORS[fault.code], "message": fault.message}
        return Made(name, {**error, **({"details": details} if details else {})})
    return Made(name)


LINGER = 20.0
"""Seconds that the nodes of a pool outlive the job that completed: machines take longer to go on Azure, and whoever
waited for the job reads the files of its tasks from them then."""


def end(service: Service, spec: Json, pool_key: str | None, *, linger: bool = False) -> None:
    """Its job or schedule has ended: the pool goes, unless it is to be kept or gone already."""
    auto = spec["poolInfo"].get("autoPoolSpecification")
    if auto is None or auto["keepAlive"]:
        return
    pool = service.store.pools.get((pool_key or "").lower())
    if pool is None:
        return
    if linger and pool.nodes:
        if pool.state != "deleting":
            pool.move("deleting", service.clock.now())
            service.store.touch(pool)
        go_later(service, pool)
    else:
        service.cancel(("linger", pool.key))
        pool_life.delete(service, pool)


def go_later(service: Service, pool: Pool) -> None:
    """The pool is being deleted, and its nodes go in a while."""

    def go() -> None:
        if service.store.pools.get(pool.key) is pool:
            pool_life.delete(service, pool)

    service.timer(("linger", pool.key), LINGER, go)
