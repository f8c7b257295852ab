"""Starts both services as children of this process, and waits until they serve.

The standard input of each is a pipe to which nothing is written: its end tells them that we are gone, however we went.
"""

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from batchctl.errors import CloudError, UsageError
from batchctl.local.asked import Asked
from batchctl.local.azurite import GUARD
from batchctl.local.home import ACCOUNT, LOOPBACK, Home, State, account_key, load_state, save_state
from batchctl.local.processes import Process, clean_environment, find_process
from batchctl.local.signals import asked_to_stop

_WITHIN = 90.0
_PORTS = range(20000, 32000)  # below those that systems hand out, so that a remembered one stays free


@dataclass(frozen=True, slots=True)
class Children:
    """Both services, as processes of ours."""

    emulator: subprocess.Popen[bytes]
    azurite: subprocess.Popen[bytes]

    def ended(self) -> tuple[str, ...]:
        """The names of those that run no more."""
        return tuple(name for name in ("emulator", "azurite") if getattr(self, name).poll() is not None)


def start_both(home: Home, node: str, azurite: Path, asked: Asked) -> tuple[State, Children]:
    """Starts both and writes down that they are on their way."""
    before = load_state(home)
    taken = (asked.blob_port,) if asked.blob_port else ()
    batch_port = asked.port or choose_port(before.batch_port if before else None, taken)
    blob_port = asked.blob_port or choose_port(before.blob_port if before else None, (batch_port,))
    keyless = asked.keyless if asked.keyless is not None else bool(before and before.keyless)
    asked = replace(asked, port=batch_port, blob_port=blob_port, keyless=keyless)
    children = Children(start_emulator(home, asked), start_azurite(home, node, azurite, asked))
    ours, emulator, blobs = (_process_of(pid) for pid in (os.getpid(), children.emulator.pid, children.azurite.pid))
    state = State(
        *(batch_port, blob_port, ours, emulator, blobs),
        bind=asked.bind,
        host_names=asked.host_names,
        keyless=keyless,
    )
    save_state(home, state)
    return state, children


def await_both(home: Home, state: State, children: Children, signals: int) -> None:
    """Returns when both serve. Raises CloudError if one ends, or it takes too long, or we are asked to stop."""

    def serve() -> bool:
        return bool(url_of_emulator(home)) and azurite_serves(home, state.scheme, state.bind, state.blob_port)

    def wait(seconds: float) -> None:
        if asked_to_stop(signals, within=seconds):
            raise CloudError("the local services were stopped while they started")

    await_start(home, serve, children.ended, wait)


def await_start(
    home: Home, serve: Callable[[], bool], ended: Callable[[], tuple[str, ...]], wait: Callable[[float], None]
) -> None:
    """Returns when they `serve`. Raises CloudError if one has `ended`, or it takes too long."""
    deadline = time.monotonic() + _WITHIN
    while not serve():
        for name in ended():
            raise CloudError(f"the local {name} ended at its start: {_last_line(home.log(name))}")
        if time.monotonic() > deadline:
            raise CloudError(f"the local services did not start within {_WITHIN:.0f} s; see {home.logs}")
        wait(0.05)


def url_of_emulator(home: Home) -> str | None:
    """Where it listens; None until it does."""
    try:
        return str(json.loads(_ready_file(home).read_text(encoding="utf-8"))["url"])
    except FileNotFoundError:
        return None


def azurite_serves(home: Home, scheme: str, bind: str, port: int) -> bool:
    """Azurite says so nowhere else; its log is of this start alone."""
    return f"listens on {scheme}://{bind}:{port}".encode() in home.log("azurite").read_bytes()


def choose_port(remembered: int | None, taken: tuple[int, ...] = ()) -> int:
    """The remembered port, so that URLs in queued tasks stay right; another one only if it is taken."""
    candidates = [*([remembered] if remembered else []), *random.sample(_PORTS, 200)]
    return next(port for port in candidates if port not in taken and _why_not(port, LOOPBACK) is None)


