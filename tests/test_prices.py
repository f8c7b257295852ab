"""What nodes cost: meters to prices, prices to a file and back, and the ceiling of a run."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from batchctl.cli import run
from batchctl.cloud_answers import Prices
from batchctl.configurations import Scale
from batchctl.errors import UsageError
from batchctl.opening.known_prices import kept_at, known_prices, region_of
from batchctl.prices import doubt, prices_of_meters, prices_text, read_prices
from batchctl.reconcile.decide.ceiling import Nodes, ceiling_of, most_nodes
from batchctl.render.events import ceiling_line
from batchctl.resources import Pool
from tests.fake_cloud import WINDOWS
from tests.reconcile.build import desired, job, pool

TODAY = date(2026, 3, 1)
D2S = "Standard_D2s_v5"


def meter(size: str = D2S, price: float = 0.1, **changed: Any) -> dict[str, Any]:
    """A meter as Azure answers it."""
    plain = {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": price,
        "armRegionName": "westeurope",
        "productName": "Virtual Machines Dsv5 Series",
        "skuName": "D2s v5",
        "serviceName": "Virtual Machines",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "armSkuName": size,
    }
    return plain | changed


WIN = {"productName": "Virtual Machines Dsv5 Series Windows"}


def priced(*items: dict[str, Any]) -> Prices:
    return prices_of_meters(items, "westeurope", "USD", TODAY, "https://example.org")


@pytest.mark.parametrize(
    ("items", "rates"),
    [
        ([meter()], {"linux.dedicated": {D2S: 0.1}}),
        ([meter(skuName="D2s v5 Spot")], {"linux.spot": {D2S: 0.1}}),
        ([meter(**WIN)], {"windows.dedicated": {D2S: 0.1}}),
        ([meter(**WIN, skuName="D2s v5 Spot")], {"windows.spot": {D2S: 0.1}}),
        ([meter(skuName="D2s v5 Low Priority")], {}),
        ([meter(type="Reservation")], {}),
        ([meter(type="DevTestConsumption")], {}),
        ([meter(unitOfMeasure="1/Month")], {}),
        ([meter(serviceName="Cloud Services")], {}),
        ([meter(productName="Dsv5 Series Cloud Services")], {}),
        ([meter(productName="Dsv5 Series Dedicated Host")], {}),
        ([meter(tierMinimumUnits=100.0)], {}),
        ([meter(size="")], {}),
        ([meter(price=0)], {}),
        ([meter(currencyCode="EUR")], {}),
        ([{"armSkuName": D2S}, {}], {}),
        ([meter(price=0.2), meter(price=0.3), meter(price=0.1)], {"linux.dedicated": {D2S: 0.3}}),
    ],
)
def test_meters_of_nodes_are_told_from_all_others(items: list[dict[str, Any]], rates: dict[str, Any]) -> None:
    assert priced(*items).rates == {kind: {s.lower(): r for s, r in sizes.items()} for kind, sizes in rates.items()}


def test_a_price_far_from_its_family_is_doubtful() -> None:
    sizes = {"Standard_D2s_v5": 0.1, "Standard_D4s_v5": 0.2, "Standard_D8s_v5": 0.6, "Standard_D16-4s_v5": 0.8}
    found = priced(*(meter(size, price) for size, price in sizes.items()), meter("Standard_F2s_v2", 9.0))
    assert {size: doubt(found, size, "linux", "dedicated") for size in sizes} == {
        "Standard_D2s_v5": "",
        "Standard_D4s_v5": "",
        "Standard_D8s_v5": "50% over its family",
        "Standard_D16-4s_v5": "",
    }
    # Of a family of one nobody can tell, nor of what has no price.
    assert doubt(found, "Standard_F2s_v2", "linux", "dedicated") == ""
    assert doubt(found, "Standard_D2s_v5", "windows", "spot") == ""


def test_a_file_keeps_prices_as_they_were() -> None:
    found = priced(meter(), meter(**WIN), meter("Standard_D4s_v5", 0.04, skuName="D4s v5 Spot"))
    assert read_prices(prices_text(found)) == found


GOOD = json.loads(prices_text(priced(meter())))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "no 'batchctlPrices': 1"),
        (json.dumps({**GOOD, "batchctlPrices": 2}), "no 'batchctlPrices': 1"),
        (json.dumps({**GOOD, "date": ""}), "'date' is missing"),
        (json.dumps({**GOOD, "currency": 7}), "'currency' is missing"),
        (json.dumps({**GOOD, "date": "yesterday"}), "Invalid isoformat string"),
        (json.dumps({**GOOD, "rates": []}), "'rates' is no object"),
        (json.dumps({**GOOD, "rates": {"linux": {D2S: 1}}}), "such as linux.spot, not of 'linux'"),
        (json.dumps({**GOOD, "rates": {"linux.spot": {D2S: "1"}}}), "'1' is no price of 'Standard_D2s_v5'"),
        (json.dumps({**GOOD, "rates": {"linux.spot": {D2S: -1}}}), "-1 is no price"),
        (json.dumps({**GOOD, "rates": {"linux.spot": {D2S: float("nan")}}}), "nan is no price"),
    ],
)
def test_what_is_no_file_of_prices(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(UsageError, match=re.escape(why)):
        known_prices(tmp_path / "p.json", "http://127.0.0.1:1/batchctl")


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://mine.westeurope.batch.azure.com", "westeurope"),
        ("https://mine.chinaeast.batch.chinacloudapi.cn/", "chinaeast"),
        ("http://127.0.0.1:10000", ""),
        ("", ""),
    ],
)
def test_the_region_of_an_account(url: str, region: str) -> None:
    assert region_of(url) == region


FORMULA = {"target_dedicated_nodes": None, "target_spot_nodes": None}


@pytest.mark.parametrize(
    ("wanted", "nodes"),
    [
        (pool(target_dedicated_nodes=2, target_spot_nodes=3), (2, 3)),
        (pool(scale=Scale(max=7, spot=True), auto_scale_formula="x", **FORMULA), (0, 7)),
        (pool(auto_scale_formula="$TargetDedicatedNodes = 4;", **FORMULA), (4, 0)),
        (
            pool(auto_scale_formula="m = 9;\n$TargetLowPriorityNodes=min(m, max(0, $x.GetSample(1)));", **FORMULA),
            (0, 9),
        ),
        (pool(auto_scale_formula="$TargetDedicatedNodes = min($ActiveTasks.GetSample(1), 8);", **FORMULA), (8, 0)),
        (pool(auto_scale_formula="/* = 4; */ $TargetDedicatedNodes = $a ? 1 : 2;", **FORMULA), None),
        (pool(auto_scale_formula="$TargetDedicatedNodes = $ActiveTasks.GetSample(1);", **FORMULA), None),
    ],
)
def test_how_many_nodes_there_are_at_most(wanted: Pool, nodes: tuple[int, int] | None) -> None:
    assert most_nodes(wanted) == (Nodes(dedicated=nodes[0], spot=nodes[1]) if nodes else None)


HOUR = timedelta(hours=1)
BOTH = priced(meter(), meter(price=0.02, skuName="D2s v5 Spot"), meter(price=0.5, **WIN))


def told(wanted: Pool, steps: int = 1, **more: Any) -> str:
    runs = job(max_wall_clock_time=more.pop("wall", None))
    return ceiling_line(ceiling_of(wanted, runs, desired(**more), steps, more.get("today", TODAY)))


def test_a_ceiling_says_what_bounds_it() -> None:
    two = pool(target_dedicated_nodes=2)
    known = "no price is known: --prices FILE gives some."
    assert told(two) == (
        "No ceiling: 2 dedicated Standard_D2s_v5; nothing bounds the time, as 'maxWallClockTime' of the job's "
        "constraints would."
    )
    assert told(two, wall=HOUR) == (
        f"Ceiling: 2 node-hours (2 dedicated Standard_D2s_v5 for 1 hour: maxWallClockTime of the job); {known}"
    )
    for length, said in ((HOUR / 60, "1 minute"), (HOUR / 40, "1.5 minutes"), (HOUR / 240, "15 seconds")):
        assert f" for {said}: " in told(two, wall=length)
    assert "for 1 hour in each of 3 steps: " in told(two, steps=3, wall=HOUR)
    assert "6 node-hours" in told(two, steps=3, wall=HOUR)
    assert "for 30 minutes: wait.timeout, after which the tasks go on" in told(two, wait_timeout=HOUR / 2)
    free = pool(auto_scale_formula="$TargetDedicatedNodes = $ActiveTasks.GetSample(1);", **FORMULA)
    assert told(free, wall=HOUR).startswith("No ceiling: nothing that batchctl can read bounds the nodes")


def test_a_ceiling_has_its_price() -> None:
    mixed = pool(target_dedicated_nodes=2, target_spot_nodes=5)
    assert told(mixed, wall=HOUR, prices=BOTH).endswith("; 0.30 USD (list price in westeurope, 2026-03-01).")
    windows = pool(target_dedicated_nodes=2, image=WINDOWS)
    assert "; 1.00 USD (" in told(windows, wall=HOUR, prices=BOTH)
    own = pool(target_dedicated_nodes=2, image=WINDOWS, license_type="Windows_Server")
    assert "; 0.20 USD (" in told(own, wall=HOUR, prices=BOTH)
    spot = pool(target_spot_nodes=2, image=WINDOWS)
    assert "no price of spot Standard_D2s_v5 on windows is known in westeurope." in told(spot, wall=HOUR, prices=BOTH)
    there = told(mixed, wall=HOUR, prices=BOTH, region="eastus")
    assert "no price is known: these are of westeurope, the account is in eastus." in there
    assert "`batchctl prices update --region eastus`" in told(mixed, wall=HOUR, region="eastus")


def test_an_old_price_says_its_age() -> None:
    later = ceiling_of(
        pool(target_dedicated_nodes=1),
        job(max_wall_clock_time=HOUR),
        desired(prices=BOTH),
        1,
        TODAY + timedelta(days=47),
    )
    assert later.price == "list price in westeurope, 2026-03-01, 47 days old"


# Asked of a stub of Azure's shape.


@contextmanager
def retail(pages: list[Any]) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """(its address, what was asked). A page that is a number is a status."""
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(parse_qs(urlsplit(self.path).query))
            page = pages[min(len(asked), len(pages)) - 1]
            self.send_response(page if isinstance(page, int) else 200)
            more = f"http://127.0.0.1:{self.server.server_address[1]}/prices?page={len(asked)}"
            items = page if isinstance(page, list) else []
            link = more if len(asked) < len(pages) else None
            body = json.dumps(page if isinstance(page, dict) else {"Items": items, "NextPageLink": link}).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/prices", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


def test_prices_are_asked_page_by_page_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    family = [meter(f"Standard_D{n}s_v5", n * 0.05) for n in (2, 4, 8)]
    with retail([family, [meter("Standard_D16s_v5", 4.0), meter(skuName="D2s v5 Spot", price=0.02)]]) as (url, asked):
        assert run(["prices", "update", "--region", "WestEurope", "--endpoint", url]) == 0
    said = capsys.readouterr().out
    assert "doubtful: standard_d16s_v5, linux.dedicated: its price per core is 400% over its family\n" in said
    assert "westeurope, USD, " in said
    assert "4 linux.dedicated, 1 linux.spot prices, kept in " in said
    assert asked[0]["$filter"] == [
        "serviceName eq 'Virtual Machines' and armRegionName eq 'westeurope' and priceType eq 'Consumption'"
    ]
    assert asked[0]["currencyCode"] == ["USD"]
    assert [page.get("page") for page in asked] == [None, ["1"]]
    found = known_prices(None, "https://mine.westeurope.batch.azure.com")
    assert found is not None
    assert (found.region, found.source, found.of(D2S, "linux", "spot")) == ("westeurope", url, 0.02)
    assert known_prices(None, "https://mine.eastus.batch.azure.com") is None
    assert known_prices(None, "http://127.0.0.1:1") is None


@pytest.mark.parametrize("kept", [b"", b'{"batchctlPrices": 1, "reg', bytes(500), b"\xff" * 500])
def test_kept_prices_that_are_damaged_are_told_with_what_mends_them(kept: bytes) -> None:
    place = kept_at("northeurope")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(kept)
    with pytest.raises(UsageError, match="`batchctl prices update --region northeurope` writes them anew"):
        known_prices(None, "https://mine.northeurope.batch.azure.com")


@pytest.mark.parametrize(
    ("pages", "code", "why"),
    [
        ([404], 1, "cannot read prices from"),
        ([{"nothing": 1}], 1, "no page of them"),
        ([[]], 64, "there are no prices of 'westeurope'"),
        ([{"Items": [], "NextPageLink": "https://elsewhere.example.org/"}], 1, "sends on to another host"),
    ],
)
def test_what_is_no_answer(pages: list[Any], code: int, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with retail(pages) as (url, _):
        assert run(["prices", "update", "--region", "westeurope", "--endpoint", url]) == code
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("region", ["", "west europe", "x' or '1' eq '1"])
def test_a_region_is_a_name(region: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prices", "update", "--region", region]) == 64
    assert "--region is a name such as westeurope" in capsys.readouterr().err
