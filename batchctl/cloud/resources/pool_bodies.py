"""Pools to and from REST JSON."""

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import merged, rest_dialect, unsaid
from batchctl.resources import Pool
from batchctl.rules import asked_hashes

TARGETS = frozenset({"target_dedicated_nodes", "target_spot_nodes"})
FORMULA = frozenset({"auto_scale_formula", "auto_scale_evaluation_interval"})


def pool_body(session: Session, pool: Pool, owner: str) -> Json:
    """The pool as `POST /pools` takes it; shared access signatures are minted here."""
    scaled = {"enableAutoScale": True} if pool.auto_scale_formula is not None else {}
    body = {**rest_dialect(session).write(pool), **scaled, "metadata": pool_metadata(session, pool, owner)}
    return merged(body, pool.raw)


def read_pool(session: Session, item: Json) -> Pool:
    marked = marks.from_pairs(item.get("metadata"))
    found = rest_dialect(session).read(Pool, item)
    # It is that of the last resize, whoever asked for it: a saved plan must not fall over it.
    found.pop("resize_timeout", None)
    if not item.get("enableAutoScale"):
        # A pool that is told its targets again keeps its last formula.
        found = {name: value for name, value in found.items() if name not in FORMULA}
    ours = {
        "metadata": marks.user_labels(item.get("metadata")),
        "owner": marked.get(marks.OWNER),
        "stamp": marks.read_stamp(marked),
        "asked": marked.get(marks.DIGEST, ""),
        "rebooting": marks.REBOOTING in marked,
        "raw": unsaid(Pool, item),
        "nodes": item.get("currentDedicatedNodes", 0) + item.get("currentLowPriorityNodes", 0),
    }
    return Pool(**{**found, **ours})


def pool_metadata(session: Session, pool: Pool, owner: str) -> list[dict[str, str]]:
    """Our marks, which say what was asked last, and the user's labels."""
    stamped = marks.spec_marks(owner, pool, session.clock.now())
    return marks.to_pairs([*stamped.items(), (marks.DIGEST, asked_hashes(pool)), *pool.metadata])
