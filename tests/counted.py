"""A cloud whose writes are counted: the real one behind proxies, or the fake."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event

from batchctl.cloud.connect import connect
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.reconcile.port import Cloud
from tests.fake_cloud import FakeCloud
from tests.proxy import Log, counting


class Quick:
    """A clock that goes as clocks do, and sleeps but a moment."""

    def monotonic(self) -> float:
        return time.monotonic()

    def uptime(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float, halt: Event | None = None) -> None:
        time.sleep(min(seconds, 0.02))


@dataclass(frozen=True)
class Side:
    """A cloud, and what was written to it, one line a request or object."""

    cloud: Cloud
    fake: FakeCloud | None = None
    logs: tuple[Log, ...] = ()

    def written(self) -> tuple[list[str], ...]:
        """For each service, in the order of the requests; for the fake, objects."""
        if self.fake:
            return ([f"{verb} {kind} {name}" for verb, kind, name in self.fake.writes],)
        return tuple([f"{method} {_plain(path)}" for method, path in log.mutating if _ours(path)] for log in self.logs)


def _ours(path: str) -> bool:
    """The lock is not part of what is planned, and nodes upload outputs by themselves."""
    return ".lock?" not in path and "-out/" not in path


def _plain(path: str) -> str:
    bare = path.partition("?")[0].removeprefix("/batchctl")
    return re.sub(r"tvmps_\w+", "NODE", bare)


@contextmanager
def real_side(services: Services) -> Iterator[Side]:
    with ExitStack() as stack:
        batch, storage = (stack.enter_context(counting(url)) for url in (services.batch_url, services.blob_url))
        through = replace(target_of(services), batch_url=batch.url, storage_url=storage.url)
        yield Side(connect(through, Quick()), None, (batch, storage))
