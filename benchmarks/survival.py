"""The word count under faults at its requests, by batchctl and by the imperative tutorial, on one harness.

An experiment disturbs the work or the clean-up of one client once (`tests/sweeps` has the faults), lets the same
command run again where it ended by an error, and cleans up by the client's own means. Counted is how the work ended,
and in how many of all something was left in the account. A client that would wait for ever is killed and counts as one
that ended by an error; of two at once, of which one may be refused, the better one counts. Which experiments are drawn
is a matter of the seed: `--seed N`, and `--rounds K` of each kind.
`python -m benchmarks.survival KIND CLIENT VERB WHAT NUMBER` does one again.
"""

import random
import secrets
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Barrier, Event

from azure.core.exceptions import HttpResponseError

from benchmarks.figures import Figure
from benchmarks.survived import KINDS, LEFT, OUTCOMES
from benchmarks.survivors import SURVIVORS, WITHIN, WORD_COUNT, Survivor, words
from tests.proxy import Meddling
from tests.services import batch_client, blob_service
from tests.sweeps.__main__ import world
from tests.sweeps.faults import EVERY, ODD, PERMANENT, TRANSIENT, Script, at, since
from tests.sweeps.kinds.races import LATEST, meets
from tests.sweeps.stage import Stage, Ways, through
from tests.sweeps.warm import Client
from tests.sweeps.world import World

ROUNDS = 40
VERBS = ("apply", "destroy")
PEER = "the imperative tutorial"
BEFALLS: Mapping[str, tuple[str, ...]] = {
    "kill": ("before", "after"),
    "transient": tuple(TRANSIENT),
    "odd": tuple(ODD),
    "permanent": PERMANENT,
    "race": ("two",),
}
"""What may befall a request, by kind."""


@dataclass
class Trial:
    """One client on a stage of its own; what is done to its requests is in `script`."""

    there: World
    client: Survivor
    stage: Stage
    ways: Ways
    script: Script
    until: ExitStack

    def run(self, verb: str) -> int:
        """Its exit code, when nothing disturbs it; that of who does not end is an error's."""
        return _ended(self.client.start(self.stage, self.ways, verb))

    def struck(self, verb: str, kind: str, what: str, number: int) -> int:
        if kind == "kill":
            return self._killed(verb, what, number)
        if kind == "race":
            return self._raced(verb, number)
        self.script.meddle = (since if kind == "permanent" else at)(number, EVERY[what])
        code = self.run(verb)
        self.script.meddle = None
        return code

    def _killed(self, verb: str, when: str, number: int) -> int:
        begun, clients = Event(), list[Client]()

        def kills() -> Meddling:
            assert begun.wait(WITHIN)
            return Meddling(forwarded=when == "after", then=lambda: clients[0].signal(signal.SIGKILL))

        self.script.meddle = at(number, kills)
        clients.append(self.client.start(self.stage, self.ways, verb))
        begun.set()
        code = _ended(clients[0])
        self.script.meddle = None
        return code

    def _raced(self, verb: str, number: int) -> int:
        """That of who did better: the other one may be refused."""
        barrier = Barrier(2)
        self.script.meddle = meets(barrier, number)
        other = self.until.enter_context(through(self.there.services, meets(barrier, number), self.client.agent))
        running = [self.client.start(self.stage, ways, verb) for ways in (self.ways, other)]
        codes = [_ended(client) for client in running]
        self.script.meddle = None
        return 0 if 0 in codes else codes[0]

    def said(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.stage.folder.glob("told-*")))

    def left(self) -> list[str]:
        """What of it is in the account."""
        return [name for name in self.there.look() if self.stage.name in name]

    def done(self, verb: str, home: Mapping[str, str]) -> bool:
        """Whether what was asked for is so."""
        return not self.left() if verb == "destroy" else words(self.stage, self.client) == home

    def swept(self) -> None:
        """What it left goes by hand."""
        batch, blobs = batch_client(self.there.services), blob_service(self.there.services)
        for delete in (batch.begin_delete_job, batch.begin_delete_pool):
            with suppress(HttpResponseError):
                delete(self.stage.name).wait()
        for container in blobs.list_containers(self.stage.name):
            blobs.delete_container(container.name)


