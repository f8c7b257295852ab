"""The inbound NAT pools of a new pool at the gate (REST: BatchInboundNatPool, NetworkSecurityGroupRule)."""

import ipaddress
import re
from itertools import combinations

from batchctl.emulator.records import Json
from batchctl.emulator.refusals import bad_value

# All five as the REST pages of BatchInboundNatPool and NetworkSecurityGroupRule have them.
RESERVED_FRONT = range(50000, 55001)
RESERVED_BACK = frozenset({29876, 29877})
LEAST_PORTS = 40
MOST_RULES = 25
_NAME = re.compile(r"[A-Za-z0-9]([\w.-]*\w)?", re.ASCII)
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*")
_PATH = "networkConfiguration.endpointConfiguration.inboundNATPools"


def check_network(network: Json) -> None:
    """Names, ports and priorities are used once; ranges do not meet, are long enough and keep off what is reserved."""
    pools = network.get("endpointConfiguration", {}).get("inboundNATPools", [])
    for nat in pools:
        _check_ports(nat)
        _check_rules(nat)
        if not _NAME.fullmatch(nat["name"]):
            raise bad_value(
                f"{_PATH}.name", nat["name"], "letters, digits, _, . and - from a letter or digit to another"
            )
    if sum(len(nat.get("networkSecurityGroupRules", ())) for nat in pools) > MOST_RULES:
        raise bad_value(f"{_PATH}.networkSecurityGroupRules", "", f"a pool has at most {MOST_RULES} rules")
    for one, other in combinations(pools, 2):
        if one["name"].lower() == other["name"].lower():
            raise bad_value(f"{_PATH}.name", one["name"], "each name is used once")
        if one["backendPort"] == other["backendPort"]:
            raise bad_value(f"{_PATH}.backendPort", one["backendPort"], "each port is used once")
        if _ranges_meet(_front_ports(one), _front_ports(other)):
            raise bad_value(f"{_PATH}.frontendPortRangeStart", one["frontendPortRangeStart"], "two ranges overlap")


def _check_rules(nat: Json) -> None:
    rules = nat.get("networkSecurityGroupRules", ())
    priorities = [rule["priority"] for rule in rules]
    if len(set(priorities)) < len(priorities):
        raise bad_value(f"{_PATH}.networkSecurityGroupRules", priorities, "each priority is used once")
    for source in (rule["sourceAddressPrefix"] for rule in rules):
        if source != "*" and not _TAG.fullmatch(source) and not _is_network(source):
            raise bad_value(f"{_PATH}.sourceAddressPrefix", source, "an address, a subnet, a service tag or *")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _check_ports(nat: Json) -> None:
    front = _front_ports(nat)
    if len(front) < LEAST_PORTS:
        raise bad_value(f"{_PATH}.frontendPortRangeEnd", nat["frontendPortRangeEnd"], f"{LEAST_PORTS} ports are wanted")
    if _ranges_meet(front, RESERVED_FRONT):
        raise bad_value(f"{_PATH}.frontendPortRangeStart", front.start, "50000 to 55000 are reserved")
    if nat["backendPort"] in RESERVED_BACK:
        raise bad_value(f"{_PATH}.backendPort", nat["backendPort"], "the port is reserved")


def _front_ports(nat: Json) -> range:
    return range(nat["frontendPortRangeStart"], nat["frontendPortRangeEnd"] + 1)


def _ranges_meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
