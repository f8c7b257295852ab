"""What versions before 2025-06-01 know besides: statistics of a lifetime, and what only cloud services could do."""

from batchctl.emulator.api import nodes, pools
from batchctl.emulator.life.service import Service
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire import statistics
from batchctl.emulator.wire.messages import Answer, Call
from batchctl.emulator.wire.versions import JUNE_2025


def job_statistics(service: Service, call: Call) -> Answer:
    return _statistics_answer(
        call, "JobStatistics", statistics.jobs_statistics(service.store.jobs.values(), None, call.base + call.path)
    )


def pool_statistics(service: Service, call: Call) -> Answer:
    return _statistics_answer(
        call, "PoolStatistics", statistics.pools_statistics(service.store.pools.values(), None, call.base + call.path)
    )


def remote_desktop(service: Service, call: Call) -> Answer:
    """Only nodes of cloud services had such a file."""
    _check_version(call)
    nodes.find_node(service, call)
    raise Refusal("OperationNotValidOnNode")


def upgrade_os(service: Service, call: Call) -> Answer:
    """Only pools of cloud services had an OS version to choose."""
    _check_version(call)
    pools.find_pool(service, call)
    raise Refusal("OperationNotValidOnPool")


def _statistics_answer(call: Call, kind: str, body: dict[str, object]) -> Answer:
    _check_version(call)
    metadata = f"{call.base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.{kind}"
    return Answer(200, {"odata.metadata": metadata, **body})


def _check_version(call: Call) -> None:
    if call.version >= JUNE_2025:
        raise Refusal("InvalidUri", (("Path", call.path), ("Reason", f"not in {call.version}")))
