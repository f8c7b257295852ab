"""A new pool at the gate: what one of its properties says of another, and of the account."""

from typing import TYPE_CHECKING

from batchctl.emulator import allocation, autoscale
from batchctl.emulator.admission import check_packages
from batchctl.emulator.faults import Fault, bad_value
from batchctl.emulator.formula import parse
from batchctl.emulator.formula_values import FormulaError
from batchctl.emulator.records import Json, Pool

if TYPE_CHECKING:
    from batchctl.emulator.service import Service


def admit(service: "Service", pool_id: str, spec: Json) -> Pool:
    """Takes in a new pool; its nodes come at once or after `boot_seconds`."""
    existing = service.store.pools.get(pool_id.lower())
    if existing is not None:
        raise Fault("PoolBeingDeleted" if existing.state == "deleting" else "PoolExists")
    if len(service.store.pools) >= service.settings.pool_quota:
        raise Fault("PoolQuotaReached")
    _check(spec)
    pool = Pool(id=pool_id, spec=spec)
    service.store.add(pool)
    pool.allocation_time = pool.created
    if spec["enableAutoScale"]:
        autoscale.watch(service, pool)
        autoscale.apply(service, pool)
    else:
        allocation.resize(service, pool, spec["targetDedicatedNodes"], spec["targetLowPriorityNodes"])
    return pool


def _check(spec: Json) -> None:
    """What one property says of another."""
    if "virtualMachineConfiguration" not in spec:
        raise Fault("MissingRequiredProperty", (("PropertyName", "virtualMachineConfiguration"),))
    check_slots(spec["taskSlotsPerNode"], spec["vmSize"])
    check_packages(spec)
    if spec["enableAutoScale"] and "autoScaleFormula" not in spec:
        raise Fault("MissingRequiredProperty", (("PropertyName", "autoScaleFormula"),))
    if spec["enableAutoScale"]:
        check_formula(spec["autoScaleFormula"])
        spec.setdefault("autoScaleEvaluationInterval", "PT15M")
    if spec["enableAutoScale"] and (spec["targetDedicatedNodes"] or spec["targetLowPriorityNodes"]):
        raise bad_value("enableAutoScale", True, "an autoscaled pool takes no target of nodes")
    if not spec["enableAutoScale"] and ("autoScaleFormula" in spec or "autoScaleEvaluationInterval" in spec):
        raise bad_value("autoScaleFormula", spec.get("autoScaleFormula", ""), "enableAutoScale is false")


def check_slots(slots: int, vm_size: str) -> None:
    """taskSlotsPerNode goes up to four times the cores, at most 256."""
    most = min(4 * allocation.cores(vm_size), 256)
    if slots > most:
        raise bad_value("taskSlotsPerNode", slots, f"a node of the size {vm_size} has at most {most} slots")


def check_formula(text: str) -> None:
    """Raises the service's fault for a text that is no formula."""
    try:
        parse(text)
    except FormulaError as error:
        raise Fault("AutoScalingFormulaSyntaxError", (("Reason", str(error)),)) from None
