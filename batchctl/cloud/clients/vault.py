"""Secrets of key vaults (REST: Get Secret), read with azure-identity: one request each, of which nothing is kept.

It has not met the real service yet.
"""

import json
import logging
from threading import Event
from typing import Any

from azure.core import PipelineClient
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from batchctl.clock import Clock
from batchctl.cloud.clients.faults import NOT_SIGNED_IN, answer_fault
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.genuine import require_the_service
from batchctl.cloud.clients.patience import patiently
from batchctl.cloud.clients.storage import ANSWER_WITHIN, CONNECT_WITHIN
from batchctl.errors import CloudError, UsageError

API_VERSION = "7.4"
"""That every cloud has."""

USUAL = ".vault.azure.net"
DOMAINS = (USUAL, ".vault.azure.cn", ".vault.usgovcloudapi.net")
"""Where key vaults are: a token goes nowhere else."""


class Vaults:
    """Every key vault that whoever is signed in may read."""

    def __init__(self, clock: Clock) -> None:
        from azure.identity import DefaultAzureCredential  # imported late: 0.25 s

        # It tells of every way in which nobody is signed in.
        logging.getLogger("azure").setLevel(logging.CRITICAL)
        self._clock, self._credential, self._gate = clock, DefaultAzureCredential(), Gate()

    def secret(self, name: str) -> str | None:
        """The secret VAULT/NAME or VAULT/NAME/VERSION; None where there is none of that name. Raises CloudError where
        it cannot be read, UsageError for what is no vault."""
        vault, _, path = name.partition("/")
        host = vault if "." in vault else f"{vault}{USUAL}"
        domain = next((domain for domain in DOMAINS if host.lower().endswith(domain)), None)
        if domain is None:
            known = ", ".join(f"NAME{domain}" for domain in DOMAINS)
            raise UsageError(f"{vault!r} is no key vault: write its name, or its host, one of {known}")
        try:
            said = patiently(self._clock, lambda: self._read(host, domain, path), Event())
        except CloudError as error:
            if error.status == 404:
                return None
            why = NOT_SIGNED_IN if error.code == "NotSignedIn" else error
            raise CloudError(f"key vault {vault!r}: {why}", status=error.status, code=error.code) from error
        return said

    def _read(self, host: str, domain: str, path: str) -> str:
        policies = [
            RequestIdPolicy(),
            UserAgentPolicy(user_agent=self._gate.user_agent),
            BearerTokenCredentialPolicy(self._credential, f"https://{domain[1:]}/.default"),
        ]
        transport = RequestsTransport(connection_timeout=CONNECT_WITHIN, read_timeout=ANSWER_WITHIN)
        url = f"https://{host}/secrets/{path}"
        request = HttpRequest("GET", url, params={"api-version": API_VERSION})
        client: Any = PipelineClient(f"https://{host}", policies=policies, transport=transport)
        with client:
            answer = client.send_request(request)
            require_the_service(url, answer.status_code, answer.headers, "a key vault")
            if answer.status_code != 200:
                raise answer_fault(f"GET {url}", answer.status_code, answer.headers, answer.text())
            return _value_of(answer.text(), url)


def _value_of(text: str, url: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    value = body.get("value") if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise CloudError(f"{url} did not answer as a key vault does: there is no secret in its answer")
    return value
