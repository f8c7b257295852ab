"""What clients ask of pools."""

from batchctl.emulator.admission import pools
from batchctl.emulator.admission.tasks import check_packages
from batchctl.emulator.life import intake, pool_life, scheduler
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Json, Pool
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.checks import words
from batchctl.emulator.wire.messages import (
    Answer,
    Call,
    answer_changed,
    answer_made,
    check_conditions,
    entity_headers,
    list_by_id,
    show_record,
)
from batchctl.emulator.wire.pool_bodies import POOL, POOL_PATCH, POOL_PROPERTIES, REMOVE_NODES, RESIZE
from batchctl.emulator.wire.versions import JUNE_2025
from batchctl.emulator.wire.views import POOL as VIEW
from batchctl.emulator.wire.views import pool_url
from batchctl.emulator.wire.vm_sizes import MIX

WHEN_EMPTY = words(
    "displayName vmSize vmSkuProfile taskSlotsPerNode taskSchedulingPolicy enableInterNodeCommunication "
    "virtualMachineConfiguration networkConfiguration userAccounts mountConfiguration upgradePolicy "
    "identity"
)
"""What the REST page "Pool - Patch Pool" lets change only while the pool is empty; an identity comes with new nodes."""
_OF_MACHINES = frozenset({"virtualMachineConfiguration", "networkConfiguration", "vmSize", "vmSkuProfile"})


def find_pool(service: Service, call: Call) -> Pool:
    """The pool that the path names."""
    pool = service.store.pools.get(call.params["pool"].lower())
    if pool is None:
        raise Refusal("PoolNotFound")
    return pool


def find_pool_to_change(service: Service, call: Call) -> Pool:
    """The same, refused while it is being deleted or when the caller's condition does not hold."""
    pool = find_pool(service, call)
    check_conditions(call, pool)
    if pool.state == "deleting":
        raise Refusal("PoolBeingDeleted")
    return pool


def find_pool_to_resize(service: Service, call: Call) -> Pool:
    """The same, refused while it is being resized."""
    pool = find_pool_to_change(service, call)
    if pool.allocation != "steady":
        raise Refusal("PoolBeingResized")
    return pool


def create_pool(service: Service, call: Call) -> Answer:
    spec = call.body(POOL)
    pool = intake.add_pool(service, spec.pop("id"), spec, call.version)
    return answer_made(pool_url(pool.id, call.base), pool)


def get_pool(service: Service, call: Call) -> Answer:
    return show_record(call, VIEW, find_pool(service, call))


def list_pools(service: Service, call: Call) -> Answer:
    return list_by_id(call, VIEW, service.store.pools.values())


def pool_exists(service: Service, call: Call) -> Answer:
    pool = find_pool(service, call)
    check_conditions(call, pool)
    pool_life.tell_existence(service, pool)
    return Answer(200, None, entity_headers(pool))


def patch_pool(service: Service, call: Call) -> Answer:
    pool = find_pool_to_change(service, call)
    change = pools.with_identity_ids(call.body(POOL_PATCH))
    early = [name for name in change if name in WHEN_EMPTY]
    if early and (pool.nodes or pool.allocation != "steady"):
        raise Refusal("OperationNotValidOnPool", (("Reason", f"{', '.join(early)}: only while the pool is empty"),))
    check_packages(change)
    pools.check_certificates(change)
    spec = _patched_spec(pool.spec, change)
    if change.keys() & _OF_MACHINES:
        pools.check_machine(spec, call.version)
    pools.check_slots(change.get("taskSlotsPerNode", 1), spec)
    return _set_spec(service, call, pool, spec)


def _patched_spec(held: Json, change: Json) -> Json:
    """What is held with the change over it; zones that a new machine does not name stay (REST: 2026-10-01), and a size
    takes the place of a mix."""
    spec = {**held, **change}
    kept = held.get("virtualMachineConfiguration", {})
    if machine := change.get("virtualMachineConfiguration"):
        zones = {name: kept[name] for name in ("placement", "resiliencyPolicy") if name in kept}
        spec["virtualMachineConfiguration"] = {**zones, **machine}
    if change.get("vmSize", MIX) != MIX and "vmSkuProfile" not in change:
        spec.pop("vmSkuProfile", None)
    return spec


def replace_pool_properties(service: Service, call: Call) -> Answer:
    pool = find_pool_to_change(service, call)
    change = call.body(POOL_PROPERTIES)
    check_packages(change)
    pools.check_certificates(change)
    kept = {name: value for name, value in pool.spec.items() if name != "startTask"}
    if call.version < JUNE_2025:  # Azure/azure-cli, test_batch_pool_cmd.yaml, 2024-04-18: the default is told, once set
        kept |= {"targetNodeCommunicationMode": "default"}
    answer = _set_spec(service, call, pool, {**kept, **change})
    return Answer(204, None, answer.headers)


def _set_spec(service: Service, call: Call, pool: Pool, spec: Json) -> Answer:
    pool.spec = spec
    service.store.touch(pool)
    scheduler.look_again(service, pool.key)
    return answer_changed(call, pool)


def delete_pool(service: Service, call: Call) -> Answer:
    pool_life.delete_pool(service, find_pool_to_change(service, call))
    return Answer(202)


def resize_pool(service: Service, call: Call) -> Answer:
    asked = call.body(RESIZE)
    if asked.keys().isdisjoint(("targetDedicatedNodes", "targetLowPriorityNodes")):  # before the pool is looked for
        name = "targetDedicatedNodes and/or targetLowPriorityNodes"
        raise Refusal("MissingRequiredProperty", (("PropertyName", name),))
    pool = find_pool_to_resize(service, call)
    if pool.spec["enableAutoScale"]:
        raise Refusal("OperationNotValidOnPool", (("Reason", "automatic scaling is enabled on the pool"),))
    targets = {**pool.spec, **asked}
    dedicated, spot = targets["targetDedicatedNodes"], targets["targetLowPriorityNodes"]
    pools.check_kinds(pool.spec, dedicated, spot)
    pool.spec["resizeTimeout"] = asked["resizeTimeout"]
    pool_life.resize_pool(service, pool, dedicated, spot, asked["nodeDeallocationOption"])
    return answer_changed(call, pool, 202)


def stop_pool_resize(service: Service, call: Call) -> Answer:
    """Where nodes come at once, a resize has ended before its stop can arrive: there is nothing to stop then."""
    pool = find_pool_to_change(service, call)
    if pool.allocation == "steady" and not service.faults.seconds("resizing"):
        return answer_changed(call, pool, 202)
    if pool.allocation != "resizing":
        raise Refusal("OperationInvalidForCurrentState", (("Reason", "the pool is not being resized"),))
    pool_life.stop_pool_resize(service, pool)
    return answer_changed(call, pool, 202)


def remove_pool_nodes(service: Service, call: Call) -> Answer:
    pool = find_pool_to_resize(service, call)
    asked = call.body(REMOVE_NODES)
    names = dict.fromkeys(name.lower() for name in asked["nodeList"])  # one that is named twice leaves once
    if names.keys() - pool.nodes.keys():
        raise Refusal("NodeNotFound")
    chosen = [pool.nodes[name] for name in names]
    pool_life.remove_nodes(service, pool, chosen, asked["nodeDeallocationOption"])
    return answer_changed(call, pool, 202)
