"""Requests to a local Azure Batch service, changed at random: each is answered, none by an internal error.

One seed is a session: an empty account, a pool with a node and a job with a task in it, and some requests. No task runs
anything but the programs `true` and what is no program.
"""

import json
import logging
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from azure.batch import models

from batchctl.emulator.api.routes import OLDER, ROUTES
from batchctl.emulator.wire.versions import VERSIONS
from tests.emulator.bodies import full
from tests.emulator.raw import VERSION, send, sign
from tests.emulator.stand import Local
from tests.fuzz.mutations import VALUES, mutated
from tests.fuzz.texts import struck
from tests.fuzz.trials import Outcome, Trial

REQUESTS = 25
"""In a session."""
INFO = {"poolId": "p"}
TASK = {"id": "t2", "commandLine": "true"}
JOB = {"id": "j2", "poolInfo": INFO}
IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
MACHINE = {"imageReference": IMAGE, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
POOL = {"id": "p2", "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE, "targetDedicatedNodes": 1}
SCHEDULE = {"id": "s2", "schedule": {"recurrenceInterval": "PT1H"}, "jobSpecification": {"poolInfo": INFO}}
BODIES: dict[str, tuple[Any, ...]] = {
    "/pools": (POOL, full(models.BatchPoolCreateOptions).as_dict()),
    "/pools/{pool}": (full(models.BatchPoolUpdateOptions).as_dict(),),
    "/pools/{pool}/updateproperties": (full(models.BatchPoolReplaceOptions).as_dict(),),
    "/pools/{pool}/resize": (
        {"targetDedicatedNodes": 2, "resizeTimeout": "PT15M", "nodeDeallocationOption": "requeue"},
    ),
    "/pools/{pool}/removenodes": ({"nodeList": ["tvmps_1"], "resizeTimeout": "PT15M"},),
    "/pools/{pool}/enableautoscale": ({"autoScaleFormula": "$TargetDedicatedNodes=1;"},),
    "/pools/{pool}/evaluateautoscale": (
        {"autoScaleFormula": "a=avg($CPUPercent.GetSample(1));$TargetDedicatedNodes=a;"},
    ),
    "/pools/{pool}/nodes/{node}/users": (full(models.BatchNodeUserCreateOptions).as_dict(),),
    "/pools/{pool}/nodes/{node}/uploadbatchservicelogs": (full(models.UploadBatchServiceLogsOptions).as_dict(),),
    "/jobs": (JOB, full(models.BatchJobCreateOptions).as_dict()),
    "/jobs/{job}": (full(models.BatchJobUpdateOptions).as_dict(), {**JOB, "priority": 3}),
    "/jobs/{job}/disable": ({"disableTasks": "requeue"},),
    "/jobs/{job}/terminate": ({"terminateReason": "x"},),
    "/jobs/{job}/tasks": (TASK, full(models.BatchTaskCreateOptions).as_dict()),
    "/jobs/{job}/tasks/{task}": ({"constraints": {"maxTaskRetryCount": 2}},),
    "/jobs/{job}/addtaskcollection": ({"value": [TASK, {**TASK, "id": "t3", "dependsOn": {"taskIds": ["t"]}}]},),
    "/jobschedules": (SCHEDULE, full(models.BatchJobScheduleCreateOptions).as_dict()),
    "/jobschedules/{schedule}": (full(models.BatchJobScheduleUpdateOptions).as_dict(), SCHEDULE),
    "/_local/seed/check": ({"pools": [POOL], "jobs": [{"job": JOB, "tasks": [TASK]}]},),
    "/_local/clock": ({"advance": "PT1M"}, {"timeScale": 0}),
    "/_local/faults": (
        {"kind": "quota", "quota": "pools", "most": 100},
        {"kind": "delay", "step": "boot", "seconds": 0},
    ),
    "/_local/tokens": ({},),
}
NAMES = {"pool": "p", "job": "j", "task": "t", "schedule": "s", "file": "stdout.txt", "fault": "1", "user": "u"}
ODD = ("", "..", ".", "%2e%2e", "%00", "%ff", "a%2fb", "x" * 300, "%E2%80%AE", "nothing", "P", "*", "'", "%0d%0aX:y")
QUERIES: dict[str, tuple[str, ...]] = {
    "$filter": (
        "id eq 'p'",
        "state eq 'active' and (id ne 'x' or startswith(id,'j'))",
        "creationTime gt 2026-01-01T00:00:00Z",
    ),
    "$select": ("id,state", "*"),
    "$expand": ("stats", "stats,tasks"),
    "maxresults": ("1", "1000"),
    "timeout": ("30",),
    "$skiptoken": ("WATV3:1", "1"),
    "recursive": ("true", "false"),
    "starttime": ("2026-01-01T00:00:00Z",),
}
HEADERS: dict[str, tuple[str, ...]] = {
    "If-Match": ('"0x8D"', "*"),
    "If-None-Match": ('"0x8D"', "*"),
    "If-Modified-Since": (formatdate(0, usegmt=True),),
    "If-Unmodified-Since": (formatdate(usegmt=True),),
    "ocp-range": ("bytes=0-3", "bytes=5-"),
    "client-request-id": ("x",),
    "return-client-request-id": ("true",),
    "Content-Encoding": ("gzip",),
    "Expect": ("100-continue",),
    "Origin": ("null",),
    "Host": ("localhost",),
}
LEFT_OUT = {"/_local/reset", "/_local/"}
"""The first is how a session begins, the other is a page."""
DEADLINE = 20


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Any
    headers: dict[str, str]


class _Errors(logging.Handler):
    """What the service and asyncio say of what nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(logging.Formatter().format(record))


def trial(folder: Path) -> Trial:
    errors = _Errors()
    logging.getLogger().addHandler(errors)
    local = Local(folder.parent / f"service-{time.monotonic_ns()}").start(containers="refuse")
    return lambda seed: run(seed, local.url, errors)


def run(seed: int, url: str, errors: _Errors) -> Outcome:
    chance = random.Random(seed)
    _furnish(url)
    told = []
    for number in range(REQUESTS):
        request = made(chance)
        errors.told.clear()
        send_it = _as_bytes if chance.random() < 0.15 else _as_request
        if wrong := send_it(url, request, chance):
            return Outcome(crash=f"request {number}, {request}: {wrong}\n" + "\n".join(errors.told))
        if errors.told:
            return Outcome(crash=f"request {number}, {request}:\n" + "\n".join(errors.told))
        told.append(f"{request.method} {request.path}")
        if request.path.startswith("/_local/faults"):
            send(url, "DELETE", "/_local/faults")
    if send(url, "GET", "/_local/status").status != 200:
        return Outcome(crash="the service does not tell how it is any more")
    return Outcome(told=tuple(told))


def _furnish(url: str) -> None:
    """A pool with a node, a job and a task in it, a schedule."""
    for path, body in (
        ("/_local/reset", None),
        (f"/pools?{VERSION}", {**POOL, "id": "p"}),
        (f"/jobs?{VERSION}", {**JOB, "id": "j"}),
        (f"/jobs/j/tasks?{VERSION}", {**TASK, "id": "t"}),
        (f"/jobschedules?{VERSION}", {**SCHEDULE, "id": "s"}),
    ):
        reply = send(url, "POST", path, body)
        assert reply.status < 300, reply


def made(chance: random.Random) -> Request:
    """A request of the surface, of which some parts were changed."""
    method, path, _ = chance.choice([route for route in (*ROUTES, *OLDER) if route[1] not in LEFT_OUT])
    body = chance.choice(BODIES.get(path, (None,)))
    if body is not None and chance.random() < 0.8:
        body, _ = mutated(body, chance, chance.choice((1, 1, 2, 4)))
    if body is not None and chance.random() < 0.15:
        body = struck(json.dumps(body), chance)[0]
    if chance.random() < 0.05:
        method = chance.choice(("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"))
    return Request(method, _address(path, chance), body, _some(HEADERS, chance, _header))


def _address(path: str, chance: random.Random) -> str:
    parts = [
        chance.choice(ODD) if part.startswith("{") and chance.random() < 0.15 else _named(part)
        for part in path.split("/")
    ]
    query = _some(QUERIES, chance, lambda value: quote(value, safe="'(),*$="))
    version = (
        VERSION if chance.random() < 0.8 else f"api-version={chance.choice((*sorted(VERSIONS), '2026-10-01.1', ''))}"
    )
    local = path.startswith("/_local") and (path != "/_local/seed/check" or chance.random() < 0.1)
    return "/".join(parts) + "?" + "&".join([*([] if local else [version]), *(f"{k}={v}" for k, v in query.items())])


def _named(part: str) -> str:
    return NAMES.get(part.strip("{}"), "tvmps_0") if part.startswith("{") else part


def _some(known: dict[str, tuple[str, ...]], chance: random.Random, written: Callable[[str], str]) -> dict[str, str]:
    """Some of what is known, with its values or others."""
    found = {}
    for name in chance.sample(sorted(known), chance.choice((0, 0, 0, 1, 1, 2))):
        value = chance.choice(known[name])
        if chance.random() < 0.5:
            value = struck(value, chance)[0].decode(errors="replace")
        elif chance.random() < 0.3:
            value = str(chance.choice(VALUES))
        found[name] = written(value)
    return found


def _header(value: str) -> str:
    """As much of it as a header can say."""
    return "".join(char for char in value if char.isprintable()).encode("latin-1", "replace").decode("latin-1")[:4000]


def _as_request(url: str, request: Request, chance: random.Random) -> str:
    begun = time.monotonic()
    reply = send(url, request.method, request.path, request.body, dict(request.headers))
    if reply.status >= 500 and reply.status not in (501, 503):
        return f"answered with {reply.status}: {reply.content[:2000]!r}"
    if reply.status >= 400 and request.method != "HEAD" and reply.content and "code" not in reply.json:
        return f"no code in {reply.content[:500]!r}"
    return "" if time.monotonic() < begun + DEADLINE else "took too long"


def _as_bytes(url: str, request: Request, chance: random.Random) -> str:
    """The bytes of a request, changed; the connection ends behind them, and so does the answer."""
    body = json.dumps(request.body).encode() if not isinstance(request.body, bytes) else request.body
    headers = {"ocp-date": formatdate(usegmt=True), **request.headers, "Content-Length": str(len(body))}
    headers["Authorization"] = sign(request.method, request.path, headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": urlsplit(url).netloc, **headers}.items())
    content = f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
    for _ in range(chance.choice((1, 1, 3))):
        content = struck(content.decode("latin-1"), chance)[0]
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=DEADLINE) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            first = connection.recv(1 << 16).partition(b"\r\n")[0]
            while connection.recv(1 << 16):
                pass
        except TimeoutError:
            return f"{content[:3000]!r} is never answered"
        except OSError:
            return ""  # it hung up before all was sent
    return f"{content[:3000]!r} is answered with {first!r}" if b" 500" in first else ""
