"""What clients ask of pools."""

from batchctl.emulator import allocation
from batchctl.emulator.faults import Fault, bad_value
from batchctl.emulator.pool_shapes import POOL, POOL_PATCH, POOL_PROPERTIES, REMOVE_NODES, RESIZE
from batchctl.emulator.records import Json, Pool
from batchctl.emulator.service import Service
from batchctl.emulator.shape import words
from batchctl.emulator.views import POOL as VIEW
from batchctl.emulator.views import pool_url
from batchctl.emulator.wire import Answer, Call, changed, check_conditions, entity_headers, listing, made, one

WHEN_EMPTY = words(
    "displayName vmSize taskSlotsPerNode taskSchedulingPolicy enableInterNodeCommunication "
    "virtualMachineConfiguration networkConfiguration userAccounts mountConfiguration upgradePolicy"
)
"""What the REST page "Pool - Patch Pool" lets change only while the pool is empty."""


def find(service: Service, call: Call) -> Pool:
    """The pool that the path names."""
    pool = service.store.pools.get(call.params["pool"].lower())
    if pool is None:
        raise Fault("PoolNotFound")
    return pool


def find_to_change(service: Service, call: Call) -> Pool:
    """The same, refused while it is being deleted or when the caller's condition does not hold."""
    pool = find(service, call)
    check_conditions(call, pool)
    if pool.state == "deleting":
        raise Fault("PoolBeingDeleted")
    return pool


def find_to_resize(service: Service, call: Call) -> Pool:
    """The same, refused while it is being resized."""
    pool = find_to_change(service, call)
    if pool.allocation != "steady":
        raise Fault("PoolBeingResized")
    return pool


def create(service: Service, call: Call) -> Answer:
    spec = call.body(POOL)
    pool = make(service, spec.pop("id"), spec)
    return made(pool_url(pool.id, call.base), pool)


def make(service: Service, pool_id: str, spec: Json) -> Pool:
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
    allocation.resize(service, pool, spec["targetDedicatedNodes"], spec["targetLowPriorityNodes"])
    return pool


def _check(spec: Json) -> None:
    """What one property says of another."""
    if "virtualMachineConfiguration" not in spec:
        raise Fault("MissingRequiredProperty", (("PropertyName", "virtualMachineConfiguration"),))
    check_slots(spec["taskSlotsPerNode"], spec["vmSize"])
    check_packages(spec)
    if spec["enableAutoScale"] and (spec["targetDedicatedNodes"] or spec["targetLowPriorityNodes"]):
        raise bad_value("enableAutoScale", True, "an autoscaled pool takes no target of nodes")
    if not spec["enableAutoScale"] and ("autoScaleFormula" in spec or "autoScaleEvaluationInterval" in spec):
        raise bad_value("autoScaleFormula", spec.get("autoScaleFormula", ""), "enableAutoScale is false")


def check_slots(slots: int, vm_size: str) -> None:
    """taskSlotsPerNode goes up to four times the cores, at most 256."""
    most = min(4 * allocation.cores(vm_size), 256)
    if slots > most:
        raise bad_value("taskSlotsPerNode", slots, f"a node of the size {vm_size} has at most {most} slots")


def check_packages(spec: Json) -> None:
    """The account has no applications, so that no reference to one can be satisfied."""
    if spec.get("applicationPackageReferences"):
        names = ", ".join(one["applicationId"] for one in spec["applicationPackageReferences"])
        raise Fault("InvalidApplicationPackageReferences", (("ApplicationPackageReferences", names),))


def get(service: Service, call: Call) -> Answer:
    return one(call, VIEW, find(service, call))


def list_all(service: Service, call: Call) -> Answer:
    return listing(call, VIEW, service.store.pools.values())


def exists(service: Service, call: Call) -> Answer:
    pool = find(service, call)
    check_conditions(call, pool)
    return Answer(200, None, entity_headers(pool))


def patch(service: Service, call: Call) -> Answer:
    pool = find_to_change(service, call)
    change = call.body(POOL_PATCH)
    early = [name for name in change if name in WHEN_EMPTY]
    if early and (pool.nodes or pool.allocation != "steady"):
        raise Fault("OperationNotValidOnPool", (("Reason", f"{', '.join(early)}: only while the pool is empty"),))
    check_packages(change)
    check_slots(change.get("taskSlotsPerNode", 1), str(change.get("vmSize") or pool.spec["vmSize"]))
    return _changed(service, call, pool, {**pool.spec, **change})


def replace_properties(service: Service, call: Call) -> Answer:
    pool = find_to_change(service, call)
    change = call.body(POOL_PROPERTIES)
    check_packages(change)
    kept = {name: value for name, value in pool.spec.items() if name != "startTask"}
    answer = _changed(service, call, pool, {**kept, **change})
    return Answer(204, None, answer.headers)


def _changed(service: Service, call: Call, pool: Pool, spec: Json) -> Answer:
    pool.spec = spec
    service.store.touch(pool)
    service.wake(pool)
    return changed(call, pool)


def delete(service: Service, call: Call) -> Answer:
    allocation.delete(service, find_to_change(service, call))
    return Answer(202)


def resize(service: Service, call: Call) -> Answer:
    pool = find_to_resize(service, call)
    asked = call.body(RESIZE)
    if pool.spec["enableAutoScale"]:
        raise Fault("OperationNotValidOnPool", (("Reason", "automatic scaling is enabled on the pool"),))
    targets = {**pool.spec, **asked}
    dedicated, spot = targets["targetDedicatedNodes"], targets["targetLowPriorityNodes"]
    pool.spec["resizeTimeout"] = asked["resizeTimeout"]
    allocation.resize(service, pool, dedicated, spot, asked["nodeDeallocationOption"])
    return changed(call, pool, 202)


def stop_resize(service: Service, call: Call) -> Answer:
    pool = find_to_change(service, call)
    if pool.allocation != "resizing":
        raise Fault("OperationInvalidForCurrentState", (("Reason", "the pool is not being resized"),))
    allocation.stop_resize(service, pool)
    return changed(call, pool, 202)


def remove_nodes(service: Service, call: Call) -> Answer:
    pool = find_to_resize(service, call)
    asked = call.body(REMOVE_NODES)
    nodes = [pool.nodes.get(name.lower()) for name in asked["nodeList"]]
    chosen = [node for node in nodes if node is not None]
    if len(chosen) < len(nodes):
        raise Fault("NodeNotFound")
    allocation.remove(service, pool, chosen, asked["nodeDeallocationOption"])
    return changed(call, pool, 202)
