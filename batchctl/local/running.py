"""Asks the emulator of this machine's home, which has to run, and says in words what it refuses."""

from http.client import HTTPException
from typing import Any

from batchctl.errors import CloudError, UsageError
from batchctl.local.ask import ask_emulator
from batchctl.local.home import ACCOUNT, account_key, find_home, load_state

Json = dict[str, Any]


def ask_running(method: str, path: str, body: Json | None = None, *, timeout: float = 30.0) -> Any:
    """Asks the emulator of this home. Raises CloudError if it does not run or refuses, UsageError for a bad value."""
    home = find_home()
    state = load_state(home)
    if state is None:
        raise CloudError("the local services do not run: batchctl local start")
    key = account_key(home, "batch")
    try:
        status, answer = ask_emulator(state.batch_port, ACCOUNT, key, method, path, body, timeout=timeout)
    except (OSError, HTTPException, ValueError) as error:
        raise CloudError(f"the local services do not run (batchctl local start): {error}") from error
    if status < 300:
        return answer
    told = {entry["key"]: entry["value"] for entry in answer.get("values", ())}
    message = answer["message"]["value"].split("\n")[0]
    why = f"{message} {', '.join(f'{name}: {value}' for name, value in told.items())}".strip()
    raise UsageError(why) if status == 400 else CloudError(why, status=status, code=answer["code"])
