"""How a pool and its nodes are."""

from batchctl.cloud.clients.batch import node_path, path_segment
from batchctl.cloud.clients.session import Session
from batchctl.cloud.looks.reading import read_extension, read_node, read_pool
from batchctl.cloud.resources.nodes import node_counts
from batchctl.sights import NodeSight, PoolSight


def pool_seen(session: Session, pool: str) -> PoolSight | None:
    """Two small requests."""
    item = session.find(lambda: session.batch.get(f"/pools/{path_segment(pool)}"))
    if item is None:
        return None
    return read_pool(item, node_counts(session, pool))


def nodes_seen(session: Session, pool: str) -> tuple[NodeSight, ...]:
    """The nodes of a pool; none where there is no such pool."""
    found = session.find(lambda: list(session.batch.pages(f"/pools/{path_segment(pool)}/nodes")))
    return tuple(map(read_node, found or ()))


def extensions_seen(session: Session, pool: str, node: str) -> tuple[str, ...]:
    """None where the node is there no more."""
    path = f"{node_path(pool, node)}/extensions"
    found = session.find(lambda: list(session.batch.pages(path)))
    return tuple(map(read_extension, found or ()))
