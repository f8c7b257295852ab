"""What the services of this machine need beside batchctl itself: the extra `local`."""

from importlib.util import find_spec

from batchctl.errors import MachineError

PARTS = ("cryptography", "filelock", "jwt", "starlette", "urllib3", "uvicorn")
"""By the names under which they are imported."""


def require_parts() -> None:
    """Raises MachineError, which says what to install, where one of them is missing."""
    if missing := [name for name in PARTS if find_spec(name) is None]:
        raise MachineError(
            f"the services of this machine need what is not installed here ({', '.join(missing)}): run "
            "pip install 'batchctl[local]'"
        )
