"""One of the two services that are asked the same: an account of Azure, or the local one."""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import DefaultAzureCredential

from batchctl.clock import SystemClock
from batchctl.cloud.clients.batch import API_VERSION
from batchctl.cloud.connect import Target, _transport, connect

from .comparison import Json, state_of
from .probes import Probe, Query, Step
from .redaction import Redaction

KIND = "application/json; odata=minimalmetadata"
GONE_WITHIN = 900.0
"""Seconds for what was made to be gone."""
KINDS = ("jobschedules", "jobs", "pools")


class OutOfTimeError(Exception):
    """The node-hours that were granted are used up."""


@dataclass
class Side:
    """`until`: when the nodes' time is over, by the monotonic clock; `names`: what stands for {size} and the like."""

    name: str
    target: Target
    prefix: str
    until: float = math.inf
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = connect(self.target, SystemClock())._session
        key = self.target.batch_key
        credential = AzureNamedKeyCredential(self.target.batch_account, key) if key else DefaultAzureCredential()
        transport = _transport(self.target.batch_url, self.target.trusted)
        sdk: Any = credential
        self._batch = BatchClient(
            self.target.batch_url, sdk, transport=transport, retry_total=0, permit_redirects=False
        )
        self._blobs = session.blobs
        self._pause = 0.05 if self.target.is_on_loopback else 3.0
        self.redaction = Redaction.of(self.target, self.prefix)

    def played(self, probe: Probe) -> list[list[Json]]:
        """The pairs of each step; a step that is asked again leaves the first of each state."""
        names = {**self.names, "p": f"{self.prefix}-{probe.name}", "pool": f"{self.prefix}-nodes"}
        found = []
        for step in probe.steps:
            found.append(self._step(step, names))
            if step.takes:
                name, take = step.takes
                names[name] = self.names[name] = take(self._answer["response"])
        return [[self.redaction.of_value(pair) for pair in pairs] for pairs in found]

    def _step(self, step: Step, names: Mapping[str, str]) -> list[Json]:
        pairs, end = [self._pair(step, names)], time.monotonic() + step.within
        while step.until and not step.until(self._answer["response"]) and time.monotonic() < end:
            if time.monotonic() > self.until:
                raise OutOfTimeError
            time.sleep(self._pause)
            pair = self._pair(step, names)
            if state_of(pair["response"]) != state_of(pairs[-1]["response"]) or step.until(pair["response"]):
                pairs.append(pair)
        return pairs

    def _pair(self, step: Step, names: Mapping[str, str]) -> Json:
        path, query, body = (filled(one, names) for one in (step.path, step.query, step.body))
        response = self.send(step.method, path, query, body, step.headers)
        sent = {"content-type": KIND} if body is not None else {}
        self._answer: Json = {
            "method": step.method,
            "path": path,
            "query": [["api-version", API_VERSION], *map(list, query)],
            "request_headers": {**sent, **{name.lower(): value for name, value in step.headers.items()}},
            "body": body,
            "status": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "response": _content(response),
        }
        return self._answer

    def send(
        self, method: str, path: str, query: Query = (), body: Any = None, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """The answer, whatever its status. Raises AzureError where there is none."""
        sent = {**({"Content-Type": KIND} if body is not None else {}), **(headers or {})}
        content = None if body is None else json.dumps(body).encode()
        request = HttpRequest(
            method,
            quote(path),
            params={"api-version": API_VERSION, **dict(query)},
            headers=sent,
            content=content,
        )
        try:
            return self._batch.send_request(request)
        except HttpResponseError as error:
            if error.response is None:
                raise
            return error.response

    def environ(self) -> dict[str, str]:
        """The environment in which batchctl speaks to this side."""
        if self.name == "account":
            return dict(os.environ)
        blobs = {
            "AccountName": self.target.storage_account,
            "AccountKey": self.target.storage_key,
            "BlobEndpoint": self.target.storage_url,
        }
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AZURE_")},
            "AZURE_BATCH_ACCOUNT": self.target.batch_account,
            "AZURE_BATCH_ENDPOINT": self.target.batch_url,
            "AZURE_BATCH_ACCESS_KEY": self.target.batch_key or "",
            "AZURE_STORAGE_CONNECTION_STRING": ";".join(f"{name}={value}" for name, value in blobs.items()),
        }

    def take_away(self, say: Callable[[str], None]) -> list[str]:
        """Deletes all that bears the prefix and waits until it is gone; what is left, in words."""
        end = time.monotonic() + GONE_WITHIN
        while left := list(self._what_is_there(delete=True)):
            if time.monotonic() > end or all("cannot be" in one for one in left):
                return left
            say(f"{self.name}: waits until {len(left)} are gone, such as {left[0]}")
            time.sleep(self._pause)
        return []

    def _what_is_there(self, *, delete: bool) -> Iterator[str]:
        for kind in KINDS:
            try:
                for one in self._listed(kind):
                    yield f"{kind[:-1]} {one['id']}"
                    if delete and one["state"] != "deleting":
                        self.send("DELETE", f"/{kind}/{one['id']}")
            except (AzureError, KeyError, ValueError) as error:
                yield f"{kind}, which cannot be listed or deleted: {str(error).splitlines()[0]}"
        try:
            for container in self._blobs.list_containers(name_starts_with=self.prefix):
                yield f"container {container.name}"
                self._blobs.delete_container(container.name)
        except AzureError as error:
            yield f"containers, which cannot be listed or deleted: {str(error).splitlines()[0]}"

    def _listed(self, kind: str) -> list[Json]:
        answer = self.send("GET", f"/{kind}", (("$filter", f"startswith(id,'{self.prefix}')"), ("$select", "id,state")))
        # Nothing is deleted that does not bear the prefix, whatever became of the filter.
        return [one for one in answer.json()["value"] if one["id"].startswith(self.prefix)]


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """A path or a body with names in the place of {p}, {pool} and the like."""
    match value:
        case str():
            for name, text in names.items():
                value = value.replace(f"{{{name}}}", text)
        case dict():
            return {key: filled(one, names) for key, one in value.items()}
        case list() | tuple():
            return [filled(one, names) for one in value]
    return value


def _content(response: HttpResponse) -> Any:
    raw = response.content
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return {"$text": raw.decode("utf-8", "replace")}
