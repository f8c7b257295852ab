"""The parent of both services: watches that work goes on, and stops them in good order when it does not."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batchctl.local.ask import Activity, ask_activity
from batchctl.local.asked import Asked
from batchctl.local.home import ACCOUNT, Home, State, account_key, save_state
from batchctl.local.signals import asked_to_stop, caught_signals
from batchctl.local.start import Children, await_both, start_both

_STOP_WITHIN = 30.0  # each: whoever stops us waits for more than both


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: between two looks at the services, and of idleness after which they stop."""

    interval: float = 15.0
    idle_limit: float = 30 * 60.0


TIMING = Timing()


def supervise(home: Home, node: str, azurite: Path, asked: Asked, timing: Timing, ready: Callable[[], None]) -> None:
    """Runs both services until they are idle, one of them ends, or SIGTERM. Raises CloudError if they do not start."""
    with caught_signals() as signals:
        state, children = start_both(home, node, azurite, asked)
        try:
            await_both(home, state, children, signals)
            save_state(home, replace(state, ready=True))
            ready()
            while not asked_to_stop(signals, within=timing.interval) and not children.ended():
                if _idle_now(home, state) >= timing.idle_limit and _stop_unless_wanted(home, state, children, timing):
                    return
        finally:
            _stop_both(home, state, children)


def idle_for(now: float, touched: Sequence[float], found: Activity | None) -> float:
    """Seconds since anybody asked anything of either service; 0 while a task runs or the emulator does not answer.

    `now` and `touched` are seconds since the epoch.
    """
    if found is None or found.running_tasks:
        return 0.0
    return min(found.idle_seconds, *(now - moment for moment in touched))


def _idle_now(home: Home, state: State) -> float:
    touched = [path.stat().st_mtime for path in (home.used, home.log("azurite"))]
    return idle_for(time.time(), touched, ask_activity(state.batch_port, ACCOUNT, account_key(home, "batch")))


def _stop_unless_wanted(home: Home, state: State, children: Children, timing: Timing) -> bool:
    """Stops under the lock that whoever asks for the services holds: nobody is told that they run while they end."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(home.lock, mode=0o600, timeout=0):
            # Somebody may have asked for them since we looked.
            if _idle_now(home, state) < timing.idle_limit:
                return False
            sys.stderr.write(f"nothing was asked for {timing.idle_limit:g} s: stopping\n")
            _stop_both(home, state, children)
            return True
    except Timeout:  # who holds the lock wants them
        return False


def _stop_both(home: Home, state: State, children: Children) -> None:
    """The emulator first: its tasks still upload. Azurite loses what it has not yet written if it is killed."""
    save_state(home, state)  # no longer ready
    for child in (children.emulator, children.azurite):
        child.terminate()
        try:
            child.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"process {child.pid} did not end within {_STOP_WITHIN:.0f} s: killed\n")
            child.kill()
            child.wait()
