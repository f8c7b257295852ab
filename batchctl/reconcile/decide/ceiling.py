"""The most that a run can use: nodes at their ceiling for as long as they may work, and what that costs. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from batchctl.cloud_answers import Prices
from batchctl.desired import Desired, Limits
from batchctl.frozen import dataclass
from batchctl.prices import OLD, doubt, rate_of, system_of
from batchctl.reconcile.plan import Ceiling
from batchctl.resources import Job, Pool
from batchctl.words import plural

HOUR = timedelta(hours=1)
NO_TIME_LIMIT = "nothing bounds the time, as 'maxWallClockTime' of the job's constraints would"


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
    nodes = most_nodes(pool)
    found = _of_time(pool, job, desired, nodes, steps)
    limits = desired.limits or Limits()
    most = limits.max_node_hours
    if most is not None and (found.node_hours is None or found.node_hours > most):
        found = replace(found, node_hours=most, how=f"{pool.vm_size}: limits.maxNodeHours")
    found = _priced(found, pool, nodes, desired, today)
    cost = limits.max_cost
    if cost is not None and desired.prices and (found.cost is None or found.cost > cost):
        found = replace(found, cost=cost, currency=desired.prices.currency, price=f"limits.maxCost, {found.price}")
    return found


def _of_time(pool: Pool, job: Job, desired: Desired, nodes: Nodes | None, steps: int) -> Ceiling:
    time = _longest(job, desired)
    if nodes is None:
        return Ceiling(how="nothing that batchctl can read bounds the nodes: 'scale' does, or targets")
    if time is None:
        return Ceiling(how=f"{nodes} {pool.vm_size}; {NO_TIME_LIMIT}")
    length, why, whole = time
    hours = length / HOUR * (1 if whole else steps)
    each = "" if steps == 1 or whole else f" in each of {steps} steps"
    how = f"{nodes} {pool.vm_size} for {_told(length)}{each}: {why}"
    return Ceiling(node_hours=(nodes.dedicated + nodes.spot) * hours, how=how)


def most_nodes(pool: Pool) -> Nodes | None:
    """None where a formula bounds them, or does not, in a way that is not plain."""
    if pool.scale is not None:
        most = pool.scale.max
        return Nodes(dedicated=0, spot=most) if pool.scale.spot else Nodes(dedicated=most, spot=0)
    if pool.on_failure is not None:
        return Nodes(dedicated=(pool.target_dedicated_nodes or 0) + (pool.target_spot_nodes or 0), spot=0)
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


def _longest(job: Job, desired: Desired) -> tuple[timedelta, str, bool] | None:
    """How long a job may run, what says so, and whether that is of all steps together. After wait.timeout the tasks go
    on, unseen."""
    most = desired.limits.max_duration if desired.limits else None
    wall = job.max_wall_clock_time
    if most is not None and (wall is None or wall > most):
        return most, "limits.maxDuration", True
    if wall is not None:
        return wall, "maxWallClockTime of the job", False
    if desired.wait_timeout is not None:
        return desired.wait_timeout, "wait.timeout, after which the tasks go on", False
    return None


def _told(length: timedelta) -> str:
    hours = length / HOUR
    return plural(int(hours), "hour") if hours == int(hours) else _short_time(length)


def _short_time(length: timedelta) -> str:
    count, unit = (length / timedelta(seconds=1), "second") if length < HOUR / 60 else (length / HOUR * 60, "minute")
    return f"{count:g} {unit}{'' if count == 1 else 's'}"


def _priced(found: Ceiling, pool: Pool, nodes: Nodes | None, desired: Desired, today: date) -> Ceiling:
    prices = desired.prices
    if prices is None:
        return replace(found, price=f"no price is known: {_where(desired.region)}")
    if desired.region and desired.region != prices.region:
        there = f"these are of {prices.region}, the account is in {desired.region}"
        return replace(found, price=f"no price is known: {there}")
    counts = _counts(nodes) if nodes else (("dedicated", 1), ("spot", 1))
    rates = {kind: rate_of(prices, pool, kind) for kind, n in counts if n}
    if missing := [kind for kind, rate in rates.items() if rate is None]:
        what = f"{missing[0]} {pool.vm_size} on {system_of(pool)}"
        return replace(found, price=f"no price of {what} is known in {prices.region}")
    doubts = [why for kind in rates if (why := doubt(prices, pool.vm_size, system_of(pool), kind))]
    said = f"list price in {prices.region}, {_age(prices, today)}" + (f", doubtful: {doubts[0]}" if doubts else "")
    if nodes is None or found.node_hours is None:
        return replace(found, price=said)
    hours, count = found.node_hours, nodes.dedicated + nodes.spot
    cost = sum(n * (rates.get(kind) or 0.0) for kind, n in counts) * hours / count if count else 0.0
    return replace(found, cost=cost, currency=prices.currency, price=said)


def why_no_limit(desired: Desired, pool: Pool) -> str | None:
    """Why `limits.maxCost` could not be kept."""
    limits, prices = desired.limits or Limits(), desired.prices
    if limits.max_cost is None:
        return None
    if prices is None or (desired.region and desired.region != prices.region):
        return f"limits.maxCost cannot be kept, for no price is known: {_where(desired.region)}"
    if limits.currency and limits.currency != prices.currency:
        return (
            f"limits.maxCost is in {limits.currency}, and the prices are in {prices.currency}: write one for the other"
        )
    nodes = most_nodes(pool) or Nodes(dedicated=1, spot=1)
    for kind, n in _counts(nodes):
        if n and rate_of(prices, pool, kind) is None:
            what = f"{kind} {pool.vm_size} on {system_of(pool)}"
            return f"limits.maxCost cannot be kept, for the prices have none of {what}: take another file with --prices"
    return None


def _counts(nodes: Nodes) -> tuple[tuple[str, int], ...]:
    return ("dedicated", nodes.dedicated), ("spot", nodes.spot)


def _where(region: str) -> str:
    return f"`batchctl prices update --region {region}` asks Azure" if region else "--prices FILE gives some"


def _age(prices: Prices, today: date) -> str:
    days = (today - prices.made).days
    return f"{prices.made}" + (f", {days} days old" if days > OLD else "")
