"""Tokens end in the middle, on an account without keys: the client gets new ones, or says who is not signed in."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from batchctl.cloud.clients import signing
from batchctl.local.identity import identity_variables
from tests.proxy import Answer, Meddling, counting
from tests.sweeps.faults import EVERY, Script, at
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.invariants import ended_as_documented, holds, no_secret, taken_away
from tests.sweeps.life import points_of_small
from tests.sweeps.scenarios import SMALL
from tests.sweeps.stage import Ran, attempt, through
from tests.sweeps.world import World

LIVES, RENEWED_BEFORE = 3.0, 0.5
"""Seconds that a token lives where tokens end by themselves, and before its end from which it is not used any more."""

MORE = 4
"""Requests of an apply that asks for tokens beside those of one with keys, at most."""

PASSING = ("503", "reset", "lost", "half")

FORMS = ("revoked", "ended", "late", "nobody", *PASSING)
"""`revoked`: the services take no token any more that was given before, though it says that it lives. `ended`: the
tokens live for seconds, and a request is held until all that were given have ended. `late`: as `revoked`, and who gives
tokens has a last one of the old. `nobody`: as `revoked`, and none are given any more. Others are faults in passing."""

TOLD = {"late": "expired", "nobody": "not signed in"}


def every(world: World) -> Iterator[str]:
    for form in FORMS:
        numbers = range(1, len(list(points_of_small(world))) + MORE + 1)
        yield from (f"{form} {number} {number % world.counts['small', 'destroy'] + 1}" for number in numbers)


def run(world: World, form: str, *numbers: str) -> None:
    """`numbers`: of the request of the apply at which it happens, and of that of the destroy."""
    with world.keyless() as there:
        stage, script, desk = replace(there.stage(SMALL), keyless=True), Script(), Desk()
        services = there.services
        signed_in = identity_variables(services.batch_url.replace("https:", "http:"), services.batch_key)
        doors = (lambda said: desk.door(said, BATCH), lambda said: desk.door(said, STORAGE))
        with desk.opened(signed_in), through(services, script, doors=doors) as ways:
            for verb, number in zip(("apply", "destroy"), numbers, strict=True):
                script.meddle = at(int(number), EVERY[form] if form in EVERY else desk.ends(form))
                if form == "ended":
                    desk.life = LIVES
                with patch.object(signing, "RENEWED_BEFORE", RENEWED_BEFORE if desk.life else signing.RENEWED_BEFORE):
                    ran = attempt(stage, ways, verb, SkippingClock())
                script.meddle = None
                desk.mends()
                _ended(form, ran)
                no_secret(stage, ran)
                again = attempt(stage, ways, verb, SkippingClock())
                assert again.code == 0, f"{verb} ended with {again}"
                if verb == "apply":
                    holds(there, stage)
        taken_away(there, replace(stage, keyless=False))


def _ended(form: str, ran: Ran) -> None:
    told = TOLD.get(form)
    ended_as_documented(ran, {0, 1, 5} if told else {0})
    assert ran.code == 0 or (told and told in ran.said), f"ended with {ran}"


class Desk:
    """Stands before who gives tokens, and knows what has become of each. `life`: the seconds that those live which are
    given from now on; 0: as long as they say."""

    def __init__(self) -> None:
        self.life = 0.0
        self._ends: dict[str, float] = {}
        self._last: dict[str, str] = {}
        self._old = self._gives_none = False

    @contextmanager
    def opened(self, signed_in: dict[str, str]) -> Iterator[None]:
        """Whoever signs in meanwhile comes here."""
        where = signed_in["IDENTITY_ENDPOINT"]
        with counting(where, lambda _method, path: Meddling(altered=lambda ask: self._given(path, ask))) as log:
            unasked = [name for name in os.environ if name.startswith("AZURE_")]
            with patch.dict(os.environ, {**signed_in, "IDENTITY_ENDPOINT": log.url}):
                for name in unasked:
                    os.environ.pop(name)
                os.environ["AZURE_TOKEN_CREDENTIALS"] = signed_in["AZURE_TOKEN_CREDENTIALS"]
                yield

    def door(self, said: str, refusal: Answer) -> Answer | None:
        kind, _, token = said.partition(" ")
        is_good = kind != "Bearer" or time.time() < self._ends.get(token, 0.0)
        return None if is_good else refusal

    def ends(self, form: str) -> Callable[[], None]:
        def happens() -> None:
            if form == "ended":
                time.sleep(LIVES + 0.1)
                return
            self._ends = dict.fromkeys(self._ends, 0.0)
            self._old, self._gives_none = form == "late", form == "nobody"

        return happens

    def mends(self) -> None:
        self._old = self._gives_none = False
        self.life = 0.0

    def _given(self, path: str, ask: Callable[[], Answer]) -> Answer:
        if self._gives_none:
            return Answer(400, "Bad Request", [("Content-Type", "application/json")], NONE_GIVEN, None)
        answer = ask()
        said = json.loads(answer.content)
        if self._old and path in self._last:
            self._old, said["access_token"] = False, self._last[path]
        else:
            # Those of one second are the same, and one that has ended is not given again.
            while self._ends.get(said["access_token"], time.time() + 1) <= time.time():
                time.sleep(0.05)
                said = json.loads(ask().content)
            ends = time.time() + self.life if self.life else float(said["expires_on"])
            self._ends[said["access_token"]] = ends
            said["expires_on"] = str(int(ends))
        self._last[path] = said["access_token"]
        return replace(answer, content=json.dumps(said).encode(), length=None)


NONE_GIVEN = json.dumps({"statusCode": 400, "message": "No managed identity was found."}).encode()

_WHY = "Lifetime validation failed. The token is expired."

BATCH = Answer(
    401,
    "Unauthorized",
    [
        ("Content-Type", "application/json;odata=minimalmetadata"),
        ("request-id", "door"),
        ("WWW-Authenticate", 'Bearer authorization_uri="https://login.microsoftonline.com/common"'),
    ],
    json.dumps(
        {
            "code": "AuthenticationFailed",
            "message": {"lang": "en-US", "value": "Server failed to authenticate the request."},
            "values": [{"key": "AuthenticationErrorDetail", "value": _WHY}],
        }
    ).encode(),
    None,
)
STORAGE = Answer(
    401,
    "Unauthorized",
    [
        ("Content-Type", "application/xml"),
        ("x-ms-request-id", "door"),
        ("x-ms-error-code", "InvalidAuthenticationInfo"),
        (
            "WWW-Authenticate",
            "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize "
            "resource_id=https://storage.azure.com",
        ),
    ],
    f"<Error><Code>InvalidAuthenticationInfo</Code><Message>{_WHY}</Message></Error>".encode(),
    None,
)
"""As both refuse a token that has ended (Learn: "Common REST API error codes")."""
