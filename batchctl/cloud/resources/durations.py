"""ISO 8601 durations as the service writes them."""

from datetime import timedelta

import isodate

UNLIMITED = timedelta(days=10_000_000)
"""Batch writes "no limit" as the longest duration it knows, 10,675,199 days."""


def duration(text: str | None) -> timedelta | None:
    """A duration of the service; None for none and for "unlimited"."""
    if text is None:
        return None
    found = isodate.parse_duration(text)
    return None if not isinstance(found, timedelta) or found > UNLIMITED else found


def duration_text(found: timedelta | None) -> str | None:
    return None if found is None else str(isodate.duration_isoformat(found))


def limits_body(**limits: timedelta | int | None) -> dict[str, str | int]:
    """REST names to limits; what is None is left out."""
    texts = {name: duration_text(v) if isinstance(v, timedelta) else v for name, v in limits.items()}
    return {name: text for name, text in texts.items() if text is not None}
