"""Lists that go round in circles, never end, or lead elsewhere: told within a bound, and the next run converges."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from tests.proxy import Answer, Meddling
from tests.sweeps.hasty import MOST_PAGES, SkippingClock
from tests.sweeps.invariants import DOCUMENTED, bounded, ended_as_documented, no_secret
from tests.sweeps.life import Act, live, points
from tests.sweeps.stage import attempt, inside
from tests.sweeps.world import World

TOKEN = "going-round"
"""What the names of all next pages begin with."""

FORMS: dict[str, Callable[[int], str]] = {
    "same": lambda page: f"{TOKEN}-0",
    "turns": lambda page: f"{TOKEN}-{page % 2}",
    "fresh": lambda page: f"{TOKEN}-{page}",
    "elsewhere": lambda page: f"{TOKEN}-0",
}
"""What page so many says the next one is; those of `fresh` are empty, and in `elsewhere` Batch goes on at another
host."""

TOLD = ("goes round in circles", "does not come to an end", f"more than {MOST_PAGES} pages", "continues a list at")


def every(world: World) -> Iterator[str]:
    for form in FORMS:
        yield from (f"{scenario} {form} {apply} {destroy}" for scenario, apply, destroy in points(world))


def run(world: World, scenario: str, form: str, *numbers: str) -> None:
    batch = world.services.batch_url
    live(world, scenario, *(partial(_ends, Round(form, int(number), batch)) for number in numbers))


class Round:
    """Meddles with the request of a number, if that asks for a list, and with those that follow from it."""

    def __init__(self, form: str, number: int, batch: str) -> None:
        self._form, self._number, self._batch = form, number, batch
        self._asked = self.pages = 0
        self._first: Answer | None = None
        self._path = ""

    def __call__(self, method: str, path: str) -> Meddling | None:
        self._asked += 1
        if TOKEN in path:
            return Meddling(altered=lambda ask: self._page(self._first or ask()))
        if self._asked != self._number or method != "GET":
            return None
        self._path = path
        return Meddling(altered=self._begin)

    def _begin(self, ask: Callable[[], Answer]) -> Answer:
        answer = ask()
        if _lists(answer):
            self._first = answer
            return self._page(answer)
        return answer

    def _page(self, answer: Answer) -> Answer:
        self.pages += 1
        token, is_empty = FORMS[self._form](self.pages), self._form == "fresh"
        content = _of_storage(answer, token, is_empty) if b"<?xml" in answer.content[:64] else None
        return replace(answer, content=content or self._of_batch(answer, token, is_empty))

    def _of_batch(self, answer: Answer, token: str, is_empty: bool) -> bytes:
        said = json.loads(answer.content)
        host = "http://elsewhere.invalid" if self._form == "elsewhere" else self._batch
        joined = "&" if "?" in self._path else "?"
        return json.dumps(
            {**said, "value": [] if is_empty else said["value"], "odata.nextLink": f"{host}{self._path}{joined}{token}"}
        ).encode()


def _lists(answer: Answer) -> bool:
    if b"<EnumerationResults" in answer.content:
        return True
    return answer.content.startswith(b"{") and isinstance(json.loads(answer.content).get("value"), list)


def _of_storage(answer: Answer, token: str, is_empty: bool) -> bytes:
    content = (
        re.sub(rb"<(Blobs|Containers)>.*</\1>", b"", answer.content, flags=re.DOTALL) if is_empty else answer.content
    )
    return re.sub(rb"<NextMarker ?/>|<NextMarker></NextMarker>", f"<NextMarker>{token}</NextMarker>".encode(), content)


def _ends(going: Round, act: Act) -> None:
    act.script.meddle = going
    before = len(act.ways.requests)
    ran = attempt(act.stage, act.ways, act.verb, SkippingClock())
    act.script.meddle = None
    ended_as_documented(ran, DOCUMENTED)
    no_secret(act.stage, ran)
    assert ran.code == 0 or any(words in ran.said for words in TOLD), f"ended with {ran}"
    assert going.pages <= 2 * MOST_PAGES, f"{going.pages} pages were asked for"
    bounded(len(act.ways.requests) - before, act.undisturbed, 1)
    inside(act.stage, act.ways, act.verb, SkippingClock())
