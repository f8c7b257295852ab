"""What programs and notebooks call: load, plan, apply, status, destroy; and how a spec finds its account.

`batchctl.load` and the others are these. What stands in `batchctl.__all__` is public and kept by semantic versioning;
everything else may change with any release.
"""

from batchctl.errors import BatchctlError
from batchctl.library.doing import Outcome, apply, destroy
from batchctl.library.planning import Plan, plan
from batchctl.library.seeing import JobStatus, PoolStatus, RunStatus, status
from batchctl.library.telling import Event
from batchctl.library.workload import Workload, load

__all__ = [
    "BatchctlError",
    "Event",
    "JobStatus",
    "Outcome",
    "Plan",
    "PoolStatus",
    "RunStatus",
    "Workload",
    "apply",
    "destroy",
    "load",
    "plan",
    "status",
]
