"""What a run costs, through the command line, on real services."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient

from tests.e2e.conftest import Workbench
from tests.services import eventually, unique
from tests.streams import checked

pytestmark = pytest.mark.e2e

PRICES = {
    "batchctlPrices": 1,
    "region": "westeurope",
    "currency": "USD",
    "date": "2026-01-31",
    "source": "a list made up for this test",
    "rates": {"linux.dedicated": {"Standard_D2s_v5": 0.36}, "linux.spot": {"Standard_D2s_v5": 0.036}},
}


def price_file(folder: Path, **changed: Any) -> str:
    (folder / "prices.json").write_text(json.dumps(PRICES | changed))
    return "prices.json"


def test_the_walk_of_a_spec_to_a_price(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("word-count.yaml")
    unpriced = workbench.run("plan", spec)
    assert unpriced.code == 0, unpriced.said
    how = "1 node-hour (1 dedicated Standard_D2s_v5 for 1 hour: maxWallClockTime of the job)"
    assert f"\nCeiling: {how}; no price is known: --prices FILE gives some.\nPlan: " in unpriced.out
    prices = price_file(workbench.folder)
    priced = workbench.run("plan", spec, "--prices", prices)
    assert f"\nCeiling: {how}; 0.36 USD (list price in westeurope, 2026-01-31, " in priced.out
    told = checked(workbench.run("plan", spec, "--prices", prices, "--json").out)
    [plan] = [line["plan"] for line in told if line["type"] == "plan"]
    assert (plan["ceiling"]["nodeHours"], plan["ceiling"]["cost"], plan["ceiling"]["currency"]) == (1, 0.36, "USD")

    # A kept plan has it, and stands although another price is known by now.
    kept = workbench.run("plan", spec, "--prices", prices, "--out", "plan.json")
    assert kept.code == 0, kept.said
    shown = workbench.run("show", "plan.json", "--markdown")
    assert "\nCeiling: 1 node-hour (1 dedicated Standard\\_D2s\\_v5 " in shown.out
    applied = workbench.run("apply", "plan.json")
    assert applied.code == 0, applied.said
    done = workbench.run("plan", spec, "--prices", prices)
    assert "eiling" not in done.out
    wrong = workbench.run("plan", spec, "--prices", spec)
    assert (wrong.code, "cannot read the prices" in wrong.err) == (64, True)
    assert workbench.run("destroy", spec, "--yes", "--discard-outputs").code == 0


A_SECOND = {"linux.spot": {"Standard_D2s_v5": 3600.0}}
"""Rates by which a second of a spot node costs 1 USD."""


def limited(workbench: Workbench, name: str, limits: dict[str, Any], **pool: Any) -> str:
    """A spec whose first task ends at once, and whose second would run for an hour."""
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    spec = {
        "version": 1,
        "name": name,
        "storage": {"containers": {f"{name}-out": {}}},
        "pool": {"id": name, "vmSize": "Standard_D2s_v5", "image": image, "targetSpotNodes": 1, **pool},
        "job": {
            "id": name,
            "tasks": [
                {
                    "id": "quick",
                    "commands": ["echo done"],
                    "outputFiles": [{"filePattern": "../stdout.txt", "container": f"{name}-out", "path": "done"}],
                },
                {"id": "slow", "commands": ["sleep 3600"]},
            ],
        },
        "limits": limits,
        "download": [{"container": f"{name}-out", "to": "results"}],
    }
    (workbench.folder / "limited.yaml").write_text(json.dumps(spec))
    return "limited.yaml"


def test_a_run_that_costs_too_much_is_ended(workbench: Workbench, batch_client: BatchClient) -> None:
    name = unique("dear")
    spec = limited(workbench, name, {"maxCost": "3 USD"}, taskSlotsPerNode=2)
    refused = workbench.run("apply", spec, "--yes")
    assert (refused.code, name in [pool.id for pool in batch_client.list_pools()]) == (4, False)
    assert "limits.maxCost cannot be kept, for no price is known: --prices FILE gives some" in refused.said
    prices = price_file(workbench.folder, rates=A_SECOND)
    planned = workbench.run("plan", spec, "--prices", prices)
    assert "; 3.00 USD (limits.maxCost, list price in westeurope, " in planned.out
    assert "note: limits are kept while apply waits; after that the job ends by its maxWallClockTime" in planned.out
    assert "maxWallClockTime: PT2M3S" in planned.out

    ran = workbench.run("apply", spec, "--yes", "--prices", prices)
    assert ran.code == 6, ran.said
    assert "limits.maxCost: 3 USD are spent: the run was ended after 0.00" in ran.err
    assert f"pool '{name}' was resized to 0 nodes" in ran.err
    assert (workbench.folder / "results" / "done").read_text() == "done\n"
    assert str(batch_client.get_job(name).state).lower().endswith(("terminating", "completed"))
    assert batch_client.get_pool(name).target_low_priority_nodes == 0
    eventually(lambda: not list(batch_client.list_nodes(name)), "no node is left")
    again = workbench.run("plan", spec, "--prices", prices)
    assert "1 task to run" in again.out
    assert workbench.run("destroy", spec, "--yes").code == 0


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"maxNodeHours": 0.0005}, "limits.maxNodeHours: 0.0005 are used"),
        ({"maxDuration": "PT2S"}, "limits.maxDuration: 0:00:02 are over"),
    ],
)
def test_a_run_that_takes_too_much_is_ended(workbench: Workbench, limits: dict[str, Any], why: str) -> None:
    spec = limited(workbench, unique("long"), limits, afterRun="keep")
    ran = workbench.run("apply", spec, "--yes")
    assert ran.code == 6, ran.said
    assert why in ran.err
    assert "the nodes of its pool stay" in ran.err
    assert workbench.run("destroy", spec, "--yes").code == 0
