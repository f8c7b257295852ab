"""What nodes took, and what that cost, in words."""

from collections.abc import Sequence
from datetime import timedelta

from batchctl.cloud_answers import Prices
from batchctl.reconcile.explain.node_time import hours_text
from batchctl.render.text import shown_span
from batchctl.sights import NodeUse
from batchctl.words import plural

CENT = 0.01


def node_time(time: timedelta) -> str:
    """`2.31 node-hours`; of little the time."""
    return f"{hours_text(time)} node-hours" if time >= timedelta(hours=0.01) else shown_span(time)


def shown_cost(cost: float, prices: Prices | None) -> str:
    """`0.31 USD`."""
    currency = prices.currency if prices else ""
    return f"{cost:.2f} {currency}" if cost >= CENT or not cost else f"under {CENT} {currency}"


def prices_words(prices: Prices) -> str:
    return f"by list prices of {prices.region}, {prices.made}"


def use_words(use: NodeUse, prices: Prices | None) -> str:
    """`2.31 node-hours of 3 nodes, 0.31 USD`."""
    money = "" if use.cost is None else f", {shown_cost(use.cost, prices)}"
    return f"{'at least ' if use.at_least else ''}{node_time(use.time)} of {plural(use.nodes, 'node')}{money}"


def spent_words(uses: Sequence[NodeUse], prices: Prices | None) -> str:
    """Of nodes that are there, by kind."""
    told = "; ".join(f"{use.kind}: {use_words(use, prices)}" for use in uses)
    source = f" ({prices_words(prices)})" if prices and any(use.cost is not None for use in uses) else ""
    return f"{told}, since they are there{source}"
