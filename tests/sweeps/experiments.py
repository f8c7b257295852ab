"""The sweeps: one fault at one request, everywhere. Each experiment is a (name, request number) and raises if what
must hold does not: one object for each thing of the spec, whole outputs at home, and nothing more to do."""

import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batchctl import verbs
from batchctl.cli.target import target_of
from batchctl.cloud.connect import connect
from batchctl.errors import BatchctlError
from batchctl.local import Services
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from tests.clock import HastyClock
from tests.proxy import Meddle, Meddling
from tests.sweeps.stage import TEXTS, WHOLE, Stage, Ways, ended, staged, through

TRANSIENT = {
    "429": Meddling(status=429, code="TooManyRequests"),
    "500": Meddling(status=500, code="InternalError"),
    "503": Meddling(status=503, code="ServerBusy"),
    "reset": Meddling(status=None),
    "answer lost": Meddling(status=None, forwarded=True),
    "500 though done": Meddling(status=500, code="OperationTimedOut", forwarded=True),
}
"""What passes when the same request is sent again (reliability X05)."""

KILLS = ("killed before", "killed after")
"""The client dies: its request reaches the service, or not (X01, X02)."""

HOME = {f"{stem}_OUTPUT.txt": text for stem, text in TEXTS.items()}


@dataclass(frozen=True)
class Experiment:
    """`verb` meets `what` at its request number `at`, counted from 1."""

    verb: str
    what: str
    at: int

    def __str__(self) -> str:
        return f"{self.verb}, {self.what} at request {self.at}"


def every(services: Services, folder: Path, verbs_and_whats: list[tuple[str, str]]) -> list[Experiment]:
    """All experiments of these kinds: as many as there are requests without a fault."""
    counts = requests_of(services, folder)
    return [Experiment(verb, what, at) for verb, what in verbs_and_whats for at in range(1, counts[verb] + 1)]


def all_kinds() -> list[tuple[str, str]]:
    return [(verb, what) for verb in ("apply", "destroy") for what in (*TRANSIENT, *KILLS)]


def requests_of(services: Services, folder: Path) -> dict[str, int]:
    """How many requests an apply and a destroy send when nothing fails."""
    stage = staged(folder / "counted", services)
    counts = {}
    for verb in ("apply", "destroy"):
        with through(services) as ways:
            inside(stage, ways, verb)
        counts[verb] = len(ways.requests)
    assert stage.held() == {}
    return counts


def run(experiment: Experiment, services: Services, folder: Path) -> None:
    """Raises AssertionError, saying what does not hold."""
    stage = staged(folder, services)
    if experiment.verb == "destroy":
        inside(stage, None, "apply")
    if experiment.what in TRANSIENT:
        with through(services, at(experiment.at, lambda: TRANSIENT[experiment.what])) as ways:
            inside(stage, ways, experiment.verb)
    else:
        killed(stage, experiment)
    if experiment.verb == "apply":
        holds(stage, experiment)
        inside(stage, None, "destroy")
    assert stage.held() == {}, f"{experiment}: left {stage.held()}"
    with through(services) as ways:
        inside(stage, ways, "destroy")
    assert ways.mutating == [], f"{experiment}: a second destroy sent {ways.mutating}"


def holds(stage: Stage, experiment: Experiment) -> None:
    assert stage.held() == WHOLE, f"{experiment}: there is {stage.held()}"
    assert stage.home() == HOME, f"{experiment}: at home is {stage.home()}"
    spec = load(stage.folder / "spec.yaml", {}, {})
    plan = verbs.plan(spec, stage.cloud)
    assert not plan, f"{experiment}: there is more to do: {plan}"


def killed(stage: Stage, experiment: Experiment) -> None:
    """Run the command line until its fatal request, if it comes so far; then the same again."""
    processes: list[Any] = []

    def fatal() -> Meddling:
        def kill() -> None:
            processes[0].send_signal(signal.SIGKILL)

        return Meddling(status=None, forwarded=experiment.what == "killed after", then=kill)

    with through(stage.services, at(experiment.at, fatal)) as ways:
        processes.append(stage.start(ways, experiment.verb, "spec.yaml", "--yes", "--discard-outputs"))
        ran = ended(processes[0])
        # The proxy stays: tasks that were added read and write through it.
        inside(stage, ways, experiment.verb)
    assert ran.code in (0, -signal.SIGKILL), f"{experiment}: {ran.said}"


def inside(stage: Stage, ways: Ways | None, verb: str) -> None:
    """The verb in this process: sooner than a new one. Raises AssertionError if it does not end well."""
    target = target_of(stage.services)
    if ways:
        target = replace(target, batch_url=ways.batch.url, storage_url=ways.storage.url)
    spec, clock, choices = (
        load(stage.folder / "spec.yaml", {}, {}),
        HastyClock(),
        Choices(discard_outputs=True, force=True),
    )
    cloud = connect(target, clock)
    events = (verbs.apply if verb == "apply" else verbs.destroy)(spec, cloud, clock, lambda plan: True, choices)
    happened = []
    try:
        for event in events:
            happened.append(event)
    except BatchctlError as error:
        raise AssertionError(f"{verb} ended with {error.exit_code}: {error}; at last {happened[-3:]}") from error


def at(number: int, meddling: Callable[[], Meddling]) -> Meddle:
    """Meddles with the request of this number alone."""
    numbers = iter(range(1, 1_000_000))

    def meddle(method: str, path: str) -> Meddling | None:
        return meddling() if next(numbers) == number else None

    return meddle


def sampled(experiments: list[Experiment], count: int, seed: int) -> Iterator[Experiment]:
    """Some of them, of every kind about as many, in an order that the seed decides."""
    dice = random.Random(seed)
    kinds: dict[tuple[str, str], list[Experiment]] = {}
    for experiment in experiments:
        kinds.setdefault((experiment.verb, experiment.what), []).append(experiment)
    order = list(kinds.values())
    dice.shuffle(order)
    for number in range(count):
        yield dice.choice(order[number % len(order)])
