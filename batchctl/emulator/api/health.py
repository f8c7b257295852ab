"""Would it really serve? Asked without a signature by whoever starts it, in a container too; tells no secret."""

import asyncio
import sqlite3

from batchctl.emulator.life.service import Service
from batchctl.emulator.node import blobs
from batchctl.emulator.wire.messages import Answer, Call

_WITHIN = 2.0  # seconds


def tell_health(service: Service, call: Call) -> Answer:  # noqa: ARG001 - a handler takes both
    """200, or 503 with what is missing; the blob store is asked while others are served."""

    async def with_blobs() -> Answer:
        missing = [*_store_faults(service), *await asyncio.to_thread(_blob_faults, service)]
        body = {"status": "unavailable" if missing else "ok", "missing": missing}
        return Answer(503 if missing else 200, body, {"Cache-Control": "no-store"})

    return Answer(503, once=with_blobs)


def _store_faults(service: Service) -> list[str]:
    try:
        service.store.try_writing()
    except (sqlite3.Error, OSError) as error:
        return [f"the store of pools and jobs cannot be written: {error}"]
    return []


def _blob_faults(service: Service) -> list[str]:
    """Any answer is one: without a signature the blob store says 403."""
    storage = service.settings.storage
    if storage is None:
        return []
    status = blobs.status_of(f"{storage.url}?comp=list", _WITHIN)
    return (
        [] if 0 < status < 500 else [f"the blob store answers {status}" if status else "the blob store does not answer"]
    )
