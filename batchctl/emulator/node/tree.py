"""Directories that are a task's to fill: as deep, as locked and as oddly named as any program can make them."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def all_below(root: Path) -> Iterator[Path]:
    """All below the root; links are shown and not followed. What is gone meanwhile, or out of reach, is left out."""
    waiting = [str(root)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def shown_name(name: str) -> str:
    """The name of a file as text: bytes that are no UTF-8 are shown as U+FFFD."""
    return os.fsencode(name).decode(errors="replace")


def remove_tree(path: Path) -> None:
    """Deletes a directory, also where a task took away its own write permission."""

    def unlock(function: Callable[..., Any], name: str, _error: Any) -> None:
        with contextlib.suppress(OSError):
            Path(name).parent.chmod(0o700)
            Path(name).chmod(0o700)
            function(name)

    try:
        shutil.rmtree(path, onerror=unlock)
    except RecursionError:  # a thousand levels: Python goes no deeper, these do
        for command in (("chmod", "-R", "u+rwx"), ("rm", "-rf")):
            subprocess.run([*command, "--", str(path)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
