"""What git says of a spec's files: the commit of their checkout, and which of them are not as it has them."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 10.0
"""Seconds that git may take."""

QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
"""git asks nobody, and writes nothing: not even what it learnt of the files."""


def commit_of(folder: Path) -> str:
    """The commit that is checked out there; "" where there is none, or no git."""
    return (_git(folder, "rev-parse", "--verify", "--quiet", "HEAD") or "").strip()


def changed_files(folder: Path, files: Sequence[Path]) -> tuple[str, ...] | None:
    """Those of the files that are not as the commit has them, as git names them; None where nobody can tell, as of
    files outside the checkout."""
    asked = ("status", "--porcelain=v1", "-z", "--no-renames", "--ignored", "--untracked-files=all", "--")
    found = _git(folder, *asked, *(os.path.relpath(file, folder) for file in files))
    return None if found is None else tuple(entry[3:] for entry in found.split("\0") if entry)


def _git(folder: Path, *words: str) -> str | None:
    """None where it fails. What a repository has set up to watch its files does not run for this."""
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", "--literal-pathspecs", *words]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True, env={**os.environ, **QUIET})
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.decode("utf-8", errors="replace")
