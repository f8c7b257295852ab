"""Pools to and from REST JSON."""

from typing import TypeVar

from batchctl.cloud.clients.batch import Json, segment
from batchctl.cloud.clients.session import Session
from batchctl.cloud.resources import marks
from batchctl.cloud.resources.durations import duration, limits_body
from batchctl.cloud.resources.nodes import start_task, start_task_body
from batchctl.configurations import ContainerConfiguration, NetworkConfiguration, TaskSchedulingPolicy
from batchctl.resources import Image, Pool
from batchctl.rest import from_rest, to_rest
from batchctl.rules import asked

T = TypeVar("T")


def path(pool: str) -> str:
    return f"/pools/{segment(pool)}"


def body(session: Session, pool: Pool, owner: str) -> Json:
    """The pool as `POST /pools` takes it; shared access signatures are minted here."""
    wanted: Json = {
        "id": pool.name,
        **properties(pool),
        **limits_body(resizeTimeout=pool.resize_timeout),
        "metadata": metadata(session, pool, owner),
    }
    if pool.auto_scale_formula is not None:
        wanted |= {"enableAutoScale": True, **formula(pool)}
    else:
        wanted |= targets(pool)
    if pool.start_task is not None:
        wanted["startTask"] = start_task_body(session, pool.start_task)
    return wanted


def parse(session: Session, item: Json) -> Pool:
    machine = item["virtualMachineConfiguration"]
    marked = marks.from_pairs(item.get("metadata"))
    return Pool(
        name=item["id"],
        vm_size=item["vmSize"],
        image=image(machine["imageReference"]),
        node_agent_sku_id=machine.get("nodeAgentSKUId"),
        container_configuration=_value(ContainerConfiguration, machine.get("containerConfiguration")),
        target_dedicated_nodes=item.get("targetDedicatedNodes", 0),
        target_spot_nodes=item.get("targetLowPriorityNodes", 0),
        auto_scale_formula=item.get("autoScaleFormula") if item.get("enableAutoScale") else None,
        auto_scale_evaluation_interval=duration(item.get("autoScaleEvaluationInterval"))
        if item.get("enableAutoScale")
        else None,
        task_slots_per_node=item.get("taskSlotsPerNode", 1),
        task_scheduling_policy=from_rest(TaskSchedulingPolicy, item.get("taskSchedulingPolicy") or {}),
        enable_inter_node_communication=item.get("enableInterNodeCommunication", False),
        network_configuration=_value(NetworkConfiguration, item.get("networkConfiguration")),
        display_name=item.get("displayName"),
        start_task=start_task(session, item["startTask"]) if item.get("startTask") else None,
        metadata=marks.labels(item.get("metadata")),
        owner=marked.get(marks.OWNER),
        stamp=marks.stamp(marked),
        asked=marked.get(marks.DIGEST, ""),
        created=item.get("creationTime"),
        state=str(item.get("state", "")).lower(),
        rebooting=marks.REBOOTING in marked,
        nodes=item.get("currentDedicatedNodes", 0) + item.get("currentLowPriorityNodes", 0),
    )


def _value(cls: type[T], item: Json | None) -> T | None:
    return from_rest(cls, item) if item else None


def properties(pool: Pool) -> Json:
    """What of a pool changes only while it is empty, by the names of REST."""
    reference = {"publisher": pool.image.publisher, "offer": pool.image.offer, "sku": pool.image.sku}
    machine: Json = {
        "imageReference": {**reference, "version": pool.image.version or "latest"},
        "nodeAgentSKUId": pool.node_agent_sku_id,
    }
    if pool.container_configuration is not None:
        machine["containerConfiguration"] = to_rest(pool.container_configuration)
    given = {"displayName": pool.display_name, "networkConfiguration": pool.network_configuration}
    return {
        "vmSize": pool.vm_size,
        "virtualMachineConfiguration": machine,
        "taskSlotsPerNode": pool.task_slots_per_node,
        "taskSchedulingPolicy": to_rest(pool.task_scheduling_policy),
        "enableInterNodeCommunication": pool.enable_inter_node_communication,
        **{name: to_rest(value) for name, value in given.items() if value is not None},
    }


def targets(pool: Pool) -> Json:
    """How many nodes there shall be."""
    return {
        "targetDedicatedNodes": pool.target_dedicated_nodes or 0,
        "targetLowPriorityNodes": pool.target_spot_nodes or 0,
    }


def formula(pool: Pool) -> Json:
    return {
        "autoScaleFormula": pool.auto_scale_formula,
        **limits_body(autoScaleEvaluationInterval=pool.auto_scale_evaluation_interval),
    }


def metadata(session: Session, pool: Pool, owner: str) -> list[dict[str, str]]:
    """Our marks, which say what was asked last, and the user's labels."""
    stamped = marks.stamped(owner, pool, session.clock.now())
    return marks.pairs([*stamped.items(), (marks.DIGEST, asked(pool)), *pool.metadata])


def image(reference: Json) -> Image:
    version = reference.get("version")
    return Image(
        publisher=reference.get("publisher", ""),
        offer=reference.get("offer", ""),
        sku=reference.get("sku", ""),
        version=None if version in (None, "", "latest") else version,
    )
