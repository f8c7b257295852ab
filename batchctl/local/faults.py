"""Faults on demand in the running emulator: made, listed, cleared; and accidents of its nodes.

The values are those of the emulator's own surface below /_local (docs/faults.md), as plain JSON.
"""

from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from batchctl.errors import CloudError, UsageError
from batchctl.local.ask import ask_emulator
from batchctl.local.home import ACCOUNT, account_key, find_home, load_state

Json = dict[str, Any]
_NODES = "/pools/{}/nodes?%24select=id%2Cstate%2CisDedicated&api-version=2025-06-01"


def make_fault(asked: Json) -> Json:
    """Brings a fault into force. Raises UsageError for one that the service does not know."""
    given = {name: value for name, value in asked.items() if value is not None}
    made: Json = _ask_running("POST", "/_local/faults", given)
    return made


def faults_in_force() -> list[Json]:
    """The faults in force, oldest first."""
    faults: list[Json] = _ask_running("GET", "/_local/faults")["value"]
    return faults


def clear_faults(number: int | None) -> None:
    """Ends one fault, or all."""
    _ask_running("DELETE", "/_local/faults" if number is None else f"/_local/faults/{number}")


def cause_accident(pool: str, node: str | None, asked: Json) -> str:
    """Something happens to that node, or to the first to which it can happen, one at work if there is one. Its id."""
    if node is not None:
        _ask_running("POST", f"/_local/pools/{quote(pool)}/nodes/{quote(node)}", asked)
        return node
    refusal = CloudError(f"the pool {pool} has no node")
    nodes: list[Json] = _ask_running("GET", _NODES.format(quote(pool)))["value"]
    for one in sorted(nodes, key=lambda node: node["state"] != "running"):
        try:
            return cause_accident(pool, one["id"], asked)
        except CloudError as error:
            refusal = error
    raise refusal


def _ask_running(method: str, path: str, body: Json | None = None) -> Any:
    """Asks the emulator of this home. Raises CloudError if it does not run or refuses, UsageError for a bad value."""
    home = find_home()
    state = load_state(home)
    if state is None:
        raise CloudError("the local services do not run: batchctl local start")
    try:
        status, answer = ask_emulator(state.batch_port, ACCOUNT, account_key(home, "batch"), method, path, body)
    except (OSError, HTTPException, ValueError) as error:
        raise CloudError(f"the local services do not run (batchctl local start): {error}") from error
    if status < 300:
        return answer
    told = {entry["key"]: entry["value"] for entry in answer.get("values", ())}
    message = answer["message"]["value"].split("\n")[0]
    why = f"{message} {', '.join(f'{name}: {value}' for name, value in told.items())}".strip()
    raise UsageError(why) if status == 400 else CloudError(why, status=status, code=answer["code"])
