"""Pools sent: by Batch itself, but for an identity, which Azure Resource Manager gives where there is one."""

from batchctl.cloud.clients.batch import Json, path_segment
from batchctl.cloud.clients.faults import Fault
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources.arm_bodies import arm_identity, arm_pool


def pool_path(pool: str) -> str:
    return f"/pools/{path_segment(pool)}"


def send_pool(session: Session, body: Json) -> None:
    """A new pool. Raises AzureError, or the Fault that Batch would be."""
    arm = session.arm
    if arm is None or arm.account is None or "identity" not in body:
        session.batch.post("/pools", body)
        return
    name = body["id"]
    if not arm.make_pool(name, arm_pool(body, arm.account)):
        going = str(session.batch.get(pool_path(name), select="id,state").get("state", "")).lower() == "deleting"
        code = "PoolBeingDeleted" if going else "PoolExists"
        raise Fault(f"there is a pool {name!r} already", status=409, code=code)


def patch_pool(session: Session, name: str, patch: Json) -> None:
    """What differs of a pool that is there; its mark comes last, and says that all of it was done."""
    rest, arm = dict(patch), session.arm
    if arm is not None and "identity" in patch:
        identity = arm_identity(rest.pop("identity"))
        session.ask(lambda: arm.change_pool(name, identity))
    session.ask(lambda: session.batch.patch(pool_path(name), rest))
