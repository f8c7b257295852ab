"""What happens to a node without its pool's asking: it breaks, is preempted, lost, upgraded, held, put away, mended."""

from batchctl.emulator.life import node_life, preparation, task_life
from batchctl.emulator.life.service import Service
from batchctl.emulator.node.outcome import KillReason
from batchctl.emulator.records import NODE_MOVES, Json, Node, Pool
from batchctl.emulator.refusals import Refusal

STATES = {
    **{"break": "unusable", "preempt": "preempted", "lose": "unknown", "upgrade": "upgradingos", "mend": ""},
    **{"hold": "offline", "deallocate": "deallocating"},
}
"""Each accident and the state that it leads to; mending goes on from where the node is."""
_MENDED = ("unusable", "preempted", "unknown", "offline", "deallocated")


def cause_accident(service: Service, pool: Pool, node: Node, accident: str, error: Json, mended_after: float) -> None:
    """The accident, and its end after so many seconds (0: only by `mend`). Raises Refusal where it cannot happen."""
    _check_possible(node, accident)
    if accident == "mend":
        mend_node(service, pool, node)
    elif accident in ("upgrade", "deallocate"):
        node_life.boot_again(service, node, STATES[accident], "requeue")
    elif accident == "hold":
        hold_node(service, pool, node, "disabled")
    elif accident == "lose":
        node_life.move_node(service, pool, node, "unknown")
    else:
        _strike_node(service, pool, node, STATES[accident], [error] if accident == "break" else [])
    node.mended_at = service.clock.now() + mended_after if mended_after else None
    service.store.keep(node)
    await_mending(service, pool, node)


def await_mending(service: Service, pool: Pool, node: Node) -> None:
    """Mends the node when its time comes, if it has one."""
    service.cancel((node, "mend"))
    if node.mended_at is not None:
        left = node.mended_at - service.clock.now()
        service.timer((node, "mend"), left, lambda: _mend_if_broken(service, pool, node))


def hold_node(service: Service, pool: Pool, node: Node, scheduling: str) -> None:
    """Tasks are kept away from it (`disabled`), or come again (`enabled`); what runs goes on."""
    node.scheduling = scheduling
    if node.state in ("idle", "offline") and node.state != node.at_rest:
        node.move(node.at_rest, service.clock.now())
    service.store.keep(node)
    service.wake(pool)


def mend_node(service: Service, pool: Pool, node: Node) -> None:
    """The platform reboots what was unusable, finds what was lost, and has room again for what was preempted."""
    node.errors = []
    if node.state == "offline":
        hold_node(service, pool, node, "enabled")
    elif node.state == "unknown":
        node_life.move_node(service, pool, node, "running" if node.busy else node.at_rest)
    elif node.state in ("preempted", "deallocated"):
        node_life.start_node(service, pool, node)
    else:
        node_life.move_node(service, pool, node, "rebooting")
        preparation.forget_preparations(service, node, reimaged=False)
        node_life.begin_step(service, pool, node)


def _check_possible(node: Node, accident: str) -> None:
    if accident == "preempt" and node.dedicated:
        raise Refusal("OperationNotValidOnNode", (("Reason", "only spot nodes are preempted"),))
    possible = node.state in _MENDED if accident == "mend" else STATES[accident] in NODE_MOVES[node.state]
    if not possible or node.after:
        raise Refusal("OperationInvalidForCurrentState", (("NodeState", node.after or node.state),))


def _strike_node(service: Service, pool: Pool, node: Node, state: str, errors: list[Json]) -> None:
    """All that runs on the node ends, its tasks go back to the queue; a preempted node's disk is gone."""
    node.errors = errors
    node_life.move_node(service, pool, node, state)
    task_life.interrupt_tasks_on(service, node, KillReason.REQUEUE)
    for run in service.runs_of(node):
        run.kill(KillReason.REQUEUE)
    if state == "preempted":
        preparation.forget_preparations(service, node, reimaged=True)
        node_life.discard_disk(service, node)


def _mend_if_broken(service: Service, pool: Pool, node: Node) -> None:
    """Somebody may have mended, rebooted or removed it meanwhile."""
    node.mended_at = None
    if pool.nodes.get(node.key) is node and node.state in _MENDED and not node.after:
        mend_node(service, pool, node)
