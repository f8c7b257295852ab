"""What a file is that a user names: a spec, or a saved plan."""

from pathlib import Path

BEGINNING = 200
"""Characters that tell a plan from a spec."""


def is_plan(path: Path) -> bool:
    """By its content, whatever its name is."""
    from batchctl.reconcile.kept.document import is_document

    try:
        if not path.is_file():
            return False
        with path.open(encoding="utf-8", errors="replace") as stream:
            return is_document(stream.read(BEGINNING))
    except OSError:
        return False
