"""What a spec asks for that Azure takes away, or has taken. Pure."""

from collections.abc import Iterator
from datetime import date

from batchctl.errors import Problem
from batchctl.resources import Pool
from batchctl.retirements import Retirement, end_of_agent, end_of_image, end_of_size
from batchctl.spec.model import Spec
from batchctl.spec.source import At


def retiring(spec: Spec, today: date) -> Iterator[Problem]:
    """A note at the place of each VM size, image and node agent whose end has come or comes soon."""
    if spec.pool is None:
        return
    for at, found in _ends(spec.pool.wanted, today):
        if found:
            yield spec.problem(at, found.says(today), "retirement")


def _ends(pool: Pool, today: date) -> Iterator[tuple[At, Retirement | None]]:
    image = pool.image
    yield ("pool", "vmSize"), end_of_size(pool.vm_size, today)
    yield ("pool", "image"), end_of_image(f"{image.publisher}/{image.offer}/{image.sku}", today)
    yield ("pool", "nodeAgentSKUId"), end_of_agent(pool.node_agent_sku_id or "", today)
