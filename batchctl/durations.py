"""Durations as people write them, `20m` and `1h30m`, and as ISO 8601 does, `PT20M`."""

import re
from datetime import timedelta

# Six digits: no sum of such numbers is more than a timedelta can hold.
_SIX = "[0-9]{1,6}"
_SECONDS = rf"{_SIX}(?:\.[0-9]{{1,7}})?"
_ISO = rf"P(?=[0-9T])(?:{_SIX}D)?(?:T(?=[0-9])(?:{_SIX}H)?(?:{_SIX}M)?(?:{_SECONDS}S)?)?"
_SHORT = rf"(?=[0-9])(?:{_SIX}d)?(?:{_SIX}h)?(?:{_SIX}m)?(?:{_SECONDS}s)?"
_DURATION = re.compile(f"{_ISO}|{_SHORT}")
_UNITS = {"D": "days", "H": "hours", "M": "minutes", "S": "seconds"}


def parse_duration(text: str) -> timedelta | None:
    """Days, hours, minutes and seconds, in this order, of which any may be missing; None for all other texts, and so
    for `P10675199DT2H48M5.4775807S`, as Batch writes that there is no limit."""
    if not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([0-9.]+)([DHMS])", text.upper())
    return timedelta(**{_UNITS[unit]: float(count) for count, unit in parts})
