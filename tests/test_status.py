"""One screen about a run: what it tells people to do."""

from datetime import UTC, datetime

import pytest

from batchctl.cloud_answers import Counts
from batchctl.render.status import status_lines
from batchctl.sights import JobSight, PoolSight, Status

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POOL = PoolSight(id="p", state="active", allocation="steady", vm_size="Standard_D2s_v5", nodes=(("idle", 2),))
KEEPS = "       2 nodes keep costing, and nothing is to run: `batchctl destroy s.yaml --only pool.p`"


def lines(state: str, counts: Counts) -> list[str]:
    job = JobSight(id="count", generation=1, state=state, pool="p", counts=counts)
    return list(status_lines(Status(pools=(POOL,), jobs=(job,), failed=()), "s.yaml", NOON))


@pytest.mark.parametrize(
    ("state", "counts", "said"),
    [
        ("active", Counts(active=1), False),
        ("disabled", Counts(active=1), False),
        ("disabling", Counts(running=1), False),
        ("enabling", Counts(active=1), False),
        ("completed", Counts(active=1), True),
        ("disabled", Counts(succeeded=1), True),
    ],
)
def test_nobody_is_told_to_delete_a_pool_that_tasks_wait_for(state: str, counts: Counts, said: bool) -> None:
    assert (KEEPS in lines(state, counts)) is said


@pytest.mark.parametrize("state", ["disabled", "disabling"])
def test_a_held_job_is_called_paused_with_what_resumes_it(state: str) -> None:
    assert "       paused: `batchctl resume s.yaml` goes on with it; its nodes keep costing" in lines(
        state, Counts(active=1)
    )
