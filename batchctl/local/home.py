"""The home of the local services: keys, data, logs and last known state, in directories for their owner alone."""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from batchctl.errors import Refused
from batchctl.local.parts import require_parts
from batchctl.local.processes import Process

ACCOUNT = "batchctl"
"""The name of the Batch account and of the storage account. Their keys are random."""
KEY_LENGTH = 32
"""Bytes."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Home:
    """Where things lie under `root`."""

    root: Path

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def certificates(self) -> Path:
        return self.root / "certificates"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def batch(self) -> Path:
        return self.root / "batch"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def used(self) -> Path:
        """Touched whenever a command asks for the services."""
        return self.root / "used"

    @property
    def newer_api(self) -> Path:
        """There while requests of API versions that nobody knows yet are served (emulator/settings.py)."""
        return self.batch / "accept-newer-api"

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"


@dataclass(frozen=True, slots=True)
class State:
    """The last start: ports, which the next start takes again, and processes, which may have ended since.

    `bind`, `host_names`: whom it let in, which counts for it alone. `keyless`: both services were reached over https
    alone, which stays so.
    """

    batch_port: int
    blob_port: int
    supervisor: Process
    emulator: Process
    azurite: Process
    ready: bool = False
    bind: str = LOOPBACK
    host_names: tuple[str, ...] = ()
    keyless: bool = False

    @property
    def scheme(self) -> str:
        """How the blob store is reached; the Batch service hears both."""
        return "https" if self.keyless else "http"


def find_home() -> Home:
    """The home that `BATCHCTL_LOCAL_HOME` names, or the one in the user's state directory. Makes nothing.

    Raises Refused if it is there and others could reach into it, or it holds something else; MachineError where the
    services could not run.
    """
    require_parts()
    chosen = os.environ.get("BATCHCTL_LOCAL_HOME")
    home = Home(Path(chosen).expanduser().absolute() if chosen else _default_root())
    if home.root.exists():
        _require_ours(home)
    return home


def make_home(home: Home) -> None:
    """Makes its directories. Raises Refused as `find_home` does."""
    try:
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_ours(home)
        for directory in (home.keys, home.certificates, home.logs, home.batch, home.blobs):
            directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unfit_home(home, str(error.strerror)) from error


def account_key(home: Home, name: str) -> str:
    """A random key of 256 bits in base64, made at the first call, kept in a file for the owner alone."""
    path = home.keys / name
    if not _is_key(path):
        write_whole(path, base64.b64encode(secrets.token_bytes(KEY_LENGTH)).decode())
    return path.read_text(encoding="ascii")


def _is_key(path: Path) -> bool:
    """Whether it is there, and whole: with an empty one anybody could sign."""
    try:
        return len(base64.b64decode(path.read_bytes(), validate=True)) == KEY_LENGTH
    except (FileNotFoundError, ValueError):
        return False


def load_state(home: Home) -> State | None:
    """The last start; None if there was none, or its file cannot be read."""
    try:
        found = json.loads(home.state.read_text(encoding="utf-8"))
        found |= {name: Process(**found[name]) for name in ("supervisor", "emulator", "azurite")}
        return State(**found | {"host_names": tuple(found.get("host_names", ()))})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_state(home: Home, state: State) -> None:
    """Whoever looks for the services finds them by this."""
    write_whole(home.state, json.dumps(asdict(state), indent=2))


@contextmanager
def locked(path: Path, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Holds the lock file at `path`, alone of all processes of this machine; `say` hears of one that holds it long."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600, poll_interval=0.02)
    try:
        lock.acquire(timeout=0.5)  # a shorter wait is not worth a word
    except Timeout:
        if say:
            say("Waiting for another command that installs, starts or stops the local services …")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing, readable by its owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        # Else a machine that loses power could keep the new name with nothing behind it.
        os.fsync(file.fileno())
    # In one step: others read these files without a lock.
    draft.replace(path)


def _default_root() -> Path:
    from platformdirs import user_state_path

    return user_state_path("batchctl") / "local"


def _require_ours(home: Home) -> None:
    found = home.root.stat()
    if found.st_uid != os.geteuid():
        raise _unfit_home(home, "it belongs to another user")
    # Who may write there could hand us keys that they know, or processes to end.
    if found.st_mode & 0o022:
        raise _unfit_home(home, "other users may write to it (chmod go-w)")
    if any(home.root.iterdir()) and not home.keys.is_dir():
        raise _unfit_home(home, "it holds something else")


def _unfit_home(home: Home, why: str) -> Refused:
    return Refused(
        [f"{home.root} cannot be the home of the local services: {why}. BATCHCTL_LOCAL_HOME chooses another."]
    )
