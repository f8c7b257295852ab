"""Signals as something to wait for: none is missed, none strikes in the middle of a step."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_STOP = {signal.SIGTERM, signal.SIGINT}


@contextmanager
def caught_signals() -> Iterator[int]:
    """A descriptor that becomes readable when a child ends or somebody asks us to stop."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)  # Python asks for it; a full pipe wakes us as well
    for number in (*_STOP, signal.SIGCHLD):
        # It does nothing, but without one Python writes no byte to the descriptor.
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)


def asked_to_stop(signals: int, *, within: float) -> bool:
    """Waits at most `within` seconds for a signal; True if it asks us to stop."""
    if not select.select([signals], [], [], within)[0]:
        return False
    return bool(_STOP & set(os.read(signals, 256)))
