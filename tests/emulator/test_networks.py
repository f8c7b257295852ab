"""Inbound NAT pools that cannot be, each refused by the property that is wrong."""

import pytest

from .raw import VERSION, send

MACHINE = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}


def nat(name="a", back=80, start=20000, end=20100, **more):
    ports = {"backendPort": back, "frontendPortRangeStart": start, "frontendPortRangeEnd": end}
    return {"name": name, "protocol": "tcp", **ports, **more}


def rule(priority, source="*"):
    return {"priority": priority, "access": "allow", "sourceAddressPrefix": source}


@pytest.mark.parametrize(
    ("pools", "wrong"),
    [
        ([nat(start=20000, end=20038)], "frontendPortRangeEnd"),
        ([nat(start=49990, end=50050)], "frontendPortRangeStart"),
        ([nat(back=29876)], "backendPort"),
        ([nat(), nat(name="A", back=81, start=30000, end=30100)], "name"),
        ([nat(), nat(name="b", start=30000, end=30100)], "backendPort"),
        ([nat(), nat(name="b", back=81, start=20100, end=20200)], "frontendPortRangeStart"),
        ([nat(networkSecurityGroupRules=[rule(150), rule(150)])], "networkSecurityGroupRules"),
        ([nat(networkSecurityGroupRules=[rule(149)])], "priority"),
        ([nat(name=f"n{number}", back=80 + number) for number in range(6)], "inboundNATPools"),
        ([nat(name="two words")], "name"),
        ([nat(name="ends-")], "name"),
        ([nat(networkSecurityGroupRules=[rule(150, "nobody's")])], "sourceAddressPrefix"),
        ([nat(networkSecurityGroupRules=[rule(150, "10.0.0.0/64")])], "sourceAddressPrefix"),
        (
            [
                nat(networkSecurityGroupRules=[rule(150 + number) for number in range(13)]),
                nat("b", 81, 30000, 30100, networkSecurityGroupRules=[rule(150 + number) for number in range(13)]),
            ],
            "networkSecurityGroupRules",
        ),
    ],
)
def test_refused(local, name, pools, wrong):
    network = {"endpointConfiguration": {"inboundNATPools": pools}}
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}
    reply = send(local.url, "POST", f"/pools?{VERSION}", {**body, "networkConfiguration": network})
    assert (reply.status, reply.code) == (400, "InvalidPropertyValue")
    assert reply.json["values"][0]["value"].endswith(wrong)


@pytest.mark.parametrize("source", ["*", "10.1.2.3", "10.1.0.0/16", "fd00::/8", "Internet", "AzureCloud.WestEurope"])
def test_sources(local, name, source):
    pools = [nat("a.b_1", networkSecurityGroupRules=[rule(150, source)])]
    body = {"id": name, "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}
    network = {"endpointConfiguration": {"inboundNATPools": pools}}
    assert send(local.url, "POST", f"/pools?{VERSION}", {**body, "networkConfiguration": network}).status == 201


@pytest.mark.parametrize("size", ["small", "nonsense", "Standard_"])
def test_sizes_that_there_are_not(local, name, size):
    body = {"id": name, "vmSize": size, "virtualMachineConfiguration": MACHINE}
    assert send(local.url, "POST", f"/pools?{VERSION}", body).code == "InvalidPropertyValue"


def test_no_tasks_at_once(local, name):
    body = {"id": name, "poolInfo": {"poolId": "x"}, "maxParallelTasks": 0}
    assert send(local.url, "POST", f"/jobs?{VERSION}", body).code == "InvalidPropertyValue"
