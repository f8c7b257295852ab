"""What a start of the services is asked for: which ports, and who may reach them by which names."""

import re
from dataclasses import dataclass, replace
from ipaddress import ip_address

from batchctl.errors import Refused, UsageError
from batchctl.local.home import LOOPBACK, State

BINDS = (LOOPBACK, "0.0.0.0")
"""Tasks, and both services among themselves, go over 127.0.0.1: so no other address will do."""
_NAME = re.compile("[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`port` and `blob_port`: these and no others; None: those of the last start, or free ones.

    `bind`: the address to listen on. `host_names`: by which clients may call the services besides those of loopback,
    in lower case. Both count for one start: what starts by itself listens on loopback, and knows no other name.
    `keyless`: over https alone, with tokens beside keys; None: as at the last start.
    """

    port: int | None = None
    blob_port: int | None = None
    bind: str = LOOPBACK
    host_names: tuple[str, ...] = ()
    keyless: bool | None = None


ANY = Asked()


def checked(asked: Asked) -> Asked:
    """The same with host names in lower case. Raises UsageError for what no start can be asked for."""
    if asked.port and asked.port == asked.blob_port:
        raise UsageError(f"--port and --blob-port are both {asked.port}: each service has a port of its own")
    if asked.bind not in BINDS:
        raise UsageError(f"--bind {asked.bind}: {' or '.join(BINDS)} is wanted, for tasks go over loopback")
    names = tuple(dict.fromkeys(name.lower() for name in asked.host_names))
    for name in names:
        if not (_NAME.fullmatch(name) or _is_address(name)):
            raise UsageError(
                f"--host-name {name}: one name or address is wanted, as in http://NAME:PORT, without a port"
            )
    return replace(asked, host_names=names)


def require_as_asked(asked: Asked, state: State) -> None:
    """Raises Refused if the services run otherwise than this start asks for."""
    wrong = [
        *([f"Batch is on port {state.batch_port}"] if asked.port not in (None, state.batch_port) else []),
        *([f"blobs are on port {state.blob_port}"] if asked.blob_port not in (None, state.blob_port) else []),
        *([f"they listen on {state.bind}"] if asked.bind not in (LOOPBACK, state.bind) else []),
        *([f"{'with' if state.keyless else 'without'} --keyless"] if _other_mode(asked, state) else []),
        *(f"they do not know the name {name}" for name in asked.host_names if name not in state.host_names),
    ]
    if wrong:
        raise Refused([f"the local services run already, but {', '.join(wrong)} (batchctl local stop ends them)"])


def _other_mode(asked: Asked, state: State) -> bool:
    return asked.keyless is not None and asked.keyless != state.keyless


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
