"""Declarative orchestration of Azure Batch."""

from typing import TYPE_CHECKING

from batchctl.version import __version__

if TYPE_CHECKING:
    from batchctl.library import (
        BatchctlError,
        Event,
        JobStatus,
        Outcome,
        Plan,
        PoolStatus,
        RunStatus,
        Workload,
        apply,
        destroy,
        load,
        plan,
        status,
    )

__all__ = [
    "BatchctlError",
    "Event",
    "JobStatus",
    "Outcome",
    "Plan",
    "PoolStatus",
    "RunStatus",
    "Workload",
    "__version__",
    "apply",
    "destroy",
    "load",
    "plan",
    "status",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Loaded when it is first asked for: the command line, and pytest with our plugin, load this package too."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from batchctl import library

        return getattr(library, name)


def __dir__() -> list[str]:
    return __all__
