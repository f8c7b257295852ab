"""What clients ask of nodes."""

from batchctl.emulator.api.pools import find_pool
from batchctl.emulator.life import accidents, node_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import NODE_MOVES, Node
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.checks import Shape
from batchctl.emulator.wire.messages import Answer, Call, data_service_id, list_records, show_record
from batchctl.emulator.wire.pool_bodies import DEALLOCATE, DISABLE_SCHEDULING, REBOOT, REIMAGE
from batchctl.emulator.wire.views import node_view

_BEING = {"rebooting": "NodeBeingRebooted", "reimaging": "NodeBeingReimaged", "unusable": "NodeStateUnusable"}
_UP = ("idle", "running", "offline", "starttaskfailed")
_DOWN = {state: _BEING.get(state, "OperationInvalidForCurrentState") for state in NODE_MOVES if state not in _UP}
REFUSED: dict[str, dict[str, str]] = {
    "reboot": _DOWN,
    "reimage": _DOWN,
    "deallocate": _DOWN,
    "start": {state: "OperationInvalidForCurrentState" for state in NODE_MOVES if state != "deallocated"},
}
"""Verb, state of the node, and the code with which it is refused; what is not here is allowed."""


def find_node(service: Service, call: Call) -> Node:
    """The node that the path names."""
    node = find_pool(service, call).nodes.get(call.params["node"].lower())
    if node is None:
        raise Refusal("NodeNotFound")
    return node


def get_node(service: Service, call: Call) -> Answer:
    pool, node = find_pool(service, call), find_node(service, call)
    node_life.tell_state(service, pool, [node])
    return Answer(200, show_record(call, node_view(pool, service.store.jobs, call.version), node).body)


def list_nodes(service: Service, call: Call) -> Answer:
    pool = find_pool(service, call)
    node_life.tell_state(service, pool, pool.nodes.values())
    return list_records(call, node_view(pool, service.store.jobs, call.version), pool.nodes.values())


def find_node_for(service: Service, call: Call, verb: str) -> Node:
    """The node, refused in states that do not know the verb, the one that it is about to go to included."""
    node = find_node(service, call)
    for state in (node.state, node.after):
        if state and (code := REFUSED[verb].get(state)):
            raise Refusal(code, (("NodeState", state),))
    return node


def reboot_node(service: Service, call: Call) -> Answer:
    return _boot_again(service, call, "reboot", "rebooting", REBOOT, "nodeRebootOption")


def reimage_node(service: Service, call: Call) -> Answer:
    return _boot_again(service, call, "reimage", "reimaging", REIMAGE, "nodeReimageOption")


def deallocate_node(service: Service, call: Call) -> Answer:
    return _boot_again(service, call, "deallocate", "deallocating", DEALLOCATE, "nodeDeallocateOption")


def start_node(service: Service, call: Call) -> Answer:
    node = find_node_for(service, call, "start")
    node_life.start_node(service, find_pool(service, call), node)
    return _node_answer(call, 202)


def _boot_again(service: Service, call: Call, verb: str, state: str, shape: Shape, option: str) -> Answer:
    node = find_node_for(service, call, verb)
    node_life.boot_again(service, node, state, call.body(shape)[option])
    return _node_answer(call, 202)


def disable_scheduling(service: Service, call: Call) -> Answer:
    option = call.body(DISABLE_SCHEDULING)["nodeDisableSchedulingOption"]
    node = _set_scheduling(service, call, "disabled")
    node_life.interrupt_as_asked(service, node, option)
    return _node_answer(call, 200)


def enable_scheduling(service: Service, call: Call) -> Answer:
    _set_scheduling(service, call, "enabled")
    return _node_answer(call, 200)


def _set_scheduling(service: Service, call: Call, state: str) -> Node:
    node = find_node(service, call)
    if node.scheduling == state:
        raise Refusal("NodeAlreadyInTargetSchedulingState")
    accidents.hold_node(service, find_pool(service, call), node, state)
    return node


def _node_answer(call: Call, status: int) -> Answer:
    return Answer(status, None, data_service_id(call))
