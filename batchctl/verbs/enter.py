"""The way into a node: where it is reached, and a user for the purpose."""

from datetime import timedelta

from batchctl.errors import Refused, UsageError
from batchctl.frozen import dataclass
from batchctl.reconcile.port import Eyes
from batchctl.sights import Endpoint, Place
from batchctl.spec.model import Spec
from batchctl.verbs.act import named_nodes
from batchctl.words import some

STAYS = timedelta(hours=12)
"""How long a user may enter."""

SSH, REMOTE_DESKTOP = 22, 3389

NAT_POOL = (
    "networkConfiguration: {endpointConfiguration: {inboundNATPools: [{name: ssh, protocol: tcp, backendPort: 22, "
    "frontendPortRangeStart: 40000, frontendPortRangeEnd: 40499}]}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Where ssh reaches a node."""

    node: Place
    host: str
    port: int


def entrance(spec: Spec, eyes: Eyes, asked: str) -> Entrance:
    """Of the one node that is meant. Raises NotThere, UsageError if there are several, and Refused with what to do.

    No port is mapped that a pool does not ask for (Learn: "Configure remote access to compute nodes in an Azure Batch
    pool").
    """
    found = named_nodes(spec, eyes, (asked,))
    if len(found) > 1:
        raise UsageError(f"{asked!r} meets {len(found)} nodes: {some([place.id for place, _ in found], 5)}; say which")
    place, node = found[0]
    mapped = {one.behind: one for one in reversed(node.endpoints)}
    if (spec.pool and spec.pool.windows) or (REMOTE_DESKTOP in mapped and SSH not in mapped):
        raise Refused([_for_windows(place, mapped.get(REMOTE_DESKTOP))])
    if SSH not in mapped:
        inside = f"; from inside its network it is at {node.ip}" if node.ip else ""
        raise Refused([f"no port of node {place.id} leads to ssh{inside}. In the spec, for new nodes: {NAT_POOL}"])
    return Entrance(node=place, host=mapped[SSH].host, port=mapped[SSH].port)


def _for_windows(place: Place, mapped: Endpoint | None) -> str:
    where = f"at {mapped.host}:{mapped.port}" if mapped else "if its pool maps port 3389 (inboundNATPools)"
    return (
        f"node {place.id} runs Windows: remote desktop leads there, {where}, for a user that you make by "
        f"`az batch node user create --pool-id {place.above} --node-id {place.id} --name NAME --password PASSWORD`"
    )
