"""`python -m batchctl.local HOME NODE AZURITE ASKED INTERVAL IDLE_LIMIT`: leaves the terminal, and returns when both
services serve. The half in the background goes on until they are stopped."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from batchctl.errors import BatchctlError
from batchctl.local.asked import Asked
from batchctl.local.home import Home
from batchctl.local.supervisor import Timing, supervise

_READY = b"ready"


def main(words: list[str]) -> int:
    """The half in the foreground: 0 when the services serve; else 1, and the reason on standard output."""
    home, node, azurite, timing = Home(Path(words[0])), words[1], Path(words[2]), Timing(*map(float, words[4:]))
    found = json.loads(words[3])
    asked = Asked(**found | {"host_names": tuple(found["host_names"])})
    first = _in_background(home, lambda ready: supervise(home, node, azurite, asked, timing, ready))
    if first == _READY:
        return 0
    sys.stdout.buffer.write(first)
    return 1


def _in_background(home: Home, work: Callable[[Callable[[], None]], None]) -> bytes:
    """Runs `work` in a process of its own session, and returns the first word from it."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        with os.fdopen(reader, "rb") as first:
            return first.read()
    os.close(reader)
    os.setsid()  # signals of the terminal, and its end, are not for us any more
    os.umask(0o077)
    os.chdir(home.root)
    _log_to(home.log("supervisor"))
    try:
        work(lambda: _tell(writer, _READY))
    except BatchctlError as error:
        _tell(writer, str(error).encode())
    sys.stderr.flush()
    # A copy of the process in the foreground: what stands above us on the stack is not ours to run.
    os._exit(0)


def _tell(writer: int, word: bytes) -> None:
    """The last word to whoever started us, who may be gone."""
    try:
        os.write(writer, word)
        os.close(writer)
    except OSError as error:
        sys.stderr.write(f"nobody waits for us: {error}\n")


def _log_to(log: Path) -> None:
    """From here on we write to `log` alone: the terminal, and pipes of whoever started us, are let go."""
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
