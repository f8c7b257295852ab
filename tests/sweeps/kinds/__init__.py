"""The kinds of experiments, one table. An experiment is a line, `KIND WORD…`, and does the same each time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.sweeps.kinds import (
    advances,
    circles,
    clocks,
    drift,
    expiry,
    files,
    full,
    inputs,
    kills,
    permanent,
    platform,
    power,
    races,
    schedules,
    services,
    stopped,
    tokens,
    transient,
)
from tests.sweeps.world import World


@dataclass(frozen=True)
class Kind:
    """`every`: the words of each experiment of it. `run` raises AssertionError if something does not hold. `points`: so
    many faults, kills or rivals are in one experiment. `is_quick`: it takes a second or two."""

    says: str
    every: Callable[[World], Iterable[str]]
    run: Callable[..., None]
    points: int = 2
    is_quick: bool = True


KINDS = {
    "transient": Kind("a fault in passing at each request: absorbed, exit 0", transient.every, transient.run),
    "stall": Kind("a request that is never answered, at each", transient.every_stall, transient.run, is_quick=False),
    "odd": Kind("an answer that cannot be, at each request: ends as documented, the next run converges",
        permanent.every_odd, permanent.run_odd),
    "circle": Kind("a list that goes round in circles, never ends or leads elsewhere, at each request: told",
        circles.every, circles.run, points=2),
    "clock": Kind("the client's clock, or the services', is set wrong from each request on: told, or of no consequence",
        clocks.every, clocks.run),
    "advance": Kind("`local advance` at a request: minutes, hours or days go by for the Batch service, to no effect",
        advances.every, advances.run, is_quick=False),
    "expiry": Kind("signatures end at a request of an apply: made anew, or told; the next run converges",
        expiry.every, expiry.run, points=1, is_quick=False),
    "token": Kind("tokens end at a request, on an account without keys: taken anew, or who is not signed in is told",
        tokens.every, tokens.run, is_quick=False),
    "killed": Kind("SIGKILL before and after each request, then the same command again", kills.every, kills.run),
    "again": Kind("SIGKILL, and SIGKILL once more in the run that recovers",
        kills.every_pair, kills.run, points=4, is_quick=False),
    "signal": Kind("Ctrl-C, SIGTERM or SIGHUP at each request, then the same command again",
        kills.every_signal, kills.run_signal),
    "permanent": Kind("a fault at every request from one on, then none", permanent.every, permanent.run),
    "schedule": Kind("up to five faults at random over apply and destroy", schedules.every, schedules.run, points=1),
    "race": Kind("two or five applies at once, or apply and destroy", races.every, races.run, points=1),
    "drift": Kind("somebody else deletes or ends what is ours, at each request of an apply",
        drift.every, drift.run, points=1),
    "platform": Kind("nodes go or come late, quotas are used up, deletions take ten minutes, from each request on",
        platform.every, platform.run, is_quick=False),
    "frozen": Kind("a service stops for a second or three, and goes on: absorbed, exit 0",
        services.every_frozen, services.run_frozen, is_quick=False),
    "crash": Kind("SIGKILL to one service or both; they start again, and the same command again does the rest",
        services.every_crash, services.run_crash, is_quick=False),
    "power": Kind("the power fails, and what the services' disk had not written is lost: the same command goes on",
        power.every, power.run, is_quick=False),
    "store": Kind("the power fails, and what the blob store's disk had not written is lost, or half of its list is",
        power.every_store, power.run_store, is_quick=False),
    "inputs": Kind("an input is edited, emptied, replaced or gone, at each request of an apply",
        inputs.every, inputs.run, points=1, is_quick=False),
    "full": Kind("the disk is full from a file of the apply on, or no file may be longer than so many bytes",
        full.every, full.run, points=1),
    "files": Kind("the power fails under batchctl's own files: a memory costs time only, a plan is whole or refused",
        files.every, files.run, points=1),
    "stopped": Kind("the lock's holder sleeps until its lease is over, another applies, and it wakes: a minute each",
        stopped.every, stopped.run, points=1, is_quick=False),
}  # fmt: skip
