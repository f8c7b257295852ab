"""The local services, an Azure Batch and a blob store on this machine: installs, starts, finds and stops them.

`ensure_running` gives their addresses and keys; everything after that is HTTP and knows no difference.
"""

import shutil
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from batchctl.errors import CloudError, Refused
from batchctl.local.ask import ask_activity
from batchctl.local.asked import ANY, Asked, checked, require_as_asked
from batchctl.local.emptying import empty_batch, empty_blobs
from batchctl.local.home import ACCOUNT, Home, State, account_key, find_home, load_state, locked, make_home
from batchctl.local.processes import end_processes, is_alive
from batchctl.local.services import Services, services_of
from batchctl.local.supervisor import TIMING, Timing

__all__ = [
    "Asked",
    "Services",
    "Status",
    "Timing",
    "accept_newer_api",
    "ensure_running",
    "left_in",
    "logs",
    "replace_data",
    "reset",
    "serve_here",
    "status",
    "stop",
]

_STOP_WITHIN = 75.0  # longer than the supervisor gives its two children


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What runs now. The other fields are None where nothing does, or where it does not answer."""

    home: Path
    running: bool
    batch_url: str | None = None
    blob_url: str | None = None
    idle_seconds: float | None = None
    running_tasks: int | None = None
    ahead_seconds: float | None = None
    time_scale: float | None = None
    faults: int | None = None
    accepts_newer_api: bool = False
    pids: dict[str, int] | None = None
    bind: str | None = None
    host_names: tuple[str, ...] = ()
    keyless: bool = False


def ensure_running(say: Callable[[str], None], *, asked: Asked = ANY, timing: Timing = TIMING) -> Services:
    """The services, installed and started in the background if they are not; `say` hears what takes time.

    `timing` counts for a start only. Raises UsageError for what cannot be `asked`, Refused if the home is not ours
    alone or they run otherwise already, CloudError if they cannot be installed or started.
    """
    asked, home = checked(asked), find_home()
    make_home(home)
    with locked(home.lock, say):
        # A supervisor that found itself idle looks once more under this lock: what we name now is not stopped after it.
        home.used.touch(mode=0o600)
        if state := _running_state(home):
            require_as_asked(asked, state)
        else:
            state = _start(home, say, asked, timing)
        return services_of(home, state)


def accept_newer_api(accepted: bool) -> None:
    """Whether requests of API versions that are newer than is known are served from now on, as the newest that is."""
    mark = find_home().newer_api
    if accepted:
        mark.touch(mode=0o600)
    else:
        mark.unlink(missing_ok=True)


def serve_here(say: Callable[[str], None], asked: Asked, ready: Callable[[Services], None]) -> None:
    """Serves in this process until SIGTERM or Ctrl-C; `ready` hears where. Raises as `ensure_running` does, and Refused
    if the services run already."""
    from batchctl.local.launch import launch_here

    asked, home = checked(asked), find_home()
    make_home(home)
    with ExitStack() as until_ready:
        until_ready.enter_context(locked(home.lock, say))
        if _running_state(home):
            raise Refused(["the local services run already: batchctl local stop"])
        _end_all(home)

        def serve_all() -> None:
            until_ready.close()
            if state := load_state(home):
                ready(services_of(home, state))

        launch_here(home, say, asked, serve_all)


def status() -> Status:
    """What runs now. Starts and makes nothing."""
    home = find_home()
    state = _running_state(home)
    if state is None:
        return Status(home=home.root, running=False)
    services, found = services_of(home, state), ask_activity(state.batch_port, ACCOUNT, account_key(home, "batch"))
    return Status(
        home=home.root,
        running=True,
        batch_url=services.batch_url,
        blob_url=services.blob_url,
        idle_seconds=found.idle_seconds if found else None,
        running_tasks=found.running_tasks if found else None,
        ahead_seconds=found.ahead_seconds if found else None,
        time_scale=found.time_scale if found else None,
        faults=found.faults if found else None,
        accepts_newer_api=home.newer_api.exists(),
        pids={name: getattr(state, name).pid for name in ("supervisor", "emulator", "azurite")},
        keyless=state.keyless,
        bind=state.bind,
        host_names=state.host_names,
    )


def stop() -> bool:
    """Stops the services and waits until all is on disk. False if nothing ran. Raises CloudError if they do not end."""
    home = find_home()
    if not home.lock.exists():
        return False
    with locked(home.lock):
        return _end_all(home)


def left_in(environ: Mapping[str, str]) -> list[str]:
    """The variables of `environ` that the services gave as their `environment`, keyless or not."""
    home = find_home()
    state = load_state(home)
    if state is None:
        return []
    given = [services_of(home, replace(state, keyless=mode)).environment.items() for mode in (False, True)]
    return [name for name, value in dict.fromkeys(chain(*given)) if environ.get(name) == value]


def reset() -> bool:
    """Removes all that the services hold, without a question; keys, ports and logs stay. True if they serve on, empty.

    Services that run are emptied where they are; those that do not answer are stopped first.
    """
    home = find_home()
    if not home.lock.exists():
        return False
    with locked(home.lock):
        state = _running_state(home)
        with suppress(CloudError):
            if state:
                empty_batch(state.batch_port, ACCOUNT, account_key(home, "batch"))
                empty_blobs(services_of(home, state))
                return True
        _end_all(home)
        for data in (home.batch, home.blobs):
            shutil.rmtree(data, ignore_errors=True)
        return False


def replace_data(drafts: Path, say: Callable[[str], None]) -> None:
    """Puts `batch/` and `blobs/` of `drafts` in the place of all that is held, and starts the services.

    Raises Refused if they do not start with it: then what was held is back.
    """
    home = find_home()
    with locked(home.lock, say):
        before = _asked_before(home)
        ran = _end_all(home)
        _swap_data(home, drafts)
        try:
            _start(home, say, before, TIMING)
        except CloudError as error:
            _end_all(home)
            _swap_data(home, drafts)
            if ran:
                _start(home, say, before, TIMING)
            raise Refused([f"the services do not start with it, and what they held is back: {error}"]) from error


def _swap_data(home: Home, drafts: Path) -> None:
    """What lies in `drafts` is held, and what was held lies there."""
    for data in (home.batch, home.blobs):
        data.rename(drafts / "aside")
        (drafts / data.name).rename(data)
        (drafts / "aside").rename(drafts / data.name)


def logs(lines: int) -> dict[str, list[str]]:
    """The last `lines` of each service's log, by the name of the service."""
    found = {}
    for name in ("supervisor", "emulator", "azurite"):
        path = find_home().log(name)
        if path.exists():
            with path.open(encoding="utf-8", errors="replace") as file:
                found[name] = [line.rstrip("\n") for line in deque(file, lines)]
    return found