def _ended(client: Client) -> int:
    try:
        return client.ended(WITHIN).code
    except AssertionError:
        return -signal.SIGKILL


@dataclass
class Bench:
    """`counts`: how many requests a client sends for a verb when nothing fails. `home`: what it brings home then."""

    there: World
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        for name, client in SURVIVORS.items():
            with ExitStack() as until:
                trial = self._trial(until, client)
                for verb in VERBS:
                    before = len(trial.ways.requests)
                    assert trial.run(verb) == 0, f"{name} does not {verb}: {trial.said()}"
                    self.counts[name, verb] = len(trial.ways.requests) - before
                    if verb == "apply":
                        self.home = self.home or words(trial.stage, client)
                    assert trial.done(verb, self.home), f"{name} does not {verb} as the other one"

    def every(self, kind: str, name: str) -> Iterator[str]:
        for verb in VERBS:
            most = self.counts[name, verb] if kind != "race" else min(LATEST, self.counts[name, verb])
            for what in BEFALLS[kind]:
                yield from (f"{kind} {name} {verb} {what} {number}" for number in range(1, most + 1))

    def tried(self, line: str) -> tuple[str, list[str]]:
        """How it ended, and what is left."""
        kind, name, struck, what, number = line.split()
        outcome = "right"
        with ExitStack() as until:
            trial = self._trial(until, SURVIVORS[name])
            for verb in VERBS:
                strikes = partial(trial.struck, verb, kind, what, int(number)) if verb == struck else None
                outcome = self._worse(outcome, self._brought(trial, verb, strikes))
            left = trial.left()
            trial.swept()
            if touched := [line for line in self.there.intruders(trial.stage) if line.startswith("touched")]:
                raise AssertionError(f"{line}: strangers' things were {touched}")
        return outcome, left

    def _trial(self, until: ExitStack, client: Survivor) -> Trial:
        stage, script = self.there.stage(WORD_COUNT), Script()
        ways = until.enter_context(through(self.there.services, script, client.agent))
        return Trial(self.there, client, stage, ways, script, until)

    def _brought(self, trial: Trial, verb: str, strikes: Callable[[], int] | None) -> str:
        """To its end, with one more try."""
        for outcome in ("right", "next"):
            code = strikes() if strikes and outcome == "right" else trial.run(verb)
            if code == 0:
                return outcome if trial.done(verb, self.home) else "wrong"
        return "hand"

    def _worse(self, one: str, other: str) -> str:
        return max(one, other, key=list(OUTCOMES).index)


def figures(rounds: int = ROUNDS, seed: int | None = None) -> list[Figure]:
    seed = secrets.randbelow(1 << 31) if seed is None else seed
    found: dict[tuple[str, str], Counter[str]] = {}
    with world() as there:
        bench = Bench(there)
        bench.open()
        for kind in KINDS:
            for name in SURVIVORS:
                lines = list(bench.every(kind, name))
                drawn = random.Random(f"{seed} {kind}").sample(lines, min(rounds, len(lines)))
                found[kind, name] = _counted(bench, drawn)
    told = [figure for kind in KINDS for figure in _told(kind, found[kind, "batchctl"], found[kind, "tutorial"])]
    return [*told, Figure("the seed of what was drawn", seed, "")]


def _counted(bench: Bench, lines: list[str]) -> Counter[str]:
    counts = Counter({"tried": len(lines)})
    for line in lines:
        outcome, left = bench.tried(line)
        print(f"{outcome:5} {line}{' leaves ' + ', '.join(left) if left else ''}", file=sys.stderr, flush=True)
        counts.update([outcome, *(["left"] if left else [])])
    return counts


def _told(kind: str, ours: Counter[str], theirs: Counter[str]) -> Iterator[Figure]:
    for outcome, says in {**OUTCOMES, "left": LEFT}.items():
        peer = f"{PEER}, of {theirs['tried']}"
        yield Figure(f"{KINDS[kind]}: {says}", ours[outcome], f"of {ours['tried']}", peer, theirs[outcome])


if __name__ == "__main__":
    with world() as one:
        alone = Bench(one)
        alone.open()
        print(alone.tried(" ".join(sys.argv[1:])))
