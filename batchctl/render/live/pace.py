"""How fast tasks end, and how long those that are left will take. Values in, values out."""

from datetime import timedelta
from math import sqrt

Track = tuple[tuple[float, int], ...]
"""(second, so many tasks had ended): one entry for each change, the oldest first."""

WINDOW = 600.0
"""Seconds: what was before says little of a pool that has grown since."""

MOST_STEPS = 200
FEWEST = 3
"""Tasks that have to end before anything is said of the others."""

P90 = 1.28
"""Standard deviations of a normal distribution that nine of ten stay below."""


def tracked(track: Track, at: float, ended: int) -> Track:
    """The track with what is seen now; what is too old goes, but for the entry from which the window is counted."""
    if track and track[-1][1] == ended:
        return track
    grown = (*track, (at, ended))[-MOST_STEPS:]
    first = max((n for n, (second, _) in enumerate(grown) if second <= at - WINDOW), default=0)
    return grown[first:]


def ended_within(track: Track) -> int:
    return track[-1][1] - track[0][1] if track else 0


def pace(track: Track, at: float) -> float | None:
    """Tasks a second, None as long as too few have ended. A long silence at the end makes it slower."""
    ended, span = ended_within(track), at - track[0][0] if track else 0.0
    return ended / span if ended >= FEWEST and span > 0 else None


def time_left(track: Track, at: float, left: int) -> timedelta | None:
    """So long the tasks that are left take at most in nine of ten cases, if tasks go on to end as they did.

    They end as of a Poisson process: a rate from n of them is known to 1/sqrt(n), and m more are as uncertain again.
    """
    rate = pace(track, at)
    if rate is None or left <= 0:
        return None
    doubt = P90 * sqrt(1 / ended_within(track) + 1 / left)
    return timedelta(seconds=left / rate * (1 + doubt))


def pace_words(rate: float) -> str:
    """`3.2/s`, `61/min`, `4.5/h`: the unit in which it is at least one."""
    for unit, seconds in (("s", 1), ("min", 60)):
        if rate * seconds >= 1:
            return f"{_short(rate * seconds)}/{unit}"
    return f"{_short(rate * 3600)}/h"


def _short(amount: float) -> str:
    return f"{amount:.1f}" if amount < 10 else f"{amount:,.0f}"
