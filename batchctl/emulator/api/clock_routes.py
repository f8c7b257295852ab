"""The control surface of time, below /_local: how far the service's clock is ahead, and how long steps take."""

from batchctl.emulator import times
from batchctl.emulator.faults import MOST_SCALE
from batchctl.emulator.life import node_life, passing
from batchctl.emulator.life.service import Service
from batchctl.emulator.refusals import bad_body
from batchctl.emulator.wire.checks import Shape, amount, span
from batchctl.emulator.wire.messages import Answer, Call

LONGEST_ADVANCE = "P366D"
CLOCK = Shape("ServiceClock", advance=span(most=LONGEST_ADVANCE), timeScale=amount(MOST_SCALE))


def read_clock(service: Service, call: Call) -> Answer:  # noqa: ARG001 - a handler takes both
    body = {
        "now": times.stamp(service.clock.now()),
        "aheadSeconds": service.clock.ahead,
        "timeScale": service.faults.scale_now(),
    }
    return Answer(200, body)


def set_clock(service: Service, call: Call) -> Answer:
    """Time goes by, or goes on at another scale; the answer is the clock as it is then."""
    asked = call.body(CLOCK)
    if not asked:
        raise bad_body("One of advance and timeScale is wanted.")
    if "timeScale" in asked:
        service.faults.set_scale(asked["timeScale"])
        node_life.look_again(service)

    async def advanced() -> Answer:
        await passing.advance_clock(service, times.duration(asked["advance"]))
        return read_clock(service, call)

    return Answer(once=advanced) if "advance" in asked else read_clock(service, call)
