"""The bodies of pools and nodes, property by property (API 2025-06-01, and what 2026-10-01 adds)."""

from typing import Any

from batchctl.emulator.refusals import bad_value
from batchctl.emulator.wire.checks import (
    Gone,
    Json,
    Need,
    Or,
    Props,
    Shape,
    dictionary,
    flag,
    ident,
    lower,
    many,
    moment,
    number,
    span,
    text,
    word,
)
from batchctl.emulator.wire.machine_bodies import (
    CERTIFICATES,
    MOUNTS,
    NETWORK,
    SERVICE,
    UPGRADE,
    USERS,
    VM_CONFIGURATION,
)
from batchctl.emulator.wire.task_bodies import IDENTITY, METADATA, PACKAGES, START_TASK

SCHEDULING = Shape(
    "TaskSchedulingPolicy", jobDefaultOrder=word("none", "creationtime"), nodeFillType=Need(word("Spread", "Pack"))
)

_SLOTS = number(1, 256)
_RESIZE_TIMEOUT = span("PT5M", "P7D")
_INTERVAL = span("PT5M", "PT168H")
_FORMULA = text()

# Older versions of the API send these beside; they are kept and have no meaning here.
_OLD: Props = {
    "certificateReferences": CERTIFICATES,
    "targetNodeCommunicationMode": word("default", "classic", "simplified"),
}

_SPECIFICATION: Props = {
    "displayName": text(1024),
    "vmSize": Need(lower(text(least=1))),  # `mix` with vmSkuProfile
    "virtualMachineConfiguration": VM_CONFIGURATION,
    "resizeTimeout": Or(_RESIZE_TIMEOUT, "PT15M"),
    "targetDedicatedNodes": Or(number(0), 0),
    "targetLowPriorityNodes": Or(number(0), 0),
    "targetDedicated": Gone(number(0)),
    "enableAutoScale": Or(flag, False),
    "autoScaleFormula": _FORMULA,
    "autoScaleEvaluationInterval": _INTERVAL,
    "enableInterNodeCommunication": Or(flag, False),
    "networkConfiguration": NETWORK,
    "startTask": START_TASK,
    "applicationPackageReferences": PACKAGES,
    "applicationLicenses": many(text()),
    "taskSlotsPerNode": Or(_SLOTS, 1),
    "taskSchedulingPolicy": Or(SCHEDULING, {"nodeFillType": "Spread"}),
    "userAccounts": USERS,
    "metadata": METADATA,
    "mountConfiguration": MOUNTS,
    "upgradePolicy": UPGRADE,
    "cloudServiceConfiguration": SERVICE,
    "resourceTags": dictionary,
    **_OLD,
}
POOL_IDENTITY = Shape(
    "BatchPoolIdentity",
    type=Need(word("UserAssigned", "None")),
    userAssignedIdentities=many(
        Shape("UserAssignedIdentity", resourceId=Need(text(least=1)), clientId=text(), principalId=text())
    ),
)
"""What Azure Resource Manager alone gives a pool, and this service takes as a property like any: with the ids that an
identity has in Azure, for who would use them here, or with its name alone."""
SKU_PROFILE = Shape(
    "VirtualMachineSkuProfile",
    vmSizes=many(Shape("VirtualMachineSkuProfileVmSize", name=Need(text(least=1)), rank=number(0, 2**31 - 1)), 5),
    allocationStrategy=Or(word("lowestPrice", "capacityOptimized", "prioritized"), "lowestPrice"),
)
POOL = Shape("Pool", id=Need(ident), identity=POOL_IDENTITY, vmSkuProfile=SKU_PROFILE, **_SPECIFICATION)


def POOL_SPECIFICATION(value: Any, path: str) -> Json:  # noqa: N802 - a check, as its neighbours
    """A pool that a job brings along: customized sizes are not for it (REST: VirtualMachineConfiguration)."""
    found = _POOL_SPECIFICATION(value, path)
    if "hardwareProfile" in found.get("virtualMachineConfiguration", {}):
        raise bad_value(f"{path}.virtualMachineConfiguration.hardwareProfile", "", "not supported for auto pools")
    return found


_POOL_SPECIFICATION = Shape("PoolSpecification", **_SPECIFICATION)
POOL_PATCH = Shape(
    "PoolPatchParameters",
    displayName=text(1024),
    vmSize=lower(text(least=1)),
    enableInterNodeCommunication=flag,
    startTask=START_TASK,
    applicationPackageReferences=PACKAGES,
    metadata=METADATA,
    virtualMachineConfiguration=VM_CONFIGURATION,
    vmSkuProfile=SKU_PROFILE,
    taskSlotsPerNode=_SLOTS,
    taskSchedulingPolicy=SCHEDULING,
    networkConfiguration=NETWORK,
    userAccounts=USERS,
    mountConfiguration=MOUNTS,
    upgradePolicy=UPGRADE,
    resourceTags=dictionary,
    identity=POOL_IDENTITY,
    **_OLD,
)
POOL_PROPERTIES = Shape(
    "PoolUpdatePropertiesParameters",
    startTask=START_TASK,
    applicationPackageReferences=Need(PACKAGES),
    metadata=Need(METADATA),
    **_OLD,
)
DEALLOCATION = word("requeue", "terminate", "taskcompletion", "retaineddata")
RESIZE = Shape(
    "PoolResizeParameters",
    targetDedicatedNodes=number(0),
    targetLowPriorityNodes=number(0),
    resizeTimeout=Or(_RESIZE_TIMEOUT, "PT15M"),
    nodeDeallocationOption=Or(DEALLOCATION, "requeue"),
)
REMOVE_NODES = Shape(
    "NodeRemoveParameters",
    nodeList=Need(many(text(), 100)),
    resizeTimeout=Or(_RESIZE_TIMEOUT, "PT15M"),
    nodeDeallocationOption=Or(DEALLOCATION, "requeue"),
)
ENABLE_AUTOSCALE = Shape(
    "PoolEnableAutoScaleParameters", autoScaleFormula=_FORMULA, autoScaleEvaluationInterval=_INTERVAL
)
EVALUATE_AUTOSCALE = Shape("PoolEvaluateAutoScaleParameters", autoScaleFormula=Need(_FORMULA))

REBOOT = Shape("NodeRebootParameters", nodeRebootOption=Or(DEALLOCATION, "requeue"))
REIMAGE = Shape("NodeReimageParameters", nodeReimageOption=Or(DEALLOCATION, "requeue"))
DEALLOCATE = Shape("NodeDeallocateParameters", nodeDeallocateOption=Or(DEALLOCATION, "requeue"))
DISABLE_SCHEDULING = Shape(
    "NodeDisableSchedulingParameters",
    nodeDisableSchedulingOption=Or(word("requeue", "terminate", "taskcompletion"), "requeue"),
)
NODE_USER = Shape(
    "ComputeNodeUser",
    name=Need(text(20, 1)),
    isAdmin=Or(flag, False),
    expiryTime=moment,
    password=text(),
    sshPublicKey=text(),
)
NODE_USER_UPDATE = Shape("NodeUpdateUserParameters", password=text(), expiryTime=moment, sshPublicKey=text())
UPLOAD_LOGS = Shape(
    "UploadBatchServiceLogsConfiguration",
    containerUrl=Need(text()),
    startTime=Need(moment),
    endTime=moment,
    identityReference=IDENTITY,
)
