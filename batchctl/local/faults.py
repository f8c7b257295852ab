"""Faults on demand in the running emulator: made, listed, cleared; and accidents of its nodes.

The values are those of the emulator's own surface below /_local (docs/faults.md), as plain JSON.
"""

from typing import Any
from urllib.parse import quote

from batchctl.errors import CloudError
from batchctl.local.running import ask_running

Json = dict[str, Any]
_NODES = "/pools/{}/nodes?%24select=id%2Cstate%2CisDedicated&api-version=2025-06-01"


def make_fault(asked: Json) -> Json:
    """Brings a fault into force. Raises UsageError for one that the service does not know."""
    given = {name: value for name, value in asked.items() if value is not None}
    made: Json = ask_running("POST", "/_local/faults", given)
    return made


def faults_in_force() -> list[Json]:
    """The faults in force, oldest first."""
    faults: list[Json] = ask_running("GET", "/_local/faults")["value"]
    return faults


def clear_faults(number: int | None) -> None:
    """Ends one fault, or all."""
    ask_running("DELETE", "/_local/faults" if number is None else f"/_local/faults/{number}")


def cause_accident(pool: str, node: str | None, asked: Json) -> str:
    """Something happens to that node, or to the first to which it can happen, one at work if there is one. Its id."""
    if node is not None:
        ask_running("POST", f"/_local/pools/{quote(pool)}/nodes/{quote(node)}", asked)
        return node
    refusal = CloudError(f"the pool {pool} has no node")
    nodes: list[Json] = ask_running("GET", _NODES.format(quote(pool)))["value"]
    for one in sorted(nodes, key=lambda node: node["state"] != "running"):
        try:
            return cause_accident(pool, one["id"], asked)
        except CloudError as error:
            refusal = error
    raise refusal
