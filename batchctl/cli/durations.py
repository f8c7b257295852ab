"""Durations on the command line."""

import re
from datetime import timedelta

from batchctl.errors import UsageError

SHORT = re.compile(r"(\d+)(s|m|h|)")
ISO = re.compile(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours"}


def patience(text: str) -> timedelta:
    """`90s`, `10m`, `1h`, or ISO 8601 as a spec writes it: `PT10M`. Raises UsageError."""
    if short := SHORT.fullmatch(text):
        return timedelta(**{UNITS[short[2]]: int(short[1])})
    if (iso := ISO.fullmatch(text)) and any(iso.groups()):
        days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    raise UsageError(f"{text!r} is no duration: write 90s, 10m, 1h or PT10M")
