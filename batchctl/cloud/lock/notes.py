"""What is written on a lock: who holds it, whether that process can be known to be dead, and which plans were used."""

import getpass
import hashlib
import os
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote

from batchctl.cloud.marks import number
from batchctl.cloud_answers import Ticket
from batchctl.frozen import dataclass

UNKNOWN = "unknown"

USED = "batchctl_used"

MOST_TICKETS = 200
"""Metadata of a blob is at most 8 KiB, and so much of them is 28 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """`who` is for people. `machine` tells apart what has process ids of its own ("": cannot be told); `born` is when
    the process began, in the system's own count."""

    who: str = UNKNOWN
    since: str = UNKNOWN
    run: str = UNKNOWN
    machine: str = ""
    pid: int = 0
    born: str = ""

    @classmethod
    def this(cls, since: str, run: str) -> Self:
        pid = os.getpid()
        who = f"{_user()}@{socket.gethostname()}, pid {pid}"
        return cls(who=who, since=since, run=run, machine=_machine(), pid=pid, born=_born(pid) or "")

    @classmethod
    def read(cls, metadata: Mapping[str, str] | None) -> Self:
        said = {name: unquote((metadata or {}).get(f"batchctl_{name}", "")) for name in cls.__slots__}
        pid = number(said.pop("pid"))
        return cls(pid=pid, **{name: value for name, value in said.items() if value})

    def metadata(self) -> dict[str, str]:
        """ASCII alone, as storage asks."""
        return {f"batchctl_{name}": quote(str(getattr(self, name)), safe="@,: ") for name in self.__slots__}

    @property
    def dead(self) -> bool:
        """It ran on this machine and does not run any more. False where that cannot be known."""
        if not self.machine or not self.born or self.machine != _machine():
            return False
        return _born(self.pid) != self.born


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid()) if hasattr(os, "getuid") else "somebody"


def _machine() -> str:
    """This boot of this machine, and this namespace of process ids: two containers on one host are two machines."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return hashlib.sha256(f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}".encode()).hexdigest()[:16]
    except OSError:
        return ""


def _born(pid: int) -> str | None:
    """When the process began, in ticks since boot (proc(5), stat, field 22); None if there is none, or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # After the last parenthesis: the name of a program may hold blanks and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def used_tickets(metadata: Mapping[str, str] | None, now: datetime) -> frozenset[Ticket]:
    """Those that were used and have not expired; an expired plan is refused anyway."""
    words = (metadata or {}).get(USED, "").split()
    found = ((id, number(end)) for id, _, end in (word.partition("@") for word in words))
    tickets = (Ticket(id=id, until=datetime.fromtimestamp(end, UTC)) for id, end in found)
    return frozenset(ticket for ticket in tickets if ticket.until > now)


def ticket_metadata(tickets: Iterable[Ticket]) -> dict[str, str]:
    """Which saved plans were used outlives all that they made (design D4)."""
    # Of too many those that expire last: the others are the first to be refused for their age.
    latest = sorted(tickets, key=lambda ticket: (ticket.until, ticket.id))[-MOST_TICKETS:]
    return {USED: " ".join(f"{t.id}@{int(t.until.timestamp())}" for t in latest)} if latest else {}
