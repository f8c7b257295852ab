"""Launches the services: in the background, left to a supervisor, or here, until this process is told to stop."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from batchctl.errors import CloudError
from batchctl.local import azurite
from batchctl.local.asked import Asked
from batchctl.local.certificates import ensure_certificates, write_bundle
from batchctl.local.home import Home
from batchctl.local.processes import clean_environment
from batchctl.local.start import require_free
from batchctl.local.supervisor import Timing, supervise


def launch(home: Home, say: Callable[[str], None], asked: Asked, timing: Timing) -> None:
    """Returns when both serve. Raises UsageError for a port that is taken, CloudError if they do not start."""
    node, main = _prepare(home, say, asked)
    say(f"They stop by themselves after {timing.idle_limit / 60:g} minutes without work, or by: batchctl local stop")
    words = [home.root, node, main, json.dumps(asdict(asked)), timing.interval, timing.idle_limit]
    done = subprocess.run(
        [sys.executable, "-m", "batchctl.local", *map(str, words)],
        cwd=home.root,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C in this terminal is not for them
        check=False,
    )
    if done.returncode != 0:
        why = done.stdout.strip() or done.stderr.strip() or "the local services ended at once"
        raise CloudError(f"{why} (logs: {home.logs}; batchctl local reset starts afresh, without the data)")


def launch_here(home: Home, say: Callable[[str], None], asked: Asked, ready: Callable[[], None]) -> None:
    """Serves until SIGTERM or Ctrl-C, however long nothing is asked of them. Raises as `launch` does."""
    node, main = _prepare(home, say, asked)
    supervise(home, node, main, asked, Timing(idle_limit=float("inf")), ready)


def _prepare(home: Home, say: Callable[[str], None], asked: Asked) -> tuple[str, Path]:
    """Node and Azurite's entry point."""
    from platformdirs import user_cache_path

    for port in (asked.port, asked.blob_port):
        if port:
            require_free(port, asked.bind)
    ensure_certificates(home.certificates, asked.host_names)
    write_bundle(home.certificates, os.environ)
    node = azurite.find_node()
    main = azurite.install_azurite(node, user_cache_path("batchctl"), say)
    say(f"Starting a local Azure Batch and blob store in {home.root}")
    if os.geteuid() == 0:
        say("Warning: tasks will run as root, without a sandbox")
    return node.node, main
