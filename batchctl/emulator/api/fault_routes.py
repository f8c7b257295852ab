"""The control surface of faults on demand, below /_local: faults are made, listed and cleared; accidents happen."""

from typing import Any

from batchctl.emulator.api import pools
from batchctl.emulator.api.nodes import find_node
from batchctl.emulator.faults import FOREVER, MOST_SCALE, QUOTAS, STEPS, Fault
from batchctl.emulator.life import accidents, node_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import MESSAGES
from batchctl.emulator.records import Json
from batchctl.emulator.refusals import REFUSALS, Refusal, bad_value
from batchctl.emulator.wire.checks import Need, Or, Props, Shape, amount, number, text, word
from batchctl.emulator.wire.messages import Answer, Call, list_entries

_MOST_SECONDS = 86400
_SECONDS = amount(_MOST_SECONDS)


def _seconds_or_forever(value: Any, path: str) -> float | str:
    """How long a step is held: a number, or until the fault is cleared."""
    if isinstance(value, str) and value.lower() == FOREVER:
        return FOREVER
    try:
        return _SECONDS(value, path)  # type: ignore[no-any-return]  # a check gives what it is given
    except Refusal:
        raise bad_value(path, value, f"seconds from 0 to {_MOST_SECONDS} are wanted, or '{FOREVER}'") from None


_WHEN: Props = {"every": Or(number(1), 1), "skip": Or(number(0), 0), "times": number(1)}
_POOL: Props = {"pool": Or(text(least=1), "*")}
_RUN: Props = {"kind": Need(text()), "exitCode": Or(number(1, 255), 1), "code": word(*MESSAGES), **_POOL, **_WHEN}
"""What a run is replaced by: it exits so, or (`code`) never begins."""
_NO_MANIFEST = "manifest for the image not found: manifest unknown"
_NO_SAMPLE = "A fault on demand keeps this formula from its variables."
SHAPES = {
    "request": Shape(
        "RequestFault",
        kind=Need(text()),
        method=Or(word("*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), "*"),
        path=Or(text(least=1), "*"),
        seconds=Or(_seconds_or_forever, 0),
        status=number(400, 599),
        code=text(least=1),
        retryAfter=number(0, _MOST_SECONDS),
        drop=word("before", "after"),
        **_WHEN,
    ),
    "delay": Shape("DelayFault", kind=Need(text()), step=Need(word(*STEPS)), seconds=Need(_seconds_or_forever)),
    "timescale": Shape("TimeScaleFault", kind=Need(text()), scale=Need(amount(MOST_SCALE))),
    "quota": Shape("QuotaFault", kind=Need(text()), quota=Need(word(*QUOTAS)), most=Need(number(0))),
    "starttask": Shape("StartTaskFault", **_RUN),
    "preparation": Shape("PreparationFault", **_RUN),
    "imagepull": Shape("ImagePullFault", kind=Need(text()), message=Or(text(), _NO_MANIFEST), **_POOL, **_WHEN),
    "autoscale": Shape("AutoScaleFault", kind=Need(text()), message=Or(text(), _NO_SAMPLE), **_POOL, **_WHEN),
    "allocation": Shape(
        "AllocationFault", kind=Need(text()), code=Or(text(least=1), "AllocationFailed"), **_POOL, **_WHEN
    ),
}
"""Each kind of fault and the body that asks for it."""
ACCIDENT = Shape(
    "NodeAccident",
    accident=Need(word(*accidents.STATES)),
    mendedAfter=Or(_SECONDS, 0),
    code=Or(text(least=1), "DiskFull"),
    message=Or(text(), "A fault on demand made this node unusable."),
)
_BY_STATUS = {429: "TooManyRequests", 403: "AuthenticationFailed", 503: "ServerBusy", 412: "ConditionNotMet"}


class AskedRefusal(Refusal):
    """The refusal that a fault asks for: its status and code, which need not be ones that the service knows."""

    def __init__(self, fault: Fault) -> None:
        status, code = fault.asked["status"], fault.asked["code"]
        super().__init__(code if code in REFUSALS else "InternalError")
        self.status, self.code = status, code
        if "retryAfter" in fault.asked:
            self.headers = {"Retry-After": str(fault.asked["retryAfter"])}


def create_fault(service: Service, call: Call) -> Answer:
    """A fault comes into force; the answer is the fault with its id."""
    asked = call.json()
    kind = str(asked.get("kind", "")).lower() if isinstance(asked, dict) else ""
    if kind not in SHAPES:
        raise bad_value("kind", kind, f"one of {', '.join(SHAPES)} is wanted")
    checked = {**SHAPES[kind](asked), "kind": kind}
    fault = service.faults.add(_with_status_and_code(checked) if kind == "request" else checked)
    node_life.look_again(service)
    return Answer(201, fault.wire())


def list_faults(service: Service, call: Call) -> Answer:
    return list_entries(call, "faults", [fault.wire() for fault in service.faults.in_force], frozenset({"kind"}))


def clear_faults(service: Service, call: Call) -> Answer:  # noqa: ARG001 - a handler takes both
    """All faults."""
    service.faults.clear()
    node_life.look_again(service)
    return Answer(204)


def clear_fault(service: Service, call: Call) -> Answer:
    found = [fault for fault in service.faults.in_force if str(fault.id) == call.params["fault"]]
    if not found:
        raise Refusal("InvalidUri", (("Reason", "there is no fault of this id"),))
    service.faults.clear(found[0])
    node_life.look_again(service)
    return Answer(204)


def cause_accident(service: Service, call: Call) -> Answer:
    """Something happens to a node now."""
    pool, node, asked = pools.find_pool(service, call), find_node(service, call), call.body(ACCIDENT)
    error: Json = {"code": asked["code"], "message": asked["message"]}
    accidents.cause_accident(service, pool, node, asked["accident"], error, float(asked["mendedAfter"]))
    return Answer(202)


def _with_status_and_code(asked: Json) -> Json:
    """Status and code of a request's fault: each follows from the other where only one is given."""
    if not (asked["seconds"] or "drop" in asked or "status" in asked or "code" in asked):
        raise bad_value("kind", "request", "one of seconds, status, code and drop is wanted")
    if "code" in asked and "status" not in asked:
        if asked["code"] not in REFUSALS:
            raise bad_value("code", asked["code"], "not a code of the service: say its status too")
        return {**asked, "status": REFUSALS[asked["code"]][0]}
    if "status" in asked and "code" not in asked:
        return {**asked, "code": _BY_STATUS.get(asked["status"], "InternalError")}
    return asked
