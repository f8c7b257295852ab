"""What a run costs, through the command line, on real services."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Workbench
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


def price_file(folder: Path) -> str:
    (folder / "prices.json").write_text(json.dumps(PRICES))
    return "prices.json"


def test_the_walk_of_a_spec_to_a_price(workbench: Workbench, named: Callable[[str], str]) -> None:
    spec = named("word-count.yaml")
    unpriced = workbench.run("plan", spec)
    assert unpriced.code == 0, unpriced.said
    how = "1 node-hour (1 dedicated Standard_D2s_v5 for 1 hour: maxWallClockTime of the job)"
    assert f"\nCeiling: {how}; no price is known: --prices FILE has some.\nPlan: " in unpriced.out
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
