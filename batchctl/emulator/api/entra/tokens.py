"""Who asks for tokens: clients of Entra ID, and of managed identities in their two forms. These requests bear no
signature; a secret or the user of the process that asks stands in its place."""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from batchctl.emulator.identity import peers
from batchctl.emulator.identity.claims import ISSUERS, LIFE, claims_of
from batchctl.emulator.identity.principals import (
    DEVELOPER,
    NoIdentity,
    Principal,
    choose_identity,
    identities_of,
    node_of,
    principal_of,
    secret_of,
)
from batchctl.emulator.life.service import Service
from batchctl.emulator.wire.messages import Answer

_DEFAULT = "/.default"
AS_JSON = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}


@dataclass(frozen=True)
class Asked:
    """A request for a token, or about them. `base` is the URL by which this client reaches us, without a slash."""

    tenant: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    base: str
    peer: tuple[str, int] | None
    port: int

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.content.decode("utf-8", "replace"), keep_blank_values=True))


Handler = Callable[[Service, Asked], Answer]


def issue_token(service: Service, asked: Asked) -> Answer:
    """The client credentials flow of Entra ID. Every client id is an application here, every tenant the local one."""
    form = asked.form
    if form.get("grant_type") != "client_credentials":
        why = f"AADSTS70003: The app requested an unsupported grant type '{form.get('grant_type', '')}'."
        return _refused(400, "unsupported_grant_type", why)
    audience = form.get("resource") or _audience_of(form.get("scope", ""))
    for name, value in (("client_id", form.get("client_id")), ("scope", audience)):
        if not value:
            why = f"AADSTS900144: The request body must contain the following parameter: '{name}'."
            return _refused(400, "invalid_request", why)
    if not _is_ours(service, asked, form.get("client_secret") or form.get("client_assertion") or ""):
        return _refused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
    answer = _issue(service, principal_of(form["client_id"]), audience)
    if "resource" in form or answer.body is None:
        return answer
    # Version 2.0 of the endpoint says less, and its numbers are numbers.
    body = {name: answer.body[name] for name in ("token_type", "access_token")}
    return Answer(200, {**body, "expires_in": LIFE, "ext_expires_in": LIFE}, AS_JSON)


def ask_as_app_service(service: Service, asked: Asked) -> Answer:
    """The App Service form: a secret header tells who asks, a developer or the tasks of a node."""
    shown, key = asked.headers.get("x-identity-header", ""), service.settings.key
    if hmac.compare_digest(shown.encode(), secret_of(key).encode()):
        return _issue(service, _developer_as(asked.query), asked.query.get("resource", ""))
    found = node_of(key, shown)
    pool = service.store.pools.get(found[0].lower()) if found else None
    if found is None or pool is None or found[1] not in pool.nodes:
        return _refused(401, "unauthorized", "The X-IDENTITY-HEADER is not of this service.")
    try:
        identity = choose_identity(identities_of(pool.spec), asked.query)
    except NoIdentity as why:
        return _refused(400, "invalid_request", str(why))
    return _issue(service, identity, asked.query.get("resource", ""))


def ask_as_node(service: Service, asked: Asked) -> Answer:
    """The form of the Azure Instance Metadata Service, for processes of the user who runs this service."""
    if asked.headers.get("metadata", "").lower() != "true":
        return _refused(400, "bad_request_102", "Required metadata header not specified")
    if not peers.is_of_our_user(asked.peer, asked.port):
        return _refused(403, "access_denied", "Only processes of the user who runs this service are told a token here.")
    return _issue(service, _developer_as(asked.query), asked.query.get("resource", ""))


def describe_authority(service: Service, asked: Asked) -> Answer:  # noqa: ARG001 - a handler takes both
    """OpenID Connect Discovery: what clients look up before they ask for a token."""
    home = f"{asked.base}/{asked.tenant}"
    body = {
        "issuer": ISSUERS["2.0"],
        "authorization_endpoint": f"{home}/oauth2/v2.0/authorize",
        "token_endpoint": f"{home}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{home}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{home}/discovery/v2.0/keys",
        "response_types_supported": ["token"],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return Answer(200, body, AS_JSON)


def list_keys(service: Service, asked: Asked) -> Answer:  # noqa: ARG001 - a handler takes both
    """The keys by which anybody can check a token."""
    return Answer(200, {"keys": service.tokens.public_keys()}, AS_JSON)


def _developer_as(query: Mapping[str, str]) -> Principal:
    """The developer may be any identity, and is himself where he names none."""
    resource = query.get("mi_res_id") or query.get("msi_res_id")
    if resource:
        return identities_of({"identity": {"userAssignedIdentities": [{"resourceId": resource}]}})[0]
    client = query.get("client_id") or query.get("clientid")
    return principal_of(client) if client else DEVELOPER


def _is_ours(service: Service, asked: Asked, shown: str) -> bool:
    """Whether who asks shows the secret, or is a process of the user who could read it."""
    good = hmac.compare_digest(shown.encode(), secret_of(service.settings.key).encode())
    return good or peers.is_of_our_user(asked.peer, asked.port)


def _audience_of(scope: str) -> str:
    """What the scope is of: `https://storage.azure.com/.default`. Its other words (`openid`) ask for nothing here."""
    found = [word.removesuffix(_DEFAULT) for word in scope.split() if word.endswith(_DEFAULT)]
    return found[0] if found else ""


def _issue(service: Service, principal: Principal, audience: str) -> Answer:
    """The answer of version 1.0 of the token endpoint, and of managed identities: all of it is text."""
    if not audience:
        return _refused(400, "invalid_resource", "AADSTS50001: The application named  was not found in the tenant.")
    # Real time, whatever the service's own clock says: clients and the blob store have no other.
    claims = claims_of(principal, audience, time.time())
    body = {
        "token_type": "Bearer",
        "access_token": service.tokens.cut(claims),
        "expires_in": str(LIFE),
        "ext_expires_in": str(LIFE),
        "expires_on": str(claims["exp"]),
        "not_before": str(claims["nbf"]),
        "resource": audience,
        "client_id": principal.client,
    }
    return Answer(200, body, AS_JSON)


def _refused(status: int, error: str, why: str) -> Answer:
    # Twice: the last two are what an App Service says, and all that msal reads of it.
    body = {"error": error, "error_description": why, "statusCode": status, "message": why}
    return Answer(status, body, AS_JSON)
