"""The most that a run can use: nodes at their ceiling for as long as they may work, and what that costs. Pure."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from batchctl.cloud_answers import Prices
from batchctl.desired import Desired
from batchctl.frozen import dataclass
from batchctl.prices import OLD, doubt
from batchctl.reconcile.plan import Ceiling
from batchctl.resources import Job, Pool
from batchctl.words import plural

HOUR = timedelta(hours=1)
NO_TIME_LIMIT = "nothing bounds the time: 'maxWallClockTime' of the job's constraints does"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """How many there are at most."""

    dedicated: int
    spot: int

    def __str__(self) -> str:
        parts = [f"{n} {kind}" for n, kind in ((self.dedicated, "dedicated"), (self.spot, "spot")) if n]
        return " and ".join(parts) or "0"


def ceiling_of(pool: Pool, job: Job, desired: Desired, steps: int, today: date) -> Ceiling:
    """Of a run in so many steps at most, each a job of its own."""
    nodes, time = most_nodes(pool), _longest(job, desired)
    if nodes is None:
        return Ceiling(how="nothing that batchctl can read bounds the nodes: 'scale' does, or targets")
    if time is None:
        return Ceiling(how=f"{nodes} {pool.vm_size}; {NO_TIME_LIMIT}")
    length, why = time
    hours = length / HOUR * steps
    each = "" if steps == 1 else f" in each of {steps} steps"
    found = Ceiling(
        node_hours=(nodes.dedicated + nodes.spot) * hours,
        how=f"{nodes} {pool.vm_size} for {_told(length)}{each}: {why}",
    )
    return _priced(found, pool, nodes, hours, desired, today)


def most_nodes(pool: Pool) -> Nodes | None:
    """None where a formula bounds them, or does not, in a way that is not plain."""
    if pool.scale is not None:
        most = pool.scale.max
        return Nodes(dedicated=0, spot=most) if pool.scale.spot else Nodes(dedicated=most, spot=0)
    if pool.auto_scale_formula is None:
        return Nodes(dedicated=pool.target_dedicated_nodes or 0, spot=pool.target_spot_nodes or 0)
    found = {name: list(_bounds(pool.auto_scale_formula, name)) for name in TARGETS}
    if any(bound is None for bounds in found.values() for bound in bounds):
        return None
    dedicated, spot = (max((b for b in found[name] if b is not None), default=0) for name in TARGETS)
    return Nodes(dedicated=dedicated, spot=spot)


TARGETS = ("TargetDedicatedNodes", "TargetLowPriorityNodes")


def _bounds(formula: str, target: str) -> Iterator[int | None]:
    """Of each assignment the number, or that of the `min(…)` around it; None where there is neither."""
    text = re.sub(r"(?s)/\*.*?\*/|//[^\n]*", "", formula)
    numbers = {m[1].lower(): int(m[2]) for m in re.finditer(r"(\$?\w+)\s*=\s*([0-9]{1,6})\s*;", text)}
    for said in re.finditer(rf"(?i)\${target}\s*=(?!=)([^;]*)", text):
        whole = re.fullmatch(r"(?is)\s*(?:(\w+)|min\(\s*(\w+)\s*,.*\)|min\(.*,\s*(\w+)\s*\))\s*", said[1])
        word = next((w for w in whole.groups() if w), "") if whole else ""
        yield int(word) if word.isdecimal() else numbers.get(word.lower())


def _longest(job: Job, desired: Desired) -> tuple[timedelta, str] | None:
    """How long the job may run, and what says so. After wait.timeout the tasks go on, unseen."""
    if job.max_wall_clock_time is not None:
        return job.max_wall_clock_time, "maxWallClockTime of the job"
    if desired.wait_timeout is not None:
        return desired.wait_timeout, "wait.timeout, after which the tasks go on"
    return None


def _told(length: timedelta) -> str:
    hours = length / HOUR
    return plural(int(hours), "hour") if hours == int(hours) else f"{length / timedelta(minutes=1):g} minutes"


def _priced(found: Ceiling, pool: Pool, nodes: Nodes, hours: float, desired: Desired, today: date) -> Ceiling:
    prices = desired.prices
    if prices is None:
        return _with_price(found, None, "", price=f"no price is known: {_where(desired.region)}")
    if desired.region and desired.region != prices.region:
        there = f"no price is known: these are of {prices.region}, the account is in {desired.region}"
        return _with_price(found, None, "", price=there)
    rates = {kind: rate_of(prices, pool, kind) for kind, n in _counts(nodes) if n}
    if missing := [kind for kind, rate in rates.items() if rate is None]:
        what = f"no price of {missing[0]} {pool.vm_size} on {system_of(pool)} is known in {prices.region}"
        return _with_price(found, None, "", price=what)
    cost = sum(n * hours * (rates.get(kind) or 0.0) for kind, n in _counts(nodes))
    doubts = [why for kind in rates if (why := doubt(prices, pool.vm_size, system_of(pool), kind))]
    said = f"list price in {prices.region}, {_age(prices, today)}" + (f", doubtful: {doubts[0]}" if doubts else "")
    return _with_price(found, cost, prices.currency, price=said)


def _with_price(found: Ceiling, cost: float | None, currency: str, price: str) -> Ceiling:
    return Ceiling(how=found.how, node_hours=found.node_hours, cost=cost, currency=currency, price=price)


def _counts(nodes: Nodes) -> tuple[tuple[str, int], ...]:
    return ("dedicated", nodes.dedicated), ("spot", nodes.spot)


def _where(region: str) -> str:
    return f"`batchctl prices update --region {region}`" if region else "--prices FILE has some"


def _age(prices: Prices, today: date) -> str:
    days = (today - prices.made).days
    return f"{prices.made}" + (f", {days} days old" if days > OLD else "")


def rate_of(prices: Prices, pool: Pool, kind: str) -> float | None:
    """The price of a node of the pool for an hour."""
    return prices.of(pool.vm_size, system_of(pool), kind)


def system_of(pool: Pool) -> str:
    """What a node's price has in it: with a licence of one's own, Windows costs what Linux does."""
    image = pool.image
    told = f"{image.publisher} {image.offer} {pool.node_agent_sku_id or ''}".lower()
    return "windows" if "windows" in told and pool.license_type is None else "linux"
