"""What a spec asks for in all: resources, what comes home of them, and what comes only later."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from batchctl.cloud_answers import Prices
from batchctl.frozen import dataclass
from batchctl.resources import Pool, R, Resource, of_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Blobs of a container that come home to the local directory `to` (absolute)."""

    container: str
    to: Path
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A factory that cannot be expanded for good before others have run: over their outputs, or after such a one.

    `factory` is that of its tasks, `label` how people know it. `over`: the factory whose outputs it goes over ("" for
    none), `after`: those that it depends on. `wrong`: what would be wrong with it if it were expanded now.
    """

    factory: str
    label: str
    over: str = ""
    after: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How many tasks of a run may fail before it is ended: so many, or `percent` of all of them."""

    tasks: int = 0
    percent: float | None = None

    def is_exceeded(self, failed: int, of: int) -> bool:
        """Have more failed than may?"""
        return failed > (self.tasks if self.percent is None else of * self.percent / 100)

    def __str__(self) -> str:
        return str(self.tasks) if self.percent is None else f"{self.percent:g}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may use. `currency` of `max_cost`: "" for that of the prices."""

    max_cost: float | None = None
    currency: str = ""
    max_node_hours: float | None = None
    max_duration: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """All that a spec asks for, expanded as far as can be told now; `stages` are in the order in which they come.

    `resources` are in the order of KINDS. `external` names containers that are used but never made or deleted;
    `external_pool` is such a pool, as it is held once that is known.
    `origin` is the spec's place, `file` its path as it was named, for commands that are told. `max_failures`: of more
    the run is ended; `canary`: so many tasks of each factory run before its others.
    `prices` by which it is told what a run costs; `region` of the account, "" where none is told.
    `doubts`: what is noted of the spec's text.
    """

    owner: str
    origin: str = ""
    file: str = "SPEC"
    resources: tuple[Resource, ...] = ()
    external: frozenset[str] = frozenset()
    external_pool: Pool | None = None
    downloads: tuple[Download, ...] = ()
    wait_timeout: timedelta | None = None
    max_failures: Tolerance | None = None
    canary: int | None = None
    stages: tuple[Stage, ...] = ()
    limits: Limits | None = None
    prices: Prices | None = None
    region: str = ""
    doubts: tuple[str, ...] = ()

    def of(self, kind: type[R]) -> Sequence[R]:
        """The resources of a kind."""
        return of_kind(self.resources, kind)
