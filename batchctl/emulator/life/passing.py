"""Time that goes by at once: the service's clock is set ahead, and what falls due on the way happens in its order.

Processes run in real time. Those that have just begun, and those that are being ended, are waited for before the next
thing is due, so that what comes of them does not come late; what takes longer is overtaken.
"""

import time

from batchctl.emulator.life.service import Service

PATIENCE = 120.0
"""Seconds for which an advance waits for processes in all."""


async def advance_clock(service: Service, seconds: float) -> None:
    """Lets so much time go by. Of two at once the second waits for the first."""
    left = PATIENCE

    async def settled(within: float) -> None:
        nonlocal left
        begun = time.monotonic()
        await service.come_to_rest(begun + min(within, left))
        left = max(0.0, left - (time.monotonic() - begun))
        service.keep_time()

    async with service.advancing:
        await service.clock.advance(seconds, settled)
        service.keep_time()
        service.flush()
