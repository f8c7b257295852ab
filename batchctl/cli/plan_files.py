"""Files of saved plans: told from specs, readable by their owner alone, whole or not there."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.errors import Refused, UsageError

if TYPE_CHECKING:
    from batchctl.reconcile.kept.document import Saved

_BEGINNING = 200
"""Characters that tell a plan from a spec, however long the plan is."""


def is_plan(path: Path) -> bool:
    """By its content, whatever its name is."""
    from batchctl.reconcile.kept.document import is_document

    try:
        # A pipe can be read once only: that is for whoever loads the spec.
        if not path.is_file():
            return False
        with path.open(encoding="utf-8", errors="replace") as stream:
            return is_document(stream.read(_BEGINNING))
    except OSError:
        return False


def require_room(path: Path) -> None:
    """Raises UsageError where no plan could be saved, before anything is asked of the service rather than after."""
    if not path.parent.is_dir():
        raise UsageError(f"--out: there is no directory {path.parent}")
    if os.path.lexists(path) and not is_plan(path):
        raise UsageError(f"--out: {path} is there and no saved plan; it would be lost")


def read_plan(path: Path) -> "Saved":
    """Raises UsageError for what is no plan, Refused for one that is damaged or was edited."""
    from batchctl.reconcile.kept.document import read

    if path.is_file() and not is_plan(path):
        raise UsageError(f"{path} is no saved plan; `batchctl plan SPEC --out FILE` writes one")
    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([f"cannot read the plan {path}: {error}"]) from error


def write_private(path: Path, content: str) -> None:
    """All of it or nothing, for its owner alone; a link in its place is replaced, not followed."""
    # The beginning of the name alone: that of the plan may be as long as a name can be.
    draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        # Private from the first byte: a chmod after the writing would leave a moment in which others can open it.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(content)
            stream.flush()
            # Else a machine that loses power could keep the new name with nothing behind it.
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
