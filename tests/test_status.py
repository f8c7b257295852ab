"""One screen about a run: what it tells people to do."""

from datetime import UTC, date, datetime, timedelta

import pytest

from batchctl.cloud_answers import Counts, Prices
from batchctl.reconcile.decide.standstill import Reason
from batchctl.render.status import status_lines
from batchctl.sights import JobSight, NodeUse, PoolSight, Status

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


def test_what_was_spent_is_told_by_kind_and_money_where_a_price_is_known() -> None:
    dedicated = NodeUse(kind="dedicated", nodes=2, time=timedelta(hours=1.5), at_least=False, cost=0.18)
    spot = NodeUse(kind="spot", nodes=1, time=timedelta(seconds=20), at_least=False, cost=None)
    prices = Prices(region="westeurope", currency="USD", made=date(2026, 1, 31), source="s", rates={})
    found = Status(pools=(POOL,), jobs=(), failed=(), spent=(dedicated, spot))
    assert list(status_lines(found, "s.yaml", NOON, prices))[-1] == (
        "spent  dedicated: 1.5 node-hours of 2 nodes, 0.18 USD; spot: 20 s of 1 node, since they are there "
        "(by list prices of westeurope, 2026-01-31)"
    )


def test_what_keeps_tasks_from_running_is_told_with_what_mends_it() -> None:
    found = [
        Reason(says="job count is paused", remedy="`batchctl resume s.yaml`", passes=False),
        Reason(says="its nodes are coming up: 1 starting of 1"),
    ]
    told = list(status_lines(Status(pools=(POOL,), jobs=(), failed=()), "s.yaml", NOON, standstills=found))
    assert told[-3:] == [
        "stuck  job count is paused",
        "       -> `batchctl resume s.yaml`",
        "waits  its nodes are coming up: 1 starting of 1",
    ]
