"""What clients ask of nodes."""

from pathlib import Path

from batchctl.emulator.api.pools import find as find_pool
from batchctl.emulator.life import node_life, run_orders, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import NODE_MOVES, Node
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.checks import Shape
from batchctl.emulator.wire.messages import Answer, Call, listing, one
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


def find(service: Service, call: Call) -> Node:
    """The node that the path names."""
    node = find_pool(service, call).nodes.get(call.params["node"].lower())
    if node is None:
        raise Refusal("NodeNotFound")
    return node


def get(service: Service, call: Call) -> Answer:
    view = node_view(find_pool(service, call), service.store.jobs)
    return Answer(200, one(call, view, find(service, call)).body)


def list_all(service: Service, call: Call) -> Answer:
    pool = find_pool(service, call)
    return listing(call, node_view(pool, service.store.jobs), pool.nodes.values())


def find_for(service: Service, call: Call, verb: str) -> Node:
    """The node, refused in states that do not know the verb, the one that it is about to go to included."""
    node = find(service, call)
    for state in (node.state, node.after):
        if state and (code := REFUSED[verb].get(state)):
            raise Refusal(code, (("NodeState", state),))
    return node


def reboot(service: Service, call: Call) -> Answer:
    return _boot_again(service, call, "reboot", "rebooting", REBOOT, "nodeRebootOption")


def reimage(service: Service, call: Call) -> Answer:
    return _boot_again(service, call, "reimage", "reimaging", REIMAGE, "nodeReimageOption")


def deallocate(service: Service, call: Call) -> Answer:
    return _boot_again(service, call, "deallocate", "deallocating", DEALLOCATE, "nodeDeallocateOption")


def start(service: Service, call: Call) -> Answer:
    node = find_for(service, call, "start")
    node_life.start(service, find_pool(service, call), node)
    return _done(call, 202)


def _boot_again(service: Service, call: Call, verb: str, state: str, shape: Shape, option: str) -> Answer:
    node = find_for(service, call, verb)
    node_life.again(service, node, state, call.body(shape)[option])
    return _done(call, 202)


def disable_scheduling(service: Service, call: Call) -> Answer:
    option = call.body(DISABLE_SCHEDULING)["nodeDisableSchedulingOption"]
    node = _schedule(service, call, "disabled")
    if option in ("requeue", "terminate"):
        task_life.interrupt_all(service, node, KillReason(option))
    return _done(call, 200)


def enable_scheduling(service: Service, call: Call) -> Answer:
    _schedule(service, call, "enabled")
    return _done(call, 200)


def _schedule(service: Service, call: Call, state: str) -> Node:
    node = find(service, call)
    if node.scheduling == state:
        raise Refusal("NodeAlreadyInTargetSchedulingState")
    node.scheduling = state
    if node.state in ("idle", "offline") and node.state != node.at_rest:
        node.move(node.at_rest, service.clock.now())
    service.store.keep(node)
    service.wake(find_pool(service, call))
    return node


def _done(call: Call, status: int) -> Answer:
    return Answer(status, None, {"DataServiceId": f"{call.base}{call.path}"})


def root(service: Service, node: Node) -> Path:
    """The node's directory."""
    return run_orders.node_root(service.settings, node)
