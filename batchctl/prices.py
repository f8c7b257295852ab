"""What nodes cost by the hour in a region: list prices as Azure's retail price API tells them, and as a file has them.
Pure.

Learn, "Azure Retail Prices overview", is the source of the names; no price is ever made up.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from batchctl.cloud_answers import Prices
from batchctl.resources import Pool
from batchctl.vm_sizes import family_of_size

MARK = "batchctlPrices"
FORMAT = 1
OLD = 30
"""Days after which a price says its age."""

TOO_FAR = 0.3
"""How far from its family's a price per core may be: mixed-up meters are further off."""

FEWEST = 3
"""Sizes of a family, below which nobody can tell which of them is wrong."""

KINDS = ("dedicated", "spot")
SYSTEMS = ("linux", "windows")


def doubt(prices: Prices, size: str, system: str, kind: str) -> str:
    """Why the price may be wrong; "" where nothing tells so."""
    rates = prices.rates.get(f"{system}.{kind}", {})
    return _doubt(size.lower(), rates, _usual_rates(rates))


def doubts(prices: Prices) -> Iterator[tuple[str, str, str]]:
    """(`linux.spot`, size, why) of all that may be wrong."""
    for kind, rates in sorted(prices.rates.items()):
        usual = _usual_rates(rates)
        yield from ((kind, size, why) for size in sorted(rates) if (why := _doubt(size, rates, usual)))


def _usual_rates(rates: Mapping[str, float]) -> Mapping[str, float]:
    """Of each family that has enough sizes, the price of a core."""
    alike: dict[str, list[float]] = {}
    for size, rate in rates.items():
        if found := family_of_size(size):
            alike.setdefault(found[0], []).append(rate / found[1])
    return {family: sorted(found)[len(found) // 2] for family, found in alike.items() if len(found) >= FEWEST}


def _doubt(size: str, rates: Mapping[str, float], usual: Mapping[str, float]) -> str:
    found = family_of_size(size)
    if found is None or size not in rates or found[0] not in usual:
        return ""
    off = rates[size] / found[1] / usual[found[0]] - 1
    return f"{abs(off):.0%} {'over' if off > 0 else 'under'} its family" if abs(off) > TOO_FAR else ""


def rate_of(prices: Prices, pool: Pool, kind: str) -> float | None:
    """The price of a node of the pool for an hour."""
    return prices.of(pool.vm_size, system_of(pool), kind)


def system_of(pool: Pool) -> str:
    """What a node's price has in it: with a licence of one's own, Windows costs what Linux does."""
    image = pool.image
    return system_of_words((image.publisher, image.offer, pool.node_agent_sku_id), pool.license_type)


def system_of_words(told: Iterable[str | None], license_type: str | None) -> str:
    """The same by the words for an image: publisher, offer, node agent."""
    windows = any("windows" in (word or "").lower() for word in told)
    return "windows" if windows and license_type is None else "linux"


def hourly(prices: Prices, pool: Pool, dedicated: float, spot: float) -> float | None:
    """What so many nodes of the pool cost in an hour, None where a price is missing."""
    rates = [(n, rate_of(prices, pool, kind)) for kind, n in (("dedicated", dedicated), ("spot", spot)) if n]
    return None if any(rate is None for _, rate in rates) else sum(n * (rate or 0.0) for n, rate in rates)


def prices_of_meters(items: Iterable[Mapping[str, Any]], region: str, currency: str, made: date, source: str) -> Prices:
    """The meters of virtual machines as prices. Of two for the same, the dearer counts: nothing is to cost more than
    was said."""
    rates: dict[str, dict[str, float]] = {}
    for item in items:
        if (found := _rate_of(item)) and str(item.get("currencyCode", currency)) == currency:
            kind, size, rate = found
            sizes = rates.setdefault(kind, {})
            sizes[size] = max(rate, sizes.get(size, 0.0))
    return Prices(region=region, currency=currency, made=made, source=source, rates=rates)


METERS: Mapping[str, tuple[str, ...]] = {
    "type": ("Consumption",),  # neither reservations nor the prices of development and test
    "serviceName": ("Virtual Machines",),  # Batch itself is free, its nodes are virtual machines (Learn: Batch pricing)
    "unitOfMeasure": ("1 Hour",),
}
"""What a meter of nodes says of itself (Learn: "Azure Retail Prices overview", API response examples)."""

NOT_NODES = ("cloud services", "cloudservices", "dedicated host", "reserved vm instance")
"""Products that are virtual machines and no nodes of a pool."""

ENDED_KINDS = ("low priority",)
"""Low-priority nodes ended on 2025-09-30 (Learn: "Migrate Batch low-priority VMs to Spot VMs"): they are Spot now."""


def _rate_of(item: Mapping[str, Any]) -> tuple[str, str, float] | None:
    """(`linux.spot`, size, price). The system is in the product's name, the kind in that of the SKU: `D2s v5 Spot`."""
    size, rate = item.get("armSkuName"), item.get("retailPrice")
    product, sku = str(item.get("productName", "")).lower(), str(item.get("skuName", "")).lower()
    is_meter = all(item.get(name) in words for name, words in METERS.items()) and not item.get("tierMinimumUnits")
    if not (is_meter and isinstance(size, str) and size and isinstance(rate, int | float) and rate > 0):
        return None
    if any(word in product for word in NOT_NODES) or any(word in sku for word in ENDED_KINDS):
        return None
    system = "windows" if "windows" in product else "linux"
    return f"{system}.{'spot' if sku.endswith('spot') else 'dedicated'}", size.lower(), float(rate)


def prices_text(prices: Prices) -> str:
    """As a file keeps them."""
    head = {"region": prices.region, "currency": prices.currency, "date": f"{prices.made}", "source": prices.source}
    return json.dumps({MARK: FORMAT, **head, "rates": prices.rates}, indent=1, sort_keys=False) + "\n"


def read_prices(text: str) -> Prices:
    """Raises ValueError, saying what is wrong."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.get(MARK) != FORMAT:
        raise ValueError(f"it has no {MARK!r}: {FORMAT}: `batchctl prices update` writes such a file")
    for name in ("region", "currency", "date", "source"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise ValueError(f"{name!r} is missing: prices are told with their region, currency, date and source")
    return Prices(
        region=found["region"],
        currency=found["currency"],
        made=date.fromisoformat(found["date"]),
        source=found["source"],
        rates={kind: dict(_read_rates(kind, sizes)) for kind, sizes in _mapping("rates", found.get("rates")).items()},
    )


def _read_rates(kind: str, sizes: Any) -> Iterator[tuple[str, float]]:
    if kind not in [f"{system}.{one}" for system in SYSTEMS for one in KINDS]:
        raise ValueError(f"'rates' are of linux or windows, dedicated or spot, such as linux.spot, not of {kind!r}")
    for size, rate in _mapping(kind, sizes).items():
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
            raise ValueError(f"{rate!r} is no price of {size!r}")
        yield size.lower(), float(rate)


def _mapping(name: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{name!r} is no object")
    return found
