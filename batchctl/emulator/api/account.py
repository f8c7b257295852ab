# ruff: noqa: ARG001 - every handler takes the service and the call
"""What clients ask of the account as a whole: images, counts of nodes, applications, usage; our own status, a reset."""

import os
import time
from collections import Counter
from collections.abc import Iterable

from batchctl.emulator.admission.images import IMAGES
from batchctl.emulator.admission.seeds import SEED, Account, refused_of_seed
from batchctl.emulator.life import node_life
from batchctl.emulator.life.intake import job_quota
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import NODE_MOVES, Json, Node, Pool
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.messages import Answer, Call, Part, list_entries
from batchctl.emulator.wire.versions import OCTOBER_2026, known_by

_NAMES = {
    "starttaskfailed": "startTaskFailed",
    "leavingpool": "leavingPool",
    "waitingforstarttask": "waitingForStartTask",
}
_COUNTED = {state: _NAMES.get(state, state) for state in NODE_MOVES} | {"upgradingos": "upgradingOS"}
IMAGE_FILTERS = frozenset({"osType", "verificationType", "nodeAgentSKUId"})
COUNT_FILTERS = frozenset({"poolId"})
USAGE_FILTERS = frozenset({"poolId", "startTime", "endTime"})


def list_supported_images(service: Service, call: Call) -> Answer:
    return list_entries(call, "supportedimages", list(IMAGES), IMAGE_FILTERS)


def count_nodes(service: Service, call: Call) -> Answer:
    pools = sorted(service.store.pools.values(), key=lambda pool: pool.key)
    counts = [_pool_counts(pool, call.version) for pool in pools]
    for pool in pools:
        node_life.tell_state(service, pool, pool.nodes.values())
    return list_entries(call, "poolnodecounts", counts, COUNT_FILTERS)


def list_applications(service: Service, call: Call) -> Answer:
    """A local account has none."""
    return list_entries(call, "listapplicationsummariesresponses", [], frozenset())


def get_application(service: Service, call: Call) -> Answer:
    raise Refusal("ApplicationNotFound")


def list_usage_metrics(service: Service, call: Call) -> Answer:
    """Local hours cost nothing and are not counted. 2026-10-01 has no such list any more."""
    if call.version >= OCTOBER_2026:
        raise Refusal("InvalidUri", (("Path", call.path), ("Reason", f"not in {call.version}")))
    return list_entries(call, "poolusagemetrics", [], USAGE_FILTERS)


def service_status(service: Service, call: Call) -> Answer:
    """For whoever started the service: is it still of use to anybody?"""
    tasks = [task.state for job in service.store.jobs.values() for task in job.tasks.values()]
    states = Counter(tasks)
    body = {
        "idleSeconds": 0.0 if service.runs else time.monotonic() - service.active,
        "runningTasks": states["running"] + states["preparing"],
        "activeTasks": states["active"],
        "pools": len(service.store.pools),
        "aheadSeconds": service.clock.ahead,
        "timeScale": service.faults.scale_now(),
        "faults": len(service.faults.in_force),
        "pid": os.getpid(),
    }
    return Answer(200, body)


def reset_account(service: Service, call: Call) -> Answer:
    """Empty at once; the answer comes when no process is left of what ran."""
    service.empty()
    return Answer(204, once=service.runs_ended)


def check_seed(service: Service, call: Call) -> Answer:
    """What would be refused of pools, jobs and tasks, with its place; nothing is taken in."""
    asked, store = call.body(SEED), service.store
    most = service.faults.quota("pools", service.settings.pool_quota)
    account = Account(dict(store.pools), dict(store.jobs), store.schedules, most, job_quota(service))
    found = refused_of_seed(account, asked, call.version)
    return Answer(200, {"value": [{"at": at, **refusal.brief()} for at, refusal in found]})


def show_authority(service: Service, call: Call) -> Answer:
    """The certificate of the authority that https here is signed by, as PEM: whom a client trusts."""
    certificates = service.settings.certificates
    if certificates is None:
        raise Refusal("FileNotFound")
    whole = Part(certificates.authority, 0, certificates.authority.stat().st_size)
    headers = {"Content-Type": "application/x-pem-file", "Content-Length": str(whole.length)}
    return Answer(200, None, headers, whole)


def _pool_counts(pool: Pool, version: str) -> Json:
    nodes = pool.nodes.values()
    dedicated = _state_counts(node for node in nodes if node.dedicated)
    spot = _state_counts(node for node in nodes if not node.dedicated)
    return {"poolId": pool.id, "dedicated": known_by(dedicated, version), "lowPriority": known_by(spot, version)}


def _state_counts(nodes: Iterable[Node]) -> Json:
    states = Counter(node.state for node in nodes)
    return {name: states[state] for state, name in _COUNTED.items()} | {"total": states.total()}
