"""How many objects are worked on at once, and how long a request is tried again."""

import threading
from functools import partial

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.clients.again import Again
from batchctl.cloud.clients.courier import send_many
from batchctl.cloud.clients.faults import Fault
from batchctl.cloud.clients.patience import patiently
from batchctl.cloud.connect import Target, connect
from batchctl.errors import CloudError
from batchctl.resources import Container
from tests.clock import FakeClock

NOWHERE = Target.local(
    batch_url="http://127.0.0.1:1",
    batch_account="a",
    batch_key="a2V5",
    storage_url="http://127.0.0.1:1/a",
    storage_account="a",
    storage_key="a2V5",
)


def test_as_many_as_were_asked_for_and_no_more() -> None:
    session = connect(NOWHERE, SystemClock(), at_once=2)._session
    both, lock = threading.Barrier(2), threading.Lock()
    busy: set[str] = set()
    most = 0

    def work(container: Container) -> None:
        nonlocal most
        with lock:
            busy.add(container.name)
            most = max(most, len(busy))
        both.wait(timeout=30)
        with lock:
            busy.remove(container.name)

    outcomes = list(session.each([Container(name=f"c{n}") for n in range(6)], work, at_once=64))
    assert [o for o in outcomes if o.error] == []
    assert most == 2


def test_who_goes_away_with_the_last_outcome_interrupts_nobody() -> None:
    """What the same command does next, such as to bring home what there is, goes on."""
    session = connect(NOWHERE, SystemClock())._session
    outcomes = session.each([Container(name="c")], lambda _: None)
    assert next(outcomes).error is None
    outcomes.close()
    assert not session.halt.is_set()


def test_who_goes_away_before_the_last_outcome_interrupts_the_others() -> None:
    session = connect(NOWHERE, SystemClock())._session
    outcomes = session.each([Container(name=name) for name in ("a", "b")], lambda _: None)
    next(outcomes)
    outcomes.close()
    assert session.halt.is_set()


@pytest.mark.parametrize(
    ("error", "halted"), [(CloudError("forbidden", status=403), False), (OSError(), False), (KeyboardInterrupt(), True)]
)
def test_an_error_among_workers_ends_what_they_do_and_an_interruption_everything(
    error: BaseException, halted: bool
) -> None:
    """A look that is refused is passed over by who asked for it, and the downloads of the same command go on."""
    session = connect(NOWHERE, SystemClock())._session

    def work(_: int) -> None:
        raise error

    with pytest.raises(type(error)), session.workers() as pool:
        list(pool.map(work, range(3)))
    with pytest.raises(type(error)):
        for _ in send_many(session, (iter(partial(work, 1), None)), 1):
            pass
    assert session.halt.is_set() == halted


def test_nobody_waits_for_a_further_try_once_interrupted() -> None:
    asked, halt = list[int](), threading.Event()

    def request() -> None:
        asked.append(1)
        threading.Timer(0.05, halt.set).start()
        raise Fault("busy", status=503, code="ServerBusy", retry_after=3600.0)

    with pytest.raises(Fault):
        patiently(SystemClock(), request, halt)
    assert asked == [1]


@pytest.mark.parametrize(("status", "lasts"), [(0, 7.0), (0, 60.0), (503, 100.0)])
def test_what_breaks_off_after_a_while_is_tried_again(status: int, lasts: float) -> None:
    """F57: a large transfer on a slow line, or one that hangs, has lasted longer than a wrong address is asked."""
    clock, tries = FakeClock(), list[float]()

    def request() -> str:
        tries.append(clock.monotonic())
        clock.sleep(lasts)
        if len(tries) == 1:
            raise Fault("reset", status=status, code="")
        return "done"

    assert patiently(clock, request, threading.Event()) == "done"


@pytest.mark.parametrize(("status", "within"), [(0, 15.0), (503, 81.0)])
def test_patience_has_an_end(status: int, within: float) -> None:
    clock = FakeClock()
    begun = clock.monotonic()

    def request() -> None:
        raise Fault("busy", status=status, code="")

    with pytest.raises(Fault):
        patiently(clock, request, threading.Event())
    assert clock.monotonic() - begun < within


@pytest.mark.parametrize(
    ("pauses", "told"),
    [
        ([0.5], []),
        ([3.0], ["GET /jobs was answered 503 ServerBusy; asked again in 3 s"]),
        ([3.0, 3.0, 3.0], ["GET /jobs was answered 503 ServerBusy; asked again in 3 s"]),
        ([5.0, 5.0, 5.0], ["GET /jobs was answered 503 ServerBusy; asked again in 5 s"] * 2),
    ],
)
def test_what_takes_longer_is_told_and_not_too_often(pauses: list[float], told: list[str]) -> None:
    clock, said, left = FakeClock(), list[str](), list(pauses)

    def request() -> str:
        if not left:
            return "done"
        raise Fault("GET /jobs was answered 503 ServerBusy", status=503, code="ServerBusy", retry_after=left.pop(0))

    assert patiently(clock, request, threading.Event(), Again(clock, said.append)) == "done"
    assert said == told
