"""Faults on demand: what makes requests, nodes and quotas misbehave as Azure does to people. Values and counting.

Nothing of this is stored: a service that starts again is well behaved again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from batchctl.emulator.records import Json

STEPS = {
    "resizing": 30.0,
    "creating": 60.0,
    "starting": 30.0,
    "rebooting": 60.0,
    "reimaging": 120.0,
    "upgradingos": 300.0,
    "deallocating": 60.0,
    "leavingpool": 30.0,
    "enabling": 5.0,
    "deletingpool": 60.0,
    "deletingjob": 10.0,
}
"""The steps that take time on the platform, and the seconds that each takes there, roughly. Here: times the scale."""

QUOTAS = ("pools", "jobs", "dedicatedCores", "spotCores")


@dataclass(slots=True, eq=False)
class Fault:
    """One fault. `asked` is its body as it was taken; `seen` and `done` count what matched and what was hit.

    Of what matches, the first `skip` pass, then each `every`-th is hit, until `times` were.
    """

    id: int
    asked: Json
    seen: int = 0
    done: int = 0

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
        if self.over or past < 1 or past % self.asked.get("every", 1):
            return False
        self.done += 1
        return True

    def wire(self) -> Json:
        return {"id": self.id, **self.asked, "seen": self.seen, "done": self.done}


@dataclass(slots=True)
class Faults:
    """The faults in force. `scale` is what the service was started with: 0 is at once, 1 as slow as the platform."""

    scale: float = 0.0
    in_force: list[Fault] = field(default_factory=list)
    made: int = 0

    def add(self, asked: Json) -> Fault:
        self.made += 1
        fault = Fault(self.made, asked)
        self.in_force.append(fault)
        return fault

    def clear(self, fault: Fault | None = None) -> None:
        """Forgets one fault, or all."""
        self.in_force = [one for one in self.in_force if fault is not None and one is not fault]

    def seconds(self, step: str) -> float:
        """How long a step takes: by the last fault that says so, else by the time scale."""
        for fault in self._newest("delay"):
            if fault.asked["step"] == step:
                return float(fault.asked["seconds"])
        scale = next((float(fault.asked["scale"]) for fault in self._newest("timescale")), self.scale)
        return STEPS[step] * scale

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
