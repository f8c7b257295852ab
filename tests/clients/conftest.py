"""A service for each module, and the environments of scripts/test-clients (BATCHCTL_CLIENTS names their folder)."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batchctl.emulator.__main__ import GLIMPSE
from batchctl.emulator.clock import WallClock
from tests.emulator.stand import ACCOUNT, KEY, Local

CLIENTS = os.environ.get("BATCHCTL_CLIENTS")
collect_ignore_glob = [] if CLIENTS else ["test_*.py"]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment that names a fresh account to any client."""
    local = Local(tmp_path_factory.mktemp("service") / "home", clock=WallClock()).start(glimpse=GLIMPSE)
    settings = tmp_path_factory.mktemp("az")
    yield {
        **os.environ,
        "AZURE_BATCH_ACCOUNT": ACCOUNT,
        "AZURE_BATCH_ENDPOINT": local.url,
        "AZURE_BATCH_ACCESS_KEY": KEY,
        "AZURE_CONFIG_DIR": str(settings),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
        "NODE_PATH": str(folder() / "npm/node_modules"),
    }
    local.stop()


@pytest.fixture
def drive(account: dict[str, str]) -> Callable[..., None]:
    """Runs a program against the account; what it says is shown where it fails."""

    def run(*command: object) -> None:
        done = subprocess.run([str(word) for word in command], env=account, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def folder() -> Path:
    return Path(CLIENTS or "").absolute()
