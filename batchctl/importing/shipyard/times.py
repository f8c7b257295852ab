"""Durations of Batch Shipyard, `D.HH:MM:SS`, as ISO 8601."""

import re
from datetime import timedelta

from isodate import duration_isoformat

from batchctl.importing.found import Found

TIME = re.compile(r"(?:([0-9]{1,6})\.)?([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.[0-9]+)?")


def span(found: Found) -> timedelta:
    """Raises SpecError."""
    parts = TIME.fullmatch(found.text())
    if parts is None:
        found.wrong("a duration is HH:MM:SS, or D.HH:MM:SS")
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def iso(found: Found) -> str:
    return str(duration_isoformat(span(found)))
