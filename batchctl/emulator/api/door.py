"""The ASGI application: what a request becomes, and how every answer looks on the wire."""

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from batchctl.emulator import times
from batchctl.emulator.api import browsers, routes
from batchctl.emulator.api.entra import open_routes
from batchctl.emulator.api.entra.tokens import Asked
from batchctl.emulator.api.entrance import Entrance
from batchctl.emulator.api.fault_routes import AskedRefusal
from batchctl.emulator.faults import FOREVER, Fault
from batchctl.emulator.life.service import Service
from batchctl.emulator.page.document import HEADERS as OF_PAGES
from batchctl.emulator.refusals import Refusal, bad_query
from batchctl.emulator.settings import NEWER_API
from batchctl.emulator.wire.messages import Answer, Call, NotModified, Part
from batchctl.emulator.wire.versions import JUNE_2025, VERSIONS, error_of_version, is_newer

PARAMETERS = frozenset(
    {
        *("api-version", "timeout", "maxresults", "force", "recursive", "starttime", "endtime"),
        *("$filter", "$select", "$expand", "$skiptoken"),
    }
)
"""The parameters of all operations, in lower case."""
MOST_BODY = 4 << 20
_OURS = "/_local/"
BODY_WITHIN = 120.0
"""Seconds in which a whole body comes, as IIS has it: who sends a byte now and then holds no place for ever."""
_PIECE = 1 << 18  # bytes of a file that are in memory at once
_VERSION = "api-version"
_JSON = "application/json;odata=minimalmetadata"
_log = logging.getLogger(__name__)


