"""What a node has on paper: addresses, endpoints, image, agent. No machine answers there.

Forms and defaults are those of the REST examples of 2025-06-01 and of answers of the service.
"""

from collections.abc import Iterator

from batchctl.emulator import times
from batchctl.emulator.records import Json, Node, Pool

AGENT = "1.12.39"
"""The version that nodes say their agent has (Azure/azure-sdk-assets, js/…/compute_node_operations, 2026-02-04)."""
FIRST_PORT = 50000  # where the service's own endpoint for logins begins; inbound NAT pools keep off it
PUBLIC_ADDRESS, PUBLIC_ADDRESS_6, PUBLIC_NAME = "127.0.0.1", "::1", "localhost"


def runs_windows(pool: Pool) -> bool:
    """Whether the pool's nodes run Windows; the cloud services of older versions all do."""
    machine = pool.spec.get("virtualMachineConfiguration")
    return machine is None or machine["nodeAgentSKUId"].lower().startswith("batch.node.windows")


def image_info(pool: Pool) -> Json:
    """virtualMachineInfo: the image, and which version of it `latest` is."""
    reference = pool.spec.get("virtualMachineConfiguration", {}).get("imageReference", {})
    exact = {"exactVersion": reference["version"]} if "version" in reference else {}
    return {"imageReference": {**reference, **exact}}


def agent_info(node: Node) -> Json | None:
    """nodeAgentInfo: there once the node has booted."""
    return {"version": AGENT, "lastUpdateTime": times.stamp(node.booted)} if node.booted else None


def ipv6_address(pool: Pool, node: Node) -> str | None:
    """The node's address in a network of both families; the last part is that of its other address."""
    return f"fd00::{int(node.ip.rpartition('.')[2]):x}" if _both_families(pool) else None


def public_address(pool: Pool) -> str | None:
    """Of the load balancer in front of the node, unless the pool wants none."""
    addresses = pool.spec.get("networkConfiguration", {}).get("publicIPAddressConfiguration", {})
    return None if addresses.get("provision") == "NoPublicIPAddresses" else PUBLIC_ADDRESS


def public_ipv6_address(pool: Pool) -> str | None:
    """The same in a network of both families."""
    return PUBLIC_ADDRESS_6 if _both_families(pool) and public_address(pool) else None


def endpoints_of_node(pool: Pool, node: Node, *, login: bool) -> Json | None:
    """What the pool's inbound NAT pools give this node. Versions before 2025-06-01 showed beside it an endpoint to log
    in by, unless they have it (`login`)."""
    found = [*_asked_endpoints(pool, node), *(_login_endpoint(pool, node) if login else ())]
    return {"inboundEndpoints": found} if found else None


def remote_login(pool: Pool, node: Node) -> Json:
    """Where one would log in: the endpoint to the port of the login service."""
    port = _login_port(pool)
    endpoints = (*_asked_endpoints(pool, node), *_login_endpoint(pool, node))
    found = [one for one in endpoints if one["backendPort"] == port]
    front = found[0]["frontendPort"]
    body: Json = {"remoteLoginIPAddress": PUBLIC_ADDRESS, "remoteLoginPort": front}
    if _both_families(pool):
        body |= {"ipv6RemoteLoginIPAddress": PUBLIC_ADDRESS_6, "ipv6RemoteLoginPort": front}
    return body


def _asked_endpoints(pool: Pool, node: Node) -> Iterator[Json]:
    network = pool.spec.get("networkConfiguration", {})
    for nat in network.get("endpointConfiguration", {}).get("inboundNATPools", ()):
        number = _number_in_pool(pool, node)
        front = nat["frontendPortRangeStart"] + number
        yield _endpoint_entry(f"{nat['name']}.{number}", nat["protocol"], front, nat["backendPort"], PUBLIC_ADDRESS)
        if _both_families(pool):
            name = f"{nat['name']}-ipv6.{number}"
            yield _endpoint_entry(name, nat["protocol"], front, nat["backendPort"], PUBLIC_ADDRESS_6)


def _login_endpoint(pool: Pool, node: Node) -> Iterator[Json]:
    """The rule that the service makes by itself."""
    port = _login_port(pool)
    if not any(one["backendPort"] == port for one in _asked_endpoints(pool, node)):
        number = _number_in_pool(pool, node)
        yield _endpoint_entry(f"SSHRule.{number}", "tcp", FIRST_PORT + number, port, PUBLIC_ADDRESS)


def _login_port(pool: Pool) -> int:
    return 3389 if runs_windows(pool) else 22


def _number_in_pool(pool: Pool, node: Node) -> int:
    return list(pool.nodes).index(node.key) if node.key in pool.nodes else 0


def _both_families(pool: Pool) -> bool:
    addresses = pool.spec.get("networkConfiguration", {}).get("publicIPAddressConfiguration", {})
    return "IPv6" in addresses.get("ipFamilies", ())


def _endpoint_entry(name: str, protocol: str, front: int, back: int, address: str) -> Json:
    return {
        "name": name,
        "protocol": protocol,
        "publicIPAddress": address,
        "publicFQDN": PUBLIC_NAME,
        "frontendPort": front,
        "backendPort": back,
    }