def _start(home: Home, say: Callable[[str], None], asked: Asked, timing: Timing) -> State:
    from batchctl.local.launch import launch

    _end_all(home)  # what a killed supervisor may have left
    make_home(home)
    launch(home, say, asked, timing)
    state = _running_state(home)
    if state is None:
        raise CloudError(f"the local services ended at once (logs: {home.logs})")
    found = ask_activity(state.batch_port, ACCOUNT, account_key(home, "batch"))
    if found and found.is_set:
        say("As it was left: its clock is ahead, steps take time or faults are in force (batchctl local status)")
    return state


def _running_state(home: Home) -> State | None:
    state = load_state(home)
    up = state is not None and state.ready and all(map(is_alive, (state.supervisor, state.emulator, state.azurite)))
    return state if up else None


def _asked_before(home: Home) -> Asked:
    """What the start was asked for of which the services run; ANY if they do not."""
    state = _running_state(home)
    return Asked(bind=state.bind, host_names=state.host_names) if state else ANY


def _end_all(home: Home) -> bool:
    """The supervisor ends its children in order; what is left without one is ended after it."""
    state = load_state(home)
    if state is None:
        return False
    ran = any(is_alive(process) for process in (state.supervisor, state.emulator, state.azurite))
    for processes in ([state.supervisor], [state.emulator], [state.azurite]):
        if left := end_processes(processes, within=_STOP_WITHIN):
            raise CloudError(f"process {left[0].pid} of the local services does not end (logs: {home.logs})")
    return ran
