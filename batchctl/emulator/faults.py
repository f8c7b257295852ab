"""Faults on demand: what makes requests, nodes and quotas misbehave as Azure does to people. Values and counting.

They outlive the service: `changed` hears of all that the next start is to know, and `kept` is what it is told.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from batchctl.emulator.records import Json

STEPS = {
    "resizing": 30.0,
    "stopping": 5.0,
    "creating": 60.0,
    "starting": 30.0,
    "waitingforstarttask": 5.0,
    "rebooting": 60.0,
    "reimaging": 120.0,
    "upgradingos": 300.0,
    "deallocating": 60.0,
    "leavingpool": 30.0,
    "disabling": 5.0,
    "enabling": 5.0,
    "terminating": 5.0,
    "deletingpool": 60.0,
    "deletingjob": 10.0,
    "deletingschedule": 10.0,
}
"""The steps that take time on the platform, and the seconds that each takes there, roughly. Here: times the scale."""

FOREVER = "forever"
"""Instead of seconds: until the fault is cleared."""
MOST_SCALE = 1000
QUOTAS = ("pools", "jobs", "dedicatedCores", "spotCores")


@dataclass(slots=True, eq=False)
class Fault:
    """One fault. `asked` is its body as it was taken; `seen` and `done` count what matched and what was hit.
    `let_go`: who is held by it, to be told when it is cleared.

    Of what matches, the first `skip` pass, then each `every`-th is hit, until `times` were.
    """

    id: int
    asked: Json
    changed: Callable[[], None]
    seen: int = 0
    done: int = 0
    let_go: set[Callable[[], None]] = field(default_factory=set)

    @property
    def kind(self) -> str:
        return str(self.asked["kind"])

    @property
    def over(self) -> bool:
        """Whether it will hit no more."""
        times: float = self.asked.get("times", float("inf"))
        return self.done >= times

    def hits(self) -> bool:
        """Counts one that matched; whether it is to be hit."""
        self.seen += 1
        past = self.seen - self.asked.get("skip", 0)
        hit = not self.over and past >= 1 and past % self.asked.get("every", 1) == 0
        self.done += hit
        self.changed()
        return hit

    def wire(self) -> Json:
        return {"id": self.id, **self.asked, "seen": self.seen, "done": self.done}


@dataclass(slots=True)
class Faults:
    """The faults in force. `scale` is for steps of which no fault says more: 0 is at once, 1 as slow as the platform.

    `changed` is called when one came, went or was met.
    """

    scale: float = 0.0
    changed: Callable[[], None] = lambda: None
    in_force: list[Fault] = field(default_factory=list)
    made: int = 0

    def add(self, asked: Json) -> Fault:
        self.made += 1
        fault = Fault(self.made, asked, self.changed)
        self.in_force.append(fault)
        self.changed()
        return fault

    def clear(self, fault: Fault | None = None) -> None:
        """Forgets one fault, or all; what they held goes on."""
        gone = self.in_force if fault is None else [fault]
        self.in_force = [one for one in self.in_force if one not in gone]
        for call in [call for one in gone for call in one.let_go]:
            call()
        self.changed()

    def set_scale(self, scale: float) -> None:
        self.scale = scale
        self.changed()

    def kept(self) -> Json:
        """All that the next start has to know."""
        return {"scale": self.scale, "made": self.made, "inForce": [fault.wire() for fault in self.in_force]}

    def take_up(self, kept: Json) -> None:
        """Goes on where an earlier run ended."""
        self.scale, self.made = kept["scale"], kept["made"]
        for one in kept["inForce"]:
            asked = {name: value for name, value in one.items() if name not in ("id", "seen", "done")}
            self.in_force.append(Fault(one["id"], asked, self.changed, one["seen"], one["done"]))

    def seconds(self, step: str, least: float = 0.0) -> float:
        """How long a step takes: by the last fault that says so, else by the time scale, and then `least`; infinite if
        it is held."""
        for fault in self._newest("delay"):
            if fault.asked["step"] == step:
                return math.inf if fault.asked["seconds"] == FOREVER else float(fault.asked["seconds"])
        return max(least, STEPS[step] * self.scale_now())

    def scale_now(self) -> float:
        """The scale that counts: of the last fault that says one, else the service's own."""
        return next((float(fault.asked["scale"]) for fault in self._newest("timescale")), self.scale)

    def quota(self, name: str, usual: int) -> int:
        """The quota of that name: by the last fault that says so, else the usual one."""
        asked = (int(fault.asked["most"]) for fault in self._newest("quota") if fault.asked["quota"] == name)
        return next(asked, usual)

    def find(self, kind: str, name: str) -> Fault | None:
        """The oldest fault of a kind for a pool of that name that still hits; nothing is counted."""
        return next(
            (fault for fault in self._of(kind) if not fault.over and _pattern_fits(fault.asked["pool"], name)), None
        )

    def take(self, kind: str, name: str) -> Fault | None:
        """The same, if it hits now; it is counted."""
        return next(
            (fault for fault in self._of(kind) if _pattern_fits(fault.asked["pool"], name) and fault.hits()), None
        )

    def take_request(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request. Every fault that it matches counts it."""
        hit = [
            fault
            for fault in self._of("request")
            if fault.asked["method"] in ("*", method) and _pattern_fits(fault.asked["path"], path) and fault.hits()
        ]
        return hit[0] if hit else None

    def _of(self, kind: str) -> Iterator[Fault]:
        return (fault for fault in self.in_force if fault.kind == kind)

    def _newest(self, kind: str) -> Iterator[Fault]:
        return (fault for fault in reversed(self.in_force) if fault.kind == kind)


def _pattern_fits(pattern: str, name: str) -> bool:
    return fnmatchcase(name.lower(), pattern.lower())
