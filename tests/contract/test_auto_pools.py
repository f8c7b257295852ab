"""What a spec says of a pool, it says of one that is made for the job, too: sent, given back, and no difference."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from batchctl.local import Services
from batchctl.resources import Job
from batchctl.rules import field_differences
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve
from tests.contract.test_fields import BASE, CASES, CHANGES, Desk, with_task
from tests.counted import Side, real_side
from tests.services import unique

pytestmark = pytest.mark.services

# None has an identity, nor what asks for one.
OF_POOLS = [
    case
    for case in CHANGES
    if case["field"].startswith("pool.") and "refused" not in case and "identity" not in str(case)
]


NOT_OF_AN_AUTO_POOL = ("id", "afterRun", "nodeDeallocationOption", "onFailure")


def auto_pool_of(case: dict[str, Any]) -> dict[str, Any]:
    """The spec of a case, whose pool is made for its job."""
    said = with_task(with_task(BASE, case.get("before", {})), case.get("after", {}))
    pool = {name: value for name, value in said["pool"].items() if name not in NOT_OF_AN_AUTO_POOL}
    if "scale" in pool:
        pool["scale"] = {name: value for name, value in pool["scale"].items() if name != "initial"}
    few = {name: 0 for name in ("targetDedicatedNodes", "targetSpotNodes") if name in pool}
    return {**said, "pool": {**pool, **few, "lifetime": "job", "keepAlive": True, "autoPoolIdPrefix": "a"}}


def test_every_word_of_a_pool(services: Services, tmp_path: Path) -> None:
    with real_side(services) as side, ThreadPoolExecutor(8) as hands:
        wanted = [_job(case, side, tmp_path / str(number)) for number, case in enumerate(OF_POOLS)]
        # All at a time: most of it is to wait until one has gone.
        list(hands.map(lambda asked: _is_given_back(*asked, side), wanted))


def _job(case: dict[str, Any], side: Side, folder: Path) -> tuple[str, Desk, Job]:
    folder.mkdir()
    desk = Desk(folder, unique("auto"), side)
    spec = desk.spec(auto_pool_of(case), CASES[0]["files"])
    [job] = [r for r in resolve(spec, take_inventory(spec, {})).resources if isinstance(r, Job)]
    return case["field"], desk, job


def _is_given_back(field: str, desk: Desk, wanted: Job, side: Side) -> None:
    [outcome] = side.cloud.create([wanted], desk.name)
    assert outcome.error is None, field
    [kept] = side.cloud.kept_pools(desk.name)
    [held] = [r for r in side.cloud.batch(desk.name, []) if isinstance(r, Job)]
    assert (kept.of_job, kept.owner, held.made_pool) == (wanted.id, desk.name, kept.name)
    assert list(field_differences(held, wanted)) == [], field
    list(side.cloud.delete([held], desk.name))
    list(side.cloud.delete([kept], desk.name))
