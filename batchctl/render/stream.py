"""What is said as JSON, one object a line, for programs: schemas/events.schema.json. Decides nothing."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from batchctl.clock import Clock
from batchctl.errors import BatchctlError, SpecError
from batchctl.reconcile.events import Applied, Detached, Event, Fetched, Holdings, Progress
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Place as Account
from batchctl.reconcile.kept.document import plan_to_json
from batchctl.reconcile.plan import Action, Plan
from batchctl.render.printer import Printer
from batchctl.resources import Task
from batchctl.sights import Place
from batchctl.version import __version__

FORMAT = 1


class JsonPrinter:
    """Everything that a program wants to know to `out`; what people are told meanwhile goes on to stderr."""

    def __init__(self, out: TextIO, err: Printer, clock: Clock) -> None:
        self._codec = Codec(folder=Path.cwd())
        self._out, self._err, self._clock = out, err, clock
        self._done: Counter[str] = Counter()

    def begin(self, verb: str) -> None:
        self._line("start", format=FORMAT, batchctl=__version__, verb=verb)

    def target(self, name: str, why: str, address: str | None = None) -> None:
        self._line("target", name=name, why=why)

    def overlays(self, files: Sequence[str]) -> None:
        self._line("overlays", files=list(files))

    def account(self, place: Account, codec: Codec) -> None:
        self.hide(codec)
        self._line("account", batch=place.batch, storage=place.storage)

    def hide(self, codec: Codec) -> None:
        self._codec = codec
        self._err.hide(codec)

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        """The whole plan, as a saved one has it. `full` is for people: here every change is listed anyway."""
        summary = {
            "add": plan.count(Action.CREATE, Action.REPLACE),
            "change": plan.count(Action.UPDATE),
            "destroy": plan.count(Action.DELETE, Action.REPLACE),
            "run": len(plan.of(Task, Action.CREATE)),
        }
        self._line("plan", summary=summary, plan=plan_to_json(plan, self._codec))

    def agreed(self) -> None:
        """A program sees it by what comes."""

    def keys_do(self, read: Callable[[Place], Sequence[str]], retry: Callable[[Place], str]) -> None:
        """A program asks for itself."""

    def end(self) -> None:
        """Nothing is left to be put in order."""

    def look_on(self) -> None:
        self._err.look_on()

    def interrupted(self, *, again: bool) -> bool:
        return self._err.interrupted(again=again)

    def holdings(self, found: Holdings) -> None:
        """What one spec made; `unwanted` says why it would go."""
        more = {"expires": found.expires, "unwanted": found.unwanted}
        told = {name: self._codec.encode(value) for name, value in more.items() if value is not None}
        told |= {"retiring": list(found.retiring)} if found.retiring else {}
        self._line("estate", owner=found.owner, origins=list(found.origins), counts=dict(found.counts), **told)

    def drift(self, found: Plan) -> None:
        self._line("drift", changes=plan_to_json(found, self._codec)["changes"])

    def event(self, event: Event) -> None:
        self._done[event.verb if isinstance(event, Applied) else type(event).__name__] += 1
        self._line(kind_of(event), **event_to_json(event, self._codec))

    def done(self, verb: str, exit_code: int = 0) -> None:
        counts = {word: self._done[word] for word in ("adopt", "create", "update", "delete")}
        if verb == "plan":
            self._line("complete", verb=verb, exitCode=exit_code)
        else:
            counts["fetch"] = self._done[Fetched.__name__]
            self._line("complete", verb=verb, exitCode=exit_code, counts=counts)

    def say(self, line: str) -> None:
        self._err.say(line)

    def error(self, error: BatchctlError) -> None:
        for problem in error.problems if isinstance(error, SpecError) else ():
            self._line("problem", **self._codec.encode(problem))
        self._line("error", **self._codec.encode(error))

    def _line(self, kind: str, /, **said: Any) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        self._out.write(json.dumps({"type": kind, "at": at, **said}) + "\n")
        self._out.flush()  # a program reads along


def kind_of(event: Event) -> str:
    """The `type` of its line."""
    name = type(event).__name__
    return name[0].lower() + name[1:]


def event_to_json(event: Event, codec: Codec) -> dict[str, Any]:
    """What its line says beside its type and its time."""
    said: dict[str, Any] = codec.encode(event)
    if isinstance(event, Progress | Detached) and event.counts:
        said["counts"] = asdict(event.counts)
    return said
