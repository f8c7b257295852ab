"""Pools to and from REST JSON."""

from batchctl.cloud import marks
from batchctl.cloud.clients.batch import Json
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.bodies import merged, specification_body, specification_fields
from batchctl.resources import Pool, generation_id
from batchctl.rules import asked_hashes

TARGETS = frozenset({"target_dedicated_nodes", "target_spot_nodes"})


def pool_body(session: Session, pool: Pool, owner: str) -> Json:
    """The pool as `POST /pools` takes it; shared access signatures are minted here."""
    said = {"id": pool.name, "metadata": pool_metadata(session, pool, owner)}
    return merged({**specification_body(session, pool), **said}, pool.raw)


def read_pool(session: Session, item: Json) -> Pool:
    marked = marks.from_pairs(item.get("metadata"))
    job = marked.get(marks.JOB)
    ours = {
        "owner": marked.get(marks.OWNER),
        "stamp": marks.read_stamp(marked),
        "asked": marked.get(marks.DIGEST, ""),
        "rebooting": marks.REBOOTING in marked,
        "node_deallocation_option": marked.get(marks.DEALLOCATION),
        "of_job": generation_id(job, marks.number(marked.get(marks.GENERATION, "")) or 1) if job else "",
        "nodes": item.get("currentDedicatedNodes", 0) + item.get("currentLowPriorityNodes", 0),
    }
    return Pool(**{**specification_fields(session, item), **ours})


def pool_metadata(session: Session, pool: Pool, owner: str) -> list[dict[str, str]]:
    """Our marks, which say what was asked last, and the user's labels."""
    stamped = marks.spec_marks(owner, pool, session.service_clock.now())
    if pool.node_deallocation_option is not None:
        stamped[marks.DEALLOCATION] = pool.node_deallocation_option
    return marks.to_pairs([*stamped.items(), (marks.DIGEST, asked_hashes(pool)), *pool.metadata])
