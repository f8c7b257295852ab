"""Experiments by their lines, `KIND WORD…`: all of a kind, some of them, and one carried out."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from tests.sweeps.kinds import KINDS
from tests.sweeps.world import World


@dataclass(frozen=True)
class Result:
    """How one went: `broken` says what did not hold, "" if all did."""

    line: str
    broken: str
    seconds: float


def every(world: World, kinds: Iterable[str], only: str | None = None) -> dict[str, list[str]]:
    """The lines of each of these kinds, where one is named with this word alone; no kind without any."""
    lines = {kind: [f"{kind} {words}" for words in KINDS[kind].every(world)] for kind in kinds}
    with_it = {kind: [line for line in all if not only or only in line.split()] for kind, all in lines.items()}
    return {kind: found for kind, found in with_it.items() if found}


def sampled(lines: Mapping[str, Sequence[str]], count: int, seed: int) -> Iterator[str]:
    """Some of them, none twice, of every kind about as many, in an order that the seed decides."""
    dice, kinds = random.Random(seed), list(lines)
    dice.shuffle(kinds)
    drawn = [dice.sample(lines[kind], len(lines[kind])) for kind in kinds]
    return islice(filter(None, chain.from_iterable(zip_longest(*drawn))), count)


def run(world: World, line: str) -> Result:
    """Carries it out, whatever comes of it."""
    kind, *words = line.split()
    begun, broken = time.monotonic(), ""
    try:
        KINDS[kind].run(world, *words)
    except Exception as error:
        broken = str(error) if isinstance(error, AssertionError) else repr(error)
        with suppress(Exception):
            world.renew()
    return Result(line, broken, round(time.monotonic() - begun, 2))
