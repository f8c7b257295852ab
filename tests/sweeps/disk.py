"""What a disk has of a file after the power failed: less than was written, older than that, or both mixed."""

from collections.abc import Callable
from random import Random

SECTOR, PAGE = 512, 4096

Damage = Callable[[bytes, bytes, Random], bytes]
"""(what was written last, what was there before, dice) to what is there."""


def _cut(now: bytes, _before: bytes, dice: Random) -> bytes:
    return now[: dice.randrange(len(now) or 1)]


def _zeroed(now: bytes, _before: bytes, _dice: Random) -> bytes:
    kept = (len(now) - 1) // PAGE * PAGE
    return now[:kept] + bytes(len(now) - kept)


def _torn(now: bytes, before: bytes, dice: Random) -> bytes:
    """The new one up to a byte in which they differ, and then the old one: in the middle of what changed."""
    length = max(len(now), len(before))
    new, old = now.ljust(length, b"\0"), before.ljust(length, b"\0")
    differ = [place for place in range(length) if new[place] != old[place]]
    place = dice.choice(differ or [length])
    return new[:place] + old[place:]


def _mixed(now: bytes, before: bytes, dice: Random) -> bytes:
    """Of each sector the new one or the old."""
    places = range(0, len(now), SECTOR)
    return b"".join(dice.choice((now, before.ljust(len(now), b"\0")))[at : at + SECTOR] for at in places)[: len(now)]


def _noise(now: bytes, _before: bytes, dice: Random) -> bytes:
    place = dice.randrange(max(1, len(now) // SECTOR)) * SECTOR
    return now[:place] + dice.randbytes(min(SECTOR, len(now) - place)) + now[place + SECTOR :]


def _spoilt(now: bytes, _before: bytes, dice: Random) -> bytes:
    """One byte is another: what no disk does, and the hardest to see."""
    place = dice.randrange(len(now))
    return now[:place] + bytes([now[place] ^ (1 << dice.randrange(8))]) + now[place + 1 :]


DAMAGE: dict[str, Damage] = {
    "cut": _cut,
    "empty": lambda _now, _before, _dice: b"",
    "blank": lambda now, _before, _dice: bytes(len(now)),
    "zeroed": _zeroed,
    "older": lambda _now, before, _dice: before,
    "torn": _torn,
    "mixed": _mixed,
    "noise": _noise,
    "spoilt": _spoilt,
}
"""`blank`: its length was written and nothing of it. `zeroed`: the last page alone was not."""
