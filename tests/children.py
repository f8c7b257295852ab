"""Processes that tests start and that do not end by themselves: they end with the test, however it ends."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WAITING = "import signal; signal.pause()"


@contextmanager
def child(code: str = WAITING, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Python that runs this code, and is killed at the end: `Popen` itself would wait for it for ever."""
    with subprocess.Popen([sys.executable, "-c", code], **options) as process:
        try:
            yield process
        finally:
            process.kill()
