"""Who is at the other end of a connection of this machine? Linux tells in /proc/net (proc(5))."""

import os
import socket
import sys
from pathlib import Path

_USER = 7
"""The column of /proc/net/tcp."""
_MAPPED = "0000000000000000FFFF0000"
"""What stands before an IPv4 address where a socket of IPv6 has it."""


def is_of_our_user(peer: tuple[str, int] | None, port: int) -> bool:
    """Whether the process that came from `peer` to our `port` is of the user who runs this service.

    False where the system does not tell.
    """
    return user_of(peer, port) == os.getuid()


def user_of(peer: tuple[str, int] | None, port: int) -> int | None:
    """The user of the process that came from `peer` (an IPv4 address) to our `port`; None where nothing tells it."""
    try:
        packed = socket.inet_aton(peer[0]) if peer else b""
    except OSError:
        return None
    address = f"{int.from_bytes(packed, sys.byteorder):08X}"
    ours = f":{port:04X}"
    ends = {f"{before}{address}:{peer[1]:04X}" for before in ("", _MAPPED)} if peer else set()
    for table in ("tcp", "tcp6"):
        for words in _connections(table):
            # The row of the client's own end: what is local to it is remote to us.
            if words[1] in ends and words[2].endswith(ours):
                return int(words[_USER])
    return None


def _connections(table: str) -> list[list[str]]:
    try:
        return [line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:]]
    except OSError:
        return []
