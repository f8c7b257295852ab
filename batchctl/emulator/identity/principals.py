"""Who may ask for a token: the developer, and the managed identities of a pool. Pure.

What a node is told, and what it is refused, is as the Azure Instance Metadata Service has it (Learn, "How to use
managed identities for Azure resources on an Azure VM to acquire an access token").
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from batchctl.emulator.records import Json


def _id_of(name: str) -> str:
    """The id (a UUID, version 5 by its form) that follows from a name."""
    digits = hashlib.sha256(f"batchctl:{name}".encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


TENANT = _id_of("tenant")
"""The one directory of the local service, the same on every machine."""
SUBSCRIPTION = _id_of("subscription")
ENDPOINT = "/_local/identity/token"
"""Where IDENTITY_ENDPOINT leads, on the service's own port."""
_NAMES = {"client_id": "client", "clientid": "client", "mi_res_id": "resource", "msi_res_id": "resource"}
_NAMES |= {"object_id": "object", "principal_id": "object"}
"""The parameters by which a request names an identity, and what of it they name."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a token speaks for. `resource`: the managed identity's id in Azure Resource Manager."""

    client: str
    object: str
    resource: str = ""


class NoIdentity(Exception):  # noqa: N818 - an answer, not an error
    """Why there is no identity to ask for."""


def principal_of(client: str) -> Principal:
    """An application or a developer, by the client id that it says it has."""
    return Principal(client, _id_of(f"principal:{client.lower()}"))


DEVELOPER = principal_of(_id_of("developer"))


def with_ids(identity: Json) -> Json:
    """A pool's identity as Azure shows it: each one with the client id and principal id that follow from its name."""
    listed = [_with_ids(one) for one in identity.get("userAssignedIdentities", ())]
    return {**identity, "userAssignedIdentities": listed} if listed else identity


def _with_ids(identity: Json) -> Json:
    name = identity["resourceId"].lower()
    ids = {kind: _id_of(f"{kind}:{name}") for kind in ("clientId", "principalId")}
    return {**ids, **identity}


def identities_of(spec: Json) -> tuple[Principal, ...]:
    """The managed identities of a pool's nodes."""
    listed = with_ids(spec.get("identity", {})).get("userAssignedIdentities", ())
    return tuple(Principal(one["clientId"], one["principalId"], one["resourceId"]) for one in listed)


def choose_identity(identities: tuple[Principal, ...], query: Mapping[str, str]) -> Principal:
    """The identity that a request means: the one that it names, or the only one. Raises NoIdentity."""
    asked = {_NAMES[name]: value for name, value in query.items() if name in _NAMES and value}
    found = [one for one in identities if all(_is_named(one, kind, value) for kind, value in asked.items())]
    if not found:
        raise NoIdentity("Identity not found")
    if len(found) > 1:
        raise NoIdentity(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the "
            "token request"
        )
    return found[0]


def _is_named(identity: Principal, kind: str, value: str) -> bool:
    return str(getattr(identity, kind)).lower() == value.lower()


def secret_of(key: bytes) -> str:
    """What the developer shows: it follows from the account's key, and the key does not follow from it."""
    return hmac.digest(key, b"identity", "sha256").hex()


def header_of(key: bytes, pool: str, node: str) -> str:
    """What the tasks of a node show."""
    mark = hmac.digest(key, f"identity\n{pool.lower()}\n{node.lower()}".encode(), hashlib.sha256).hex()
    return f"{pool}/{node}/{mark}"


def node_of(key: bytes, header: str) -> tuple[str, str] | None:
    """(pool, node) of the task that shows this; None if it is not one of ours."""
    pool, _, rest = header.partition("/")
    node = rest.partition("/")[0]
    return (pool, node) if hmac.compare_digest(header.encode(), header_of(key, pool, node).encode()) else None
