"""What clients ask of a pool's automatic scaling."""

from batchctl.emulator.admission.pools import check_formula
from batchctl.emulator.api.pools import find_pool_to_change, find_pool_to_resize
from batchctl.emulator.life import auto_scale, pool_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.checks import Shape
from batchctl.emulator.wire.messages import Answer, Call, answer_changed, data_service_id
from batchctl.emulator.wire.pool_bodies import ENABLE_AUTOSCALE, EVALUATE_AUTOSCALE

PAUSE = 30.0
"""Seconds between two requests that enable automatic scaling on a pool."""


def enable_auto_scale(service: Service, call: Call) -> Answer:
    """Enables it, or changes the formula or the interval where it is on."""
    pool = find_pool_to_resize(service, call)
    asked = call.body(ENABLE_AUTOSCALE)
    if not asked or (not pool.spec["enableAutoScale"] and "autoScaleFormula" not in asked):
        raise Refusal("InvalidAutoScalingSettings", (("Reason", "a formula is wanted"),))
    check_formula(asked.get("autoScaleFormula", ""))
    if service.clock.now() < pool.autoscale_asked + PAUSE:
        raise Refusal("TooManyEnableAutoScaleRequests", headers={"Retry-After": str(int(PAUSE))})
    pool.autoscale_asked = service.clock.now()
    pool.spec = {**pool.spec, "autoScaleEvaluationInterval": "PT15M", **pool.spec, **asked, "enableAutoScale": True}
    auto_scale.watch_pool(service, pool)
    auto_scale.apply_formula(service, pool, first=True)
    return answer_changed(call, pool)


def disable_auto_scale(service: Service, call: Call) -> Answer:
    pool = find_pool_to_change(service, call)
    call.body(Shape("Empty"))
    off = {"autoScaleFormula", "autoScaleEvaluationInterval"}
    pool.spec = {name: value for name, value in pool.spec.items() if name not in off} | {"enableAutoScale": False}
    pool.autoscale_run = None  # it goes with the formula, and so does the resize that it asked for
    if pool.allocation == "resizing":
        pool_life.stop_pool_resize(service, pool)
    service.store.touch(pool)
    return answer_changed(call, pool)


def evaluate_auto_scale(service: Service, call: Call) -> Answer:
    """Says what a formula would do."""
    pool = find_pool_to_change(service, call)
    text = call.body(EVALUATE_AUTOSCALE)["autoScaleFormula"]
    if not pool.spec["enableAutoScale"]:
        raise Refusal("OperationNotValidOnPool", (("Reason", "automatic scaling is not enabled on the pool"),))
    check_formula(text)
    metadata = f"{call.base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun"
    body = {"odata.metadata": metadata, **auto_scale.evaluate_formula(service, pool, text)}
    return Answer(200, body, data_service_id(call))
