"""Trials one after another, each in so much time and memory: what takes more ends the child that tries it."""

import contextlib
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SECONDS = 2.0
"""Of processor time, for one trial: how long it takes on the clock says how busy the machine is."""
WAITED = 60
"""Seconds on the clock in which one that takes no time of the processor ends all the same."""
MEMORY = 500 << 20
"""Bytes by which one trial may grow the process."""
NO_MORE = 2 << 30
"""Bytes of address space that it cannot pass, so that no machine is filled."""


@dataclass(frozen=True)
class Outcome:
    """`crash`: what nobody foresaw. `right`: the place that was changed is told; None: nobody can say. `told`: what was
    said."""

    crash: str = ""
    right: bool | None = None
    told: tuple[str, ...] = ()


Trial = Callable[[int], Outcome]


def tried(seeds: range, make: Callable[[], Trial], seconds: float = SECONDS) -> Iterator[tuple[int, Outcome]]:
    """The outcome of each seed. `make` is called in the child, and in another one behind each that ended."""
    first = seeds.start
    while first < seeds.stop:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _try_all(range(first, seeds.stop), make, seconds, os.fdopen(write, "wb"))
        os.close(write)
        with os.fdopen(read, "rb") as results, contextlib.suppress(EOFError):
            while True:
                yield pickle.load(results)
                first += 1
        _, status = os.waitpid(child, 0)
        if first < seeds.stop:
            yield first, Outcome(crash=_ended(os.waitstatus_to_exitcode(status)))
            first += 1


def _try_all(seeds: range, make: Callable[[], Trial], seconds: float, results: BinaryIO) -> None:
    """Never returns: what the parent has to do at its end is not the child's."""
    try:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        run = make()
        most = _address_space() + NO_MORE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        for seed in seeds:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            signal.alarm(WAITED)
            pickle.dump((seed, _measured(run, seed)), results)
            results.flush()
        os._exit(0)
    except BaseException:  # whatever it is, the child ends here
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _measured(run: Trial, seed: int) -> Outcome:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = run(seed)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    return outcome if grown < MEMORY else Outcome(crash=f"took {grown >> 20} MB")


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _ended(code: int) -> str:
    known = {-signal.SIGPROF: "took too long", -signal.SIGALRM: f"did not end within {WAITED} s"}
    return known.get(code, f"the process ended with {code}")
