"""Services of this process's own, without a supervisor: nobody else finds them, and they end with it, however it ends.

The blob store starts when it is first wanted: many never do, and it takes a second.
"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from batchctl.local.asked import Asked
from batchctl.local.certificates import ensure_certificates
from batchctl.local.emptying import empty_batch, empty_blobs
from batchctl.local.home import ACCOUNT, LOOPBACK, Home, account_key, make_home
from batchctl.local.parts import require_parts
from batchctl.local.services import Services
from batchctl.local.start import (
    await_start,
    azurite_serves,
    hold_port,
    start_azurite,
    start_emulator,
    url_of_emulator,
)

_STOP_WITHIN = 30.0


class OwnServices:
    """A Batch service in a home of its own at `root`; `say` hears what takes time.

    Raises CloudError if a service cannot be installed or started, MachineError where something that they need is not.
    """

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        require_parts()
        self._home, self._say, self._starting = Home(root), say, Lock()
        make_home(self._home)
        ensure_certificates(self._home.certificates)
        self._held = hold_port()
        self._asked = Asked(port=0, blob_port=self._held.getsockname()[1])
        self._azurite: subprocess.Popen[bytes] | None = None
        self._emulator = start_emulator(self._home, self._asked)
        self._await("emulator", self._emulator, lambda: url_of_emulator(self._home) is not None)
        self._batch_url = url_of_emulator(self._home) or ""

    @property
    def services(self) -> Services:
        """Where they are, and what opens them. The blob store may not run yet."""
        return Services(
            batch_url=self._batch_url,
            batch_account=ACCOUNT,
            batch_key=account_key(self._home, "batch"),
            blob_url=f"http://{LOOPBACK}:{self._asked.blob_port}/{ACCOUNT}",
            storage_account=ACCOUNT,
            storage_key=account_key(self._home, "storage"),
            home=self._home.root,
        )

    def start_blobs(self) -> None:
        """Starts the blob store, if it does not run."""
        with self._starting:
            if self._azurite is None:
                self._start_azurite()

    def empty(self) -> None:
        """Everything that they hold goes, within milliseconds. Raises CloudError if they do not answer."""
        empty_batch(urlsplit(self._batch_url).port or 0, ACCOUNT, account_key(self._home, "batch"))
        if self._azurite:
            empty_blobs(self.services)

    def end(self) -> None:
        """Ends both. What the blob store held is wanted by nobody: it is killed."""
        self._held.close()
        if self._azurite:
            self._azurite.kill()
        self._emulator.terminate()
        for child in (self._emulator, self._azurite):
            if child:
                _reap(child)

    def _start_azurite(self) -> None:
        from platformdirs import user_cache_path

        from batchctl.local import azurite

        node = azurite.find_node()
        main = azurite.install_azurite(node, user_cache_path("batchctl"), self._say)
        self._held.close()  # now the port is Azurite's
        child = start_azurite(self._home, node.node, main, self._asked)
        port = self._asked.blob_port or 0
        self._await("azurite", child, lambda: azurite_serves(self._home, "http", LOOPBACK, port))
        self._azurite = child

    def _await(self, name: str, child: "subprocess.Popen[bytes]", serves: Callable[[], bool]) -> None:
        try:
            await_start(self._home, serves, lambda: () if child.poll() is None else (name,), time.sleep)
        except BaseException:
            child.kill()
            _reap(child)
            raise


def _reap(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin:
        child.stdin.close()
