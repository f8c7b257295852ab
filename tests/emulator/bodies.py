"""Bodies of the SDK's models with every property set, and what of them must come back."""

import contextlib
import datetime
import enum
import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

import isodate
from azure.batch import models

MOMENT = datetime.datetime(2030, 1, 2, 3, 4, 5, 123456, tzinfo=datetime.UTC)
PLAIN: dict[Any, Any] = {
    bool: True,
    int: 1,
    float: 1.5,
    datetime.datetime: MOMENT,
    datetime.timedelta: datetime.timedelta(minutes=10),
}
IMAGE_ID = "/subscriptions/0/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0"
# Properties that have rules of their own, by model and name.
RULED: dict[tuple[str, str], Any] = {
    ("BatchInboundNatPool", "frontend_port_range_start"): 15000,
    ("BatchInboundNatPool", "frontend_port_range_end"): 15100,
    ("NetworkSecurityGroupRule", "priority"): 150,
    ("NetworkSecurityGroupRule", "source_port_ranges"): ["*", "22"],
    ("NetworkSecurityGroupRule", "source_address_prefix"): "10.0.0.0/8",
    ("BatchPoolCreateOptions", "vm_size"): "Standard_D2s_v5",
    ("BatchPoolSpecification", "vm_size"): "Standard_D2s_v5",
    ("UserAccount", "name"): "somebody",
    ("BatchPublicIpAddressConfiguration", "ip_families"): ["IPv4", "IPv6"],
    ("BatchAutoPoolSpecification", "auto_pool_id_prefix"): "auto",
    ("BatchPoolSpecification", "target_dedicated_nodes"): 0,
    ("BatchPoolSpecification", "target_low_priority_nodes"): 0,
    ("BatchPoolCreateOptions", "target_dedicated_nodes"): 0,
    ("BatchPoolCreateOptions", "target_low_priority_nodes"): 0,
    ("RollingUpgradePolicy", "max_batch_instance_percent"): 20,
    ("RollingUpgradePolicy", "max_unhealthy_instance_percent"): 20,
    ("BatchVmImageReference", "virtual_machine_image_id"): IMAGE_ID,
    ("ResourceFile", "file_mode"): "0755",
    ("BatchTaskIdRange", "end"): 3,
    ("ExitCodeRangeMapping", "end"): 3,
    ("BatchJobManagerTask", "id"): "manager",
    ("BatchJobPreparationTask", "id"): "preparation",
    ("BatchJobReleaseTask", "id"): "release",
    ("BatchJobScheduleConfiguration", "do_not_run_after"): MOMENT + datetime.timedelta(days=1),
}
# Properties that exclude others, or that name what an account without applications and identities cannot have.
LEFT_OUT = {
    ("DiskEncryptionConfiguration", "customer_managed_key"),
    ("BatchPoolInfo", "auto_pool_specification"),
    ("ResourceFile", "storage_container_url"),
    ("ResourceFile", "auto_storage_container_name"),
    ("ResourceFile", "blob_prefix"),
    ("UserIdentity", "username"),
    ("BatchVmImageReference", "publisher"),
    ("BatchVmImageReference", "offer"),
    ("BatchVmImageReference", "sku"),
    ("BatchVmImageReference", "shared_gallery_image_id"),
    ("BatchVmImageReference", "community_gallery_image_id"),
} | {
    (pool, name)
    for pool in ("BatchPoolCreateOptions", "BatchPoolSpecification")
    for name in ("enable_auto_scale", "auto_scale_formula", "auto_scale_evaluation_interval")
}
PACKAGES = "application_package_references"
SECRETS = frozenset({"password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"})
"""What goes in and never comes out, wherever it stands."""


SPELLED = frozenset({"vmSize", "nodeFillType", "policy", "caching", "securityType", "provision", "uploadCondition"})
"""What comes back in letters of the service's own (tests/emulator/test_spelling.py)."""


def settable(model: type) -> dict[str, Any]:
    """The properties of a model that a request can carry, with their types."""
    found = {}
    for parent in reversed(model.__mro__):
        for name, field in vars(parent).items():
            if type(field).__name__ == "_RestField" and field._visibility != ["read"]:
                found[name] = parent.__annotations__[name]
    return found


def full(model: type, **given: Any) -> Any:
    """A model with every property that it may have at once; `given` overrules."""
    wanted = {name: value(model.__name__, name, kind) for name, kind in settable(model).items()}
    return model(**{name: one for name, one in {**wanted, **given}.items() if one is not None})


def value(model: str, name: str, kind: Any) -> Any:
    """A value for a property of that type; None for one that is left out."""
    if name == PACKAGES or (model, name) in LEFT_OUT:
        return None
    if (model, name) in RULED:
        return RULED[model, name]
    kind = _resolved(kind)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        kinds = [one for one in typing.get_args(kind) if one not in (str, types.NoneType)] or [str]
        return value(model, name, kinds[0])
    if origin is list:
        return [value(model, name, typing.get_args(kind)[0])]
    if origin is dict:
        return {"one": "two"}
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return list(kind)[-1]
    return PLAIN[kind] if kind in PLAIN else f"a-{name}" if kind is str else full(kind)


def _resolved(kind: Any) -> Any:
    """A type for its name."""
    name = kind.__forward_arg__ if isinstance(kind, typing.ForwardRef) else kind
    if not isinstance(name, str):
        return kind
    return eval(name.replace("_models.", ""), {**vars(typing), **vars(models), "datetime": datetime})


def lost(asked: Any, found: Any, path: str = "") -> Iterator[str]:
    """What was asked and did not come back unchanged; the service may add, and hides secrets."""
    if isinstance(asked, dict) and isinstance(found, dict):
        for name, one in asked.items():
            if name in SECRETS or (name == "applicationPackageReferences" and one == []):
                yield from [f"{path}.{name} was given back"] * (name in found)
            elif name in SPELLED and name in found:
                yield from lost(one.lower(), found[name].lower(), f"{path}.{name}")
            else:
                yield from lost(one, found.get(name), f"{path}.{name}")
    elif isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        for index, (one, other) in enumerate(zip(asked, found, strict=True)):
            yield from lost(one, other, f"{path}[{index}]")
    elif plain(asked) != plain(found):
        yield f"{path}: {asked!r} became {found!r}"


def plain(found: Any) -> Any:
    """The value; of a text that is a duration or a time, what it says however it is written."""
    if not isinstance(found, str):
        return found
    for read in (isodate.parse_duration, isodate.parse_datetime):
        with contextlib.suppress(ValueError, isodate.ISO8601Error):
            return read(found)
    return found
