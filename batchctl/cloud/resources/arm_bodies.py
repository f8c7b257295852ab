"""A pool as Azure Resource Manager has it (REST: Microsoft.Batch/batchAccounts/pools, 2025-06-01), made of what Batch
itself takes: other names, other places, and words of enumerations in capitals. Pure."""

from typing import Any

Json = dict[str, Any]

NAMES = {
    "nodeAgentSKUId": "nodeAgentSkuId",
    "dynamicVNetAssignmentScope": "dynamicVnetAssignmentScope",
    "inboundNATPools": "inboundNatPools",
    "virtualMachineImageId": "id",
}
NAMES_BELOW = {("userIdentity", "username"): "userName", ("cifsMountConfiguration", "username"): "userName"}
"""Names that only some objects have in another form, by the property that holds these."""

WORDS = {
    "access": ("Allow", "Deny"),
    "caching": ("None", "ReadOnly", "ReadWrite"),
    "elevationLevel": ("NonAdmin", "Admin"),
    "jobDefaultOrder": ("None", "CreationTime"),
    "loginMode": ("Batch", "Interactive"),
    "nodeFillType": ("Spread", "Pack"),
    "placement": ("CacheDisk",),
    "policy": ("Regional", "Zonal"),
    "protocol": ("TCP", "UDP"),
    "provision": ("BatchManaged", "UserManaged", "NoPublicIPAddresses"),
    "scope": ("Task", "Pool"),
    "securityType": ("trustedLaunch", "confidentialVM"),
    "storageAccountType": ("Standard_LRS", "Premium_LRS", "StandardSSD_LRS"),
    "targets": ("OsDisk", "TemporaryDisk"),
    "type": ("DockerCompatible", "CriCompatible"),
    "workingDirectory": ("TaskWorkingDirectory", "ContainerImageDefault"),
}
"""The words that a property has there; one that is none of these stays as it is."""

FREE = frozenset({"settings", "protectedSettings"})
"""What nobody looks into."""

ELSEWHERE = frozenset(
    {
        "id",
        "identity",
        "virtualMachineConfiguration",
        "applicationPackageReferences",
        "enableInterNodeCommunication",
        "enableAutoScale",
        "autoScaleFormula",
        "autoScaleEvaluationInterval",
        "targetDedicatedNodes",
        "targetLowPriorityNodes",
        "resizeTimeout",
    }
)
"""What has another place, or another form."""


def arm_pool(body: Json, account: str) -> Json:
    """`account`: the resource id of the Batch account, which applications are named by."""
    properties = {name: value for name, value in body.items() if name not in ELSEWHERE}
    meets = body.get("enableInterNodeCommunication")
    packages = body.get("applicationPackageReferences")
    properties |= {
        "deploymentConfiguration": {"virtualMachineConfiguration": body.get("virtualMachineConfiguration")},
        "scaleSettings": _scale_settings(body),
        "interNodeCommunication": None if meets is None else "Enabled" if meets else "Disabled",
        "applicationPackages": None if packages is None else [_package(one, account) for one in packages],
    }
    said = {name: _spelled(value, name) for name, value in properties.items() if value is not None}
    return {**arm_identity(body["identity"]), "properties": said}


def arm_identity(identity: Json) -> Json:
    """The identity of a pool, beside its properties."""
    named: Json = {one["resourceId"]: {} for one in identity.get("userAssignedIdentities", ())}
    return {"identity": {"type": identity["type"], **({"userAssignedIdentities": named} if named else {})}}


def _scale_settings(body: Json) -> Json:
    if body.get("enableAutoScale"):
        said = {"formula": body.get("autoScaleFormula"), "evaluationInterval": body.get("autoScaleEvaluationInterval")}
        return {"autoScale": _without_none(said)}
    names = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    return {"fixedScale": _without_none({name: body.get(name) for name in names})}


def _without_none(said: Json) -> Json:
    return {name: value for name, value in said.items() if value is not None}


def _package(reference: Json, account: str) -> Json:
    rest = {name: value for name, value in reference.items() if name != "applicationId"}
    return {"id": f"{account}/applications/{reference['applicationId']}", **rest}


def _spelled(value: Any, name: str) -> Any:
    """What stands under that name, in the words that are used there."""
    match value:
        case dict() if name in FREE:
            return value
        case dict():
            return {
                NAMES_BELOW.get((name, inner)) or NAMES.get(inner, inner): _spelled(below, inner)
                for inner, below in value.items()
            }
        case list():
            return [_spelled(one, name) for one in value]
        case str():
            return next((word for word in WORDS.get(name, ()) if word.lower() == value.lower()), value)
        case _:
            return value
