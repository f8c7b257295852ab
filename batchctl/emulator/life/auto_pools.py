"""Pools that were made for a job or a job schedule: they go with it, unless they are to be kept."""

from batchctl.emulator.life import pool_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Json, Pool

LINGER = 20.0
"""Seconds that the nodes of a pool outlive the job that completed: machines take longer to go on Azure, and whoever
waited for the job reads the files of its tasks from them then."""


def end_auto_pool(service: Service, spec: Json, pool_key: str | None, *, linger: bool = False) -> None:
    """Its job or schedule has ended: the pool goes, unless it is to be kept or gone already."""
    auto = spec["poolInfo"].get("autoPoolSpecification")
    if auto is None or auto["keepAlive"]:
        return
    pool = service.store.pools.get((pool_key or "").lower())
    if pool is None:
        return
    if linger and pool.nodes:
        if pool.state != "deleting":  # it is in the state at once, and clients see that; its nodes follow
            pool.move("deleting", service.clock.now())
            service.store.touch(pool)
        delete_pool_later(service, pool)
    else:
        service.cancel(("linger", pool.key))
        pool_life.delete_pool(service, pool)


def delete_pool_later(service: Service, pool: Pool) -> None:
    """The pool is being deleted, and its nodes go in a while."""

    def go() -> None:
        if service.store.pools.get(pool.key) is pool:
            pool_life.delete_pool(service, pool)

    service.timer(("linger", pool.key), LINGER, go)
