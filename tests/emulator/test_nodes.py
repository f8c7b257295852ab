"""What else a node has: users, login settings, extensions, logs; and a node that is put away."""

import pytest
from azure.batch import models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from .conftest import ready_pool
from .stand import until
from .test_pools import code_of


def only_node(client, pool_id: str) -> str:
    (node,) = client.list_nodes(pool_id)
    return node.id


def test_users(client, pool):
    node = only_node(client, pool)
    user = models.BatchNodeUserCreateOptions(name="me", password="hidden", is_admin=True)
    client.create_node_user(pool, node, user)
    with pytest.raises(ResourceExistsError) as caught:
        client.create_node_user(pool, node, user)
    assert code_of(caught) == "NodeUserExists"
    client.replace_node_user(pool, node, "me", models.BatchNodeUserReplaceOptions(password="other"))
    client.delete_node_user(pool, node, "me")
    with pytest.raises(ResourceNotFoundError) as caught:
        client.delete_node_user(pool, node, "me")
    assert code_of(caught) == "NodeUserNotFound"
    client.create_node_user(pool, node, models.BatchNodeUserCreateOptions(name="ü \n", password="hidden"))
    client.delete_node_user(pool, node, "ü \n")


def test_remote_login_settings(client, name):
    network = models.NetworkConfiguration(
        public_ip_address_configuration=models.BatchPublicIpAddressConfiguration(ip_families=["IPv4", "IPv6"])
    )
    ready_pool(client, name, network_configuration=network)
    settings = client.get_node_remote_login_settings(name, only_node(client, name))
    assert (settings.remote_login_ip_address, settings.remote_login_port) == ("127.0.0.1", 50000)
    assert settings.ipv6_remote_login_ip_address == "::1"


def test_extensions(client, name):
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    asked = models.VMExtension(name="mine", publisher="p", type="t", protected_settings={"secret": "hidden"})
    machine = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04", extensions=[asked]
    )
    ready_pool(client, name, virtual_machine_configuration=machine)
    node = only_node(client, name)
    found = list(client.list_node_extensions(name, node))
    assert [one.vm_extension.name for one in found] == ["mine", "batchNodeExtension"]
    one = client.get_node_extension(name, node, "mine")
    assert (one.provisioning_state, "hidden" in str(one.as_dict())) == ("Succeeded", False)
    with pytest.raises(ResourceNotFoundError):
        client.get_node_extension(name, node, "other")


def test_logs(client, pool, blobs):
    from datetime import UTC, datetime

    options = models.UploadBatchServiceLogsOptions(container_url=blobs.container("logs"), start_time=datetime.now(UTC))
    result = client.upload_node_logs(pool, only_node(client, pool), options)
    name = f"logs/{result.virtual_directory_name}/agent.log"
    content = until(lambda: blobs.blobs.get(name), "the upload")[0]
    assert b"allocated as" in content


def test_a_node_that_is_put_away(client, name):
    ready_pool(client, name)
    node = only_node(client, name)
    client.begin_deallocate_node(name, node, {"nodeDeallocateOption": "requeue"}, polling_interval=0.01).result()
    assert client.get_node(name, node).state == "deallocated"
    with pytest.raises(ResourceExistsError) as caught:
        client.begin_reboot_node(name, node, {"nodeRebootOption": "requeue"})
    assert code_of(caught) == "OperationInvalidForCurrentState"
    client.begin_start_node(name, node, polling_interval=0.01).result()
    until(lambda: client.get_node(name, node).state == "idle", "the start")


def test_endpoints(client, name):
    nat = models.BatchInboundNatPool(
        name="web", protocol="tcp", backend_port=80, frontend_port_range_start=20000, frontend_port_range_end=20100
    )
    endpoints = models.BatchPoolEndpointConfiguration(inbound_nat_pools=[nat])
    ready_pool(client, name, network_configuration=models.NetworkConfiguration(endpoint_configuration=endpoints))
    [web] = client.get_node(name, only_node(client, name)).endpoint_configuration.inbound_endpoints
    assert (web.name, web.frontend_port, web.backend_port) == ("web.0", 20000, 80)


def test_a_node_in_both_families(client, name):
    nat = models.BatchInboundNatPool(
        name="ssh", protocol="tcp", backend_port=22, frontend_port_range_start=40000, frontend_port_range_end=40100
    )
    network = models.NetworkConfiguration(
        endpoint_configuration=models.BatchPoolEndpointConfiguration(inbound_nat_pools=[nat]),
        public_ip_address_configuration=models.BatchPublicIpAddressConfiguration(ip_families=["IPv4", "IPv6"]),
    )
    ready_pool(client, name, network_configuration=network)
    node = client.get_node(name, only_node(client, name))
    assert (node.ip_address, node.ipv6_address) == ("10.0.0.4", "fd00::4")
    ends = node.endpoint_configuration.inbound_endpoints
    assert [(end.name, end.frontend_port) for end in ends] == [("ssh.0", 40000), ("ssh-ipv6.0", 40000)]
    settings = client.get_node_remote_login_settings(name, node.id)
    assert (settings.remote_login_port, settings.ipv6_remote_login_port) == (40000, 40000)


def test_agent_and_image(client, pool):
    node = client.get_node(pool, only_node(client, pool))
    assert node.node_agent_info.version.startswith("1.")
    assert node.virtual_machine_info.image_reference.exact_version == "latest"