def hold_port() -> socket.socket:
    """A socket on a free port, which nobody else gets until it is closed."""
    for port in random.sample(_PORTS, 200):
        held = socket.socket()  # without SO_REUSEADDR: what is bound so is taken, also for those who would share
        try:
            held.bind((LOOPBACK, port))
            return held
        except OSError:
            held.close()
    raise CloudError("no port is free on 127.0.0.1")


def require_free(port: int, bind: str) -> None:
    """Raises UsageError if nobody can listen there."""
    if why := _why_not(port, bind):
        raise UsageError(
            f"port {port} on {bind} cannot be had ({why}): nothing was started. Another port, or none, will do"
        )


def _why_not(port: int, bind: str) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what closed connections leave does not matter
        try:
            probe.bind((bind, port))
            probe.listen(1)  # with that option two may bind, and one may listen
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None


def start_emulator(home: Home, asked: Asked) -> subprocess.Popen[bytes]:
    """The emulator on its way; port 0: any free one."""
    # That of the last start would say that this one is ready.
    _ready_file(home).unlink(missing_ok=True)
    # The emulator is told files, not keys: a command line can be read by every user. They are made by asking for them.
    account_key(home, "batch")
    account_key(home, "storage")
    options = {"--home": home.batch, "--port": asked.port, "--account": ACCOUNT, "--key-file": home.keys / "batch"}
    options |= {"--certificates": home.certificates}
    storage = f"{'https' if asked.keyless else 'http'}://{LOOPBACK}:{asked.blob_port}/{ACCOUNT}"
    # Beside the others: what is kept in the home may be put back from elsewhere, and tokens are good for an hour.
    options |= {"--identity-key": home.keys / "identity.pem"}
    options |= {"--storage-url": storage, "--storage-key-file": home.keys / "storage"}
    if containers := os.environ.get("BATCHCTL_LOCAL_CONTAINERS"):
        options["--containers"] = containers
    options |= {"--bind": asked.bind, "--ready-file": _ready_file(home)}
    words = [str(word) for option in options.items() for word in option]
    words += [word for name in asked.host_names for word in ("--host-name", name)]
    words += ["--keyless"] if asked.keyless else []
    with _fresh_log(home.log("emulator")) as log:
        return subprocess.Popen(
            [sys.executable, "-m", "batchctl.emulator", *words, "--exit-with-parent"],
            cwd=home.batch,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )


def start_azurite(home: Home, node: str, main: Path, asked: Asked) -> subprocess.Popen[bytes]:
    """Azurite on its way."""
    words = ["--blobHost", asked.bind, "--blobPort", str(asked.blob_port)]
    words += ["--location", str(home.blobs), "--disableTelemetry"]
    words += ["--skipApiVersionCheck"]  # SDKs are newer than it, and ask for little that it does not know
    if asked.host_names:  # else the first part of a name with a dot would be taken for the account
        words += ["--disableProductStyleUrl"]
    if asked.keyless:  # with a certificate it speaks https alone, and without one it takes no token
        words += ["--cert", str(home.certificates / "server.pem"), "--key", str(home.certificates / "server.key")]
        words += ["--oauth", "basic"]
    with _fresh_log(home.log("azurite")) as log:
        return subprocess.Popen(
            [node, "--require", str(GUARD), str(main), *words],
            cwd=home.blobs,
            env={**clean_environment(), "AZURITE_ACCOUNTS": f"{ACCOUNT}:{account_key(home, 'storage')}"},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )


@contextmanager
def _fresh_log(path: Path) -> Iterator[IO[bytes]]:
    """An empty log; that of the last start is kept beside it."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    with path.open("ab") as log:  # appending, so that both output streams of a service may share it
        yield log


def _process_of(pid: int) -> Process:
    return find_process(pid) or Process(pid, "ended at once")


def _ready_file(home: Home) -> Path:
    return home.batch / "ready"


def _last_line(log: Path) -> str:
    lines = (line.strip() for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()))
    return next((line for line in lines if line), "it said nothing")
