"""Times and durations between the wire (ISO 8601 text) and the service (seconds as floats). Pure."""

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime

UNLIMITED = "P10675199DT2H48M5.4775807S"
"""How the wire says "no limit": the longest duration of .NET."""

_TICKS_AT_1970 = 621355968000000000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253402300799.0  # the year 9999, by which .NET says "never"
_DURATION = re.compile(
    r"P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?"
)
_UNITS = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)


def stamp(seconds: float) -> str:
    """Seconds since 1970 as the wire writes them: up to seven digits of a second without zeros behind them, and `Z`."""
    text = (_EPOCH + timedelta(seconds=min(seconds, _LATEST))).isoformat(timespec="microseconds")[:26]
    return f"{text.rstrip('0').rstrip('.')}Z"


def sortable(text: str) -> str:
    """A time of the wire with all its seven digits: such texts sort by time."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<7}Z"


def stamp_of(text: str) -> str:
    """An ISO 8601 time as the wire writes it, to the last of its seven digits. ValueError if it is none."""
    last = re.search(r"\.[0-9]{6}([1-9])", text)
    found = stamp(seconds_of(text))
    return f"{sortable(found)[:-2]}{last[1]}Z" if last else found


def seconds_of(text: str) -> float:
    """An ISO 8601 time as seconds since 1970; without a zone it is UTC. ValueError if it is none."""
    text = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.strip())
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def http_date(seconds: float) -> str:
    """As headers write it: `Thu, 01 Jan 2026 00:00:00 GMT`."""
    return formatdate(seconds, usegmt=True)


def http_seconds(text: str) -> float:
    """A time as headers write it, as seconds since 1970. Raises ValueError if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, OverflowError) as error:  # no date at all, or a year or a zone of twenty digits
        raise ValueError(f"no time of a header: {text[:80]!r}") from error


def etag(seconds: float) -> str:
    """The service's ETags are the time in .NET ticks (100 ns since the year 1), in hexadecimal."""
    return f"0x{round(seconds * 10_000_000) + _TICKS_AT_1970:X}"


def duration(text: str) -> float:
    """An ISO 8601 duration in seconds. ValueError if it is none. A bare `P` is none at all: SDKs write zero so.

    XML Schema Part 2, 3.2.6, which .NET reads: it has no weeks."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"not an ISO 8601 duration: {text!r}")
    return sum(float(number or 0) * unit for number, unit in zip(found.groups(), _UNITS, strict=True))


def iso_duration(seconds: float) -> str:
    """Seconds as the shortest ISO 8601 duration in days, hours, minutes and seconds."""
    if seconds >= duration(UNLIMITED) - 1:
        return UNLIMITED
    whole = math.floor(seconds)
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    fraction = f"{seconds - whole:.7f}".rstrip("0").rstrip(".")[1:]
    clock = "".join(
        (f"{hours}H" * bool(hours), f"{minutes}M" * bool(minutes), f"{left}{fraction}S" * bool(left or fraction))
    )
    return f"P{days}D" * bool(days and not clock) or (f"P{days}DT{clock}" if days else f"PT{clock or '0S'}")
