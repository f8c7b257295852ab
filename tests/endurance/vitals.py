"""What processes take of the machine: memory, open files, threads (Linux: /proc)."""

import os
from dataclasses import dataclass
from pathlib import Path

from batchctl import local

MORE_MEMORY, MORE_MEGABYTES = 1.15, 12
"""Flat is: no more than so many times as much, and so many MB."""

MORE_FILES = MORE_THREADS = 6
"""Connections that are kept, and threads that wait for work, come and go."""


@dataclass(frozen=True)
class Vitals:
    """Of one process. `memory` in MB, resident."""

    memory: int
    files: int
    threads: int

    def grown(self, before: "Vitals") -> list[str]:
        """What is more than noise."""
        found = []
        if self.memory > before.memory * MORE_MEMORY + MORE_MEGABYTES:
            found.append(f"memory {before.memory} -> {self.memory} MB")
        if self.files > before.files + MORE_FILES:
            found.append(f"open files {before.files} -> {self.files}")
        if self.threads > before.threads + MORE_THREADS:
            found.append(f"threads {before.threads} -> {self.threads}")
        return found


def vitals() -> dict[str, Vitals]:
    """Of the services, and of the client, which is this process."""
    return {name: _of(pid) for name, pid in {**(local.status().pids or {}), "client": os.getpid()}.items()}


def _of(pid: int) -> Vitals:
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    said = {words[0]: words[1] for words in lines if len(words) > 1}
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Vitals(int(said["VmRSS:"]) // 1024, files, int(said["Threads:"]))
