"""A spec's `identity:` goes wherever one opens something that nothing else does. Pure.

It is given when digests are taken: how access is granted says nothing of what a task does.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, cast, get_type_hints

from batchctl.configurations import ContainerRegistry, IdentityReference
from batchctl.machines import (
    AzureBlobFileSystemConfiguration,
    CustomerManagedKey,
    PoolIdentity,
    UserAssignedIdentity,
)
from batchctl.resources import Pool
from batchctl.rest import member_of, without_none
from batchctl.work import KeptStreams, OutputFile, ResourceFile


def _is_unsigned(url: str | None) -> bool:
    return url is not None and "?" not in url


OPENED: Mapping[type, Callable[[Any], bool]] = {
    ResourceFile: lambda file: file.container is not None or _is_unsigned(file.storage_container_url),
    OutputFile: lambda file: file.container_url is None or _is_unsigned(file.container_url),
    KeptStreams: lambda _streams: True,
    ContainerRegistry: lambda registry: registry.username is None,
    CustomerManagedKey: lambda _key: True,
    AzureBlobFileSystemConfiguration: lambda mount: mount.account_key is None and mount.sas_key is None,
}
"""What an identity opens, unless something else does. Any other address may be open to all."""


def with_identity(resource: Any, reference: IdentityReference) -> Any:
    """The resource reached by the identity; a pool has it."""
    opened = _opened(resource, reference)
    return replace(opened, identity=_with_own(opened.identity, reference)) if isinstance(opened, Pool) else opened


def _with_own(identity: PoolIdentity | None, reference: IdentityReference) -> PoolIdentity:
    own = UserAssignedIdentity(resource_id=reference.resource_id)
    named = identity.user_assigned_identities if identity else ()
    if any(one.resource_id.lower() == own.resource_id.lower() for one in named):
        return identity or PoolIdentity()
    return PoolIdentity(user_assigned_identities=(*named, own))


def _opened(value: Any, reference: IdentityReference) -> Any:
    if isinstance(value, tuple):
        return tuple(_opened(one, reference) for one in value)
    cls: Any = type(value)
    inner = {name: getattr(value, name) for name in _ways(cls)}
    given = {name: _opened(one, reference) for name, one in inner.items() if one}
    opens = OPENED.get(cls)
    if opens and value.identity_reference is None and opens(value):
        given["identity_reference"] = reference
    return replace(value, **given) if given else value


@cache
def _ways(cls: Any) -> tuple[str, ...]:
    """The fields of a class below which something may be opened."""
    hints = get_type_hints(cls)
    return tuple(f.name for f in fields(cls) if _leads(without_none(hints[f.name])))


def _leads(kind: Any) -> bool:
    inner = member_of(kind) or kind
    return inner in OPENED or (is_dataclass(inner) and bool(_ways(cast("Any", inner))))