class Door:
    """One service, reached under the host names of loopback at one port, and under those that were asked for."""

    def __init__(self, service: Service, port: int) -> None:
        self._service, self._port = service, port
        self._entrance = Entrance(service, port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request_id = str(uuid.uuid4())
        try:
            # Whole and first: what follows does not wait, so that no two requests interleave.
            async with asyncio.timeout(BODY_WITHIN):
                content = await _read_body(request)
        except ClientDisconnect:
            return None
        except TimeoutError:
            return await _hang_up(send)
        came, began = self._service.clock.now(), time.perf_counter()
        fault = self._fault(request)
        if fault and fault.asked["seconds"]:
            await self._hold(fault)
        drop = fault.asked.get("drop") if fault else None
        answer = None if drop == "before" else self._answer(request, content, request_id, fault)
        if answer and answer.once:
            answer = await answer.once() or answer
        self._note(request, None if drop else answer, came, began)
        if answer is None or drop:
            return await _hang_up(send)
        return await _asgi_response(answer, self._headers(request, answer, request_id), request.method)(
            scope, receive, send
        )

    async def _hold(self, fault: Fault) -> None:
        """Waits on the service's clock, or until the fault is cleared."""
        over, seconds = asyncio.Event(), fault.asked["seconds"]
        timer = None if seconds == FOREVER else self._service.clock.later(seconds, over.set)
        fault.let_go.add(over.set)
        try:
            await over.wait()
        finally:
            fault.let_go.discard(over.set)
            if timer:
                timer.cancel()

    def _fault(self, request: Request) -> Fault | None:
        """The fault on demand that this request meets. The surface that controls them meets none, nor does Entra ID."""
        faults, path = self._service.faults, request.url.path
        if not faults.in_force or path.startswith(_OURS) or open_routes.find_handler(request.method, path):
            return None
        return faults.take_request(request.method, request.url.path)

    def _note(self, request: Request, answer: Answer | None, came: float, began: float) -> None:
        """For who looks at the page; what is asked of ourselves alone is nothing to see there."""
        path = request.scope["raw_path"].decode("ascii", "replace")
        if not path.startswith(_OURS):
            status, body = (answer.status, answer.body) if answer else (None, None)
            code = body.get("code") if body and status and status >= 400 else None
            self._service.requests.note(came, request.method, path, status, code, time.perf_counter() - began)

    def _answer(self, request: Request, content: bytes | None, request_id: str, fault: Fault | None) -> Answer:
        """What the service says; whatever goes wrong becomes its error body."""
        now = self._service.clock.now()
        try:
            if fault and "status" in fault.asked:
                raise AskedRefusal(fault)
            answer = self._handle(request, content)
            if request.method not in ("GET", "HEAD"):
                self._service.flush()  # before the answer goes: what was acknowledged is there after a crash
            return answer
        except NotModified as same:
            return Answer(304, None, same.headers)
        except Refusal as refusal:
            body = refusal.body(_base_of(request), request_id, times.stamp(now))
            body = error_of_version(body, request.query_params.get("api-version", JUNE_2025))
            return Answer(refusal.status, body, refusal.headers)
        except Exception:
            _log.exception("request %s failed", request_id)
            return Answer(500, Refusal("InternalError").body("", request_id, times.stamp(now)))

    def _handle(self, request: Request, content: bytes | None) -> Answer:
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw_path = request.scope["raw_path"].decode("ascii", "replace")
        query = parse_qsl(request.scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
        self._entrance.admit(
            request.method, raw_path, headers
        )  # before any secret is looked at: a web page learns nothing
        base = _base_of(request)
        opened = open_routes.find_handler(request.method, raw_path)
        if not opened and (request.method, raw_path) not in routes.UNSIGNED:
            self._entrance.authenticate(request.method, raw_path, query, headers, base)
        if content is None:
            raise Refusal("RequestBodyTooLarge", (("MaxLimit", str(MOST_BODY)),), headers={"Connection": "close"})
        if opened:
            self._service.active = time.monotonic()
            asked = Asked(opened[1], dict(query), headers, content, base, request.scope["client"], self._port)
            return opened[0](self._service, asked)
        local = raw_path.startswith(_OURS)
        given = dict(reversed(query))
        newest = None if local else self._version_instead(given.get(_VERSION, ""))
        if newest:
            given[_VERSION] = newest
        if not local:
            _check_query(given)
            self._service.active = time.monotonic()  # whoever asks for our status does not keep us awake
        handler, params = routes.find_handler(request.method, raw_path)
        peer = request.scope["client"]
        return handler(self._service, Call(request.method, raw_path, params, given, headers, content, base, peer))

    def _version_instead(self, version: str) -> str | None:
        """The newest version that is known, for one that is newer, where somebody asked for that."""
        settings = self._service.settings
        if not is_newer(version) or not (settings.accepts_newer_api or (settings.home / NEWER_API).exists()):
            return None
        return max(VERSIONS)

    def _headers(self, request: Request, answer: Answer, request_id: str) -> dict[str, str]:
        headers = {
            # Signatures are judged by the real time, and what is said of them is said by it.
            "Date": times.http_date(time.time() if answer.status in (401, 403) else self._service.clock.now()),
            "request-id": request_id,
            "DataServiceVersion": "3.0",
            "Server": "batchctl-emulator",
            **(OF_PAGES if request.scope["path"].startswith(browsers.PAGE) else {}),
            **answer.headers,
        }
        version = request.query_params.get(_VERSION, "")
        if newest := self._version_instead(version):
            # A warning that lasts (RFC 7234, 5.5.7): that version may say something else.
            why = f"api-version {version} is not known here and was served as {newest}"
            headers["Warning"] = f'299 batchctl-emulator "{why}"'
        wanted = request.headers.get("return-client-request-id", "false").lower() == "true"
        if wanted and (client := request.headers.get("client-request-id")) and client.isprintable():
            headers["client-request-id"] = client
        return headers


async def _hang_up(send: Send) -> None:
    """Ends the connection without a word. ASGI has no message for that: uvicorn's own object behind `send` has."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]  # a method of uvicorn's RequestResponseCycle
    await asyncio.sleep(0)  # uvicorn hears of it before the answer is missed


def _base_of(request: Request) -> str:
    """The account's URL as this client reaches it."""
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}"


async def _read_body(request: Request) -> bytes | None:
    """The body; None if it is larger than any request may be."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BODY:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _check_query(query: dict[str, str]) -> None:
    """A version that is served, and no parameter that no operation knows."""
    version = query.get(_VERSION)
    if not version:
        raise Refusal("MissingRequiredQueryParameter", (("QueryParameterName", _VERSION),))
    if version not in VERSIONS:
        raise Refusal("UnsupportedRequestVersion", ((_VERSION, version), ("Supported", ", ".join(sorted(VERSIONS)))))
    for name, value in query.items():
        if name.lower() not in PARAMETERS:
            raise Refusal("UnsupportedQueryParameter", (("QueryParameterName", name),))
        if name.lower() == "timeout" and not re.fullmatch("[0-9]{1,18}", value):
            raise bad_query(name, value[:80], "a number of seconds is wanted")


def _asgi_response(answer: Answer, headers: dict[str, str], method: str) -> Response:
    """JSON, a part of a file, or nothing."""
    if answer.part:
        return StreamingResponse(_file_pieces(answer.part), answer.status, headers)
    if answer.body is None:
        return Response(answer.content, answer.status, headers)
    content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    if method == "HEAD":
        return Response(None, answer.status, headers)
    return Response(content, answer.status, {"Content-Type": _JSON, **headers})


async def _file_pieces(part: Part) -> AsyncIterator[bytes]:
    """The file's bytes; if it became shorter meanwhile, the connection ends early and the client sees it."""
    with part.path.open("rb") as file:
        file.seek(part.start)
        left = part.length
        while left and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
