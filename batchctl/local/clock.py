"""The clock of the running emulator: set ahead, and the scale by which its steps take time."""

from batchctl.local.running import ask_running

_WITHIN = 1800.0
"""Seconds that an advance may take: what waited on the clock is done meanwhile, of a year very much."""


def advance(seconds: float) -> float:
    """Lets so much time go by there; how far its clock is ahead then. Raises UsageError for more than a year."""
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    answer = ask_running("POST", "/_local/clock", {"advance": f"PT{text}S"}, timeout=_WITHIN)
    return float(answer["aheadSeconds"])


def set_time_scale(scale: float) -> None:
    """From now on steps of pools, nodes and deletes take their usual time times this. Raises UsageError."""
    ask_running("POST", "/_local/clock", {"timeScale": scale})
